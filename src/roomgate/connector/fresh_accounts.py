"""The passphrase of an account that somebody outside has made: nobody outside knows it, and nobody inside either.

Whoever asks for a new account gives an empty passphrase. An account without one would be an open door, and one that
the hub knows would be a password of the site's outside the site. So the connector puts one here that is written down
nowhere: the account opens nothing until an administrator sets it another at the device.
"""

import secrets
import string
from dataclasses import replace

from roomgate.xapi.call import Call, Verb

_ADD = ("UserManagement", "User", "Add")
_KINDS = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-_.+=")
_OF_EACH = 4  # the most that a device's password policy can ask for
_LENGTH = 64


def with_passphrase(call: Call) -> Call:
    """The call as the device gets it: a new account's empty passphrase is filled in."""
    if call.verb is not Verb.COMMAND or call.path.words != _ADD or call.argument("Passphrase"):
        return call
    kept = tuple(one for one in call.arguments if one[0] != "Passphrase")
    return replace(call, arguments=tuple(sorted((*kept, ("Passphrase", _passphrase())))))


def _passphrase() -> str:
    characters = [secrets.choice(kind) for kind in _KINDS for _ in range(_OF_EACH)]
    every = "".join(_KINDS)
    characters += [secrets.choice(every) for _ in range(_LENGTH - len(characters))]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)
