"""Pure: secrets are taken out of what is written down, and out of what a device answers."""

import json
from typing import Any

from roomgate.xapi.call import SECRET_ARGUMENTS, Call, Value, Verb
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

HIDDEN = "***"  # as a device shows its own passwords
# Leaves that open something although the schema does not hide them: a pairing token, meeting passwords.
_SECRET_NAMES = frozenset({"password", "passphrase", "hostkey", "guesttoken", "secret", "privatekey", "pin"})
_NODES = (dict, list)


def masked_call(call: Call, catalogue: Catalogue) -> Call:
    """The call as it may be written down. A body is replaced by its length: it can hold anything."""
    if not call.arguments and call.body is None:
        return call
    hide_all = call.verb is Verb.SET and any(leaf.masked for leaf in catalogue.leaves(call.path))

    def shown(name: str, value: Value) -> Value:
        return HIDDEN if hide_all or name in SECRET_ARGUMENTS or name.lower() in _SECRET_NAMES else value

    body = None if call.body is None else f"{len(call.body)} characters"
    return Call(call.verb, call.path, tuple((name, shown(name, value)) for name, value in call.arguments), body)


def masked_text(call: Call, catalogue: Catalogue) -> str:
    """The masked call in its canonical form, for the record and the table of asks."""
    return masked_call(call, catalogue).canonical().decode()


def read_masked(text: str) -> Call:
    """The call without its arguments, from what `masked_text` wrote: enough to judge its class anew."""
    verb, path, _, _ = json.loads(text)
    return Call(Verb(verb), Path.of(*path))


def mask_result(value: Any) -> Any:
    """An answer with the values of secret names hidden, whatever its shape."""
    if isinstance(value, dict):
        return {
            name: mask_result(one) if isinstance(one, _NODES) else _masked(name, one) for name, one in value.items()
        }
    if isinstance(value, list):
        return [mask_result(one) if isinstance(one, _NODES) else one for one in value]
    return value


def _masked(name: str, leaf: Any) -> Any:
    return HIDDEN if leaf and isinstance(leaf, str) and name.lower() in _SECRET_NAMES else leaf
