"""The target as it is kept in a run's folder: what was checked, without what opens anything. Pure.

A run is judged from its folder alone, now and years later, so that whoever is handed the folder comes to the same
result. What judgements need stays: names, addresses, markers, times. What they do not need goes: passwords, tokens,
the values of headers and forms, commands. A secret that has a name is replaced by that name, as in the snapshots.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from roomgate.checks.recorder import Masks
from roomgate.checks.target import (
    Account,
    Authorisation,
    Cause,
    Channel,
    Device,
    Link,
    Permitted,
    Site,
    Target,
    TargetTable,
)
from roomgate.errors import BadInput

HIDDEN = "‹hidden›"
# Keys whose values open something, wherever in the file they stand.
_OPENING = (
    "password", "passphrase", "passwd", "secret", "token", "credential", "authorization", "cookie", "api_key", "apikey",
    "private_key", "code",
)  # fmt: skip
_ALL_OF = ("headers", "json", "form", "values")  # of these every value goes, whatever its key
_KEPT_KEYS = ("password_file", "token_file", "wrong_passwords")  # names of files, and a switch


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    target: TargetTable
    authorisation: Authorisation
    permitted: Permitted = Permitted()
    links: tuple[Link, ...] = ()
    accounts: tuple[Account, ...] = ()
    channels: tuple[Channel, ...] = ()
    causes: tuple[Cause, ...] = ()
    device: Device = Device()
    site: Site = Site()
    options: dict[str, Any] = {}


def encode_target(target: Target) -> bytes:
    """The form that is kept: JSON, indented for people."""
    options = {id: msgspec.to_builtins(one) for id, one in target.options.items()}
    whole = _Kept(
        target=target.about, authorisation=target.authorisation, permitted=target.permitted, links=target.links,
        accounts=target.accounts, channels=target.channels, causes=target.causes, device=target.device,
        site=target.site, options=options,
    )  # fmt: skip
    plain = Masks(target.secrets).clean_all(msgspec.to_builtins(whole))
    return msgspec.json.format(msgspec.json.encode(_without(plain)), indent=1) + b"\n"


def decode_target(raw: bytes, options: Mapping[str, type[msgspec.Struct]]) -> Target:
    """The inverse, as far as anything is left of it; ``options`` as for `parse_target`. Raises BadInput."""
    try:
        kept = msgspec.json.decode(raw, type=_Kept)
        own = {id: msgspec.convert(one, options[id]) for id, one in kept.options.items() if id in options}
    except (msgspec.MsgspecError, RecursionError) as bad:
        raise BadInput(f"This is no kept target: {bad}") from bad
    return Target(
        kept.target, kept.authorisation, kept.permitted, kept.links, kept.accounts, kept.channels, kept.causes,
        kept.device, kept.site, own, Path(),
    )  # fmt: skip


def _without(value: Any, key: str = "") -> Any:
    match value:
        case dict() if key in _ALL_OF:
            return {name: _hidden(one) for name, one in value.items()}
        case dict():
            return {name: _without(one, str(name)) for name, one in value.items()}
        case list() | tuple() if key in _ALL_OF:
            return _hidden(value)
        case list() | tuple() if key == "command":
            return [*value[:1], *[HIDDEN] * len(value[1:])]
        case list() | tuple():
            return [_without(one, key) for one in value]
        case str() if value and key not in _KEPT_KEYS and any(word in key.lower() for word in _OPENING):
            return _hidden(value)
        case _:
            return value


def _hidden(value: Any) -> Any:
    """Its shape, with nothing in it; a placeholder or a masked secret's name gives nothing away."""
    match value:
        case dict():
            return {name: _hidden(one) for name, one in value.items()}
        case list() | tuple():
            return [_hidden(one) for one in value]
        case str():
            named = value[:1] + value[-1:] in ("{}", "‹›") and not set("{}‹›") & set(value[1:-1])
            return value if named or not value else HIDDEN
        case _:
            return value
