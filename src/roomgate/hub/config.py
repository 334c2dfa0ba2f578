"""The hub's configuration: one frozen struct, checked whole."""

import difflib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from roomgate.access.capability import Capability
from roomgate.access.principal import ROLES, STRONG, Right
from roomgate.errors import BadInput
from roomgate.hub.identity.oidc import provider
from roomgate.hub.identity.oidc.provider import Provider
from roomgate.hub.identity.passwords import Argon2
from roomgate.metrics.listener import listen_complaint


class BadConfig(BadInput):
    """The configuration has mistakes: all of them, a line each."""

    code = "config.bad"
    hint = "Correct every line that is named, then start again."

    def __init__(self, complaints: list[str]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = complaints


class HubConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Keys are the same in the TOML file and, as ``ROOMGATE_HUB_…``, in the environment. Seconds end in _s."""

    data: str  # the data folder: database, keys
    listen_host: str = "127.0.0.1"  # the address to listen at
    listen_port: int = 8443  # 0 takes a free one
    public_url: str = ""  # how people reach it; https://HOST:PORT of the listener if empty
    certificate: str = ""  # PEM file of the server's certificate, with its chain
    certificate_key: str = ""  # PEM file of its key
    ca: str = ""  # PEM file of the authority, for people and connectors to trust; shown, not used
    database_url: str = ""  # sqlite:///…; a file in the data folder if empty
    witness_url: str = ""  # https://…; the hub's checkpoints are then co-signed there
    witness_key: str = ""  # the witness's key, as name+id+key
    witness_ca: str = ""  # PEM file, where the witness's certificate is not from a public authority
    web_idle_s: float = 15 * 60  # how long a sign-in lasts without a request
    web_absolute_s: float = 12 * 3600  # and how long at all
    second_person: tuple[str, ...] = ()  # capabilities that nobody gives themself: somebody else approves
    group_roles: dict[str, list[str]] = {}  # roles that a directory's groups give, by the group's name
    argon2_time_cost: int = 3  # rounds for each password hash
    argon2_memory_kib: int = 65536  # memory for each
    argon2_parallelism: int = 4  # lanes for each
    alert_after_s: float = 120  # how long a room or a connector is away before an alert tells of it
    metrics_listen: str = ""  # HOST:PORT where Prometheus may read the hub's figures, such as 127.0.0.1:9464
    metrics_allow_remote: bool = False  # whether metrics_listen may be another address than this machine's own
    metrics_rooms: bool = False  # whether the figures name the rooms
    alert_hosts: tuple[str, ...] = ()  # hosts of one's own network that alerts may be sent to

    providers: tuple[Provider, ...] = ()  # identity providers, each a table `[[providers]]`

    @property
    def argon2(self) -> Argon2:
        return Argon2(self.argon2_time_cost, self.argon2_memory_kib, self.argon2_parallelism)

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{Path(self.data).absolute() / 'hub.db'}"

    @property
    def keys(self) -> Path:
        return Path(self.data) / "keys"


_KEYS = {field.name: field for field in msgspec.structs.fields(HubConfig)}


def parse_config(values: Mapping[str, object]) -> HubConfig:
    """Check everything and build it; raises BadConfig with every complaint. Text from the environment is read."""
    complaints: list[str] = []
    good: dict[str, object] = {}
    for key, value in values.items():
        field = _KEYS.get(key)
        if field is None:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            complaints.append(f"{key}: there is no such key" + (f"; did you mean {near[0]}?" if near else "."))
            continue
        try:
            if field.type == tuple[str, ...] and isinstance(value, str):
                value = [word.strip() for word in value.split(",") if word.strip()]  # as the environment has a list
            good[key] = msgspec.convert(value, field.type, strict=not isinstance(value, str))
        except msgspec.ValidationError as bad:
            complaints.append(f"{key}: {bad}")
    if "data" not in values:
        complaints.append("data: the data folder must be given.")
    complaints += _complaints(good)
    if complaints:
        raise BadConfig(complaints)
    return msgspec.convert(good, HubConfig)


def _complaints(good: Mapping[str, object]) -> list[str]:
    """What is wrong with values that have the right type."""
    found = []

    def number(key: str, low: float, high: float) -> None:
        value = good.get(key)
        if isinstance(value, int | float) and not low <= value <= high:
            found.append(f"{key}: must be from {low:g} to {high:g}.")

    number("listen_port", 0, 65535)
    number("web_idle_s", 10, 24 * 3600)
    number("web_absolute_s", 60, 31 * 24 * 3600)
    number("argon2_time_cost", 1, 20)
    number("argon2_memory_kib", 8, 4 * 1024 * 1024)
    number("argon2_parallelism", 1, 64)
    number("alert_after_s", 0, 24 * 3600)
    if listen := listen_complaint(str(good.get("metrics_listen", "")), bool(good.get("metrics_allow_remote"))):
        found.append(listen)
    found += _group_complaints(good.get("group_roles", {}))
    if not good.get("data", "."):
        found.append("data: must not be empty.")
    for key in ("public_url", "witness_url"):
        url = good.get(key)
        if url and not str(url).startswith("https://"):
            found.append(f"{key}: must begin with https://.")
    if (url := good.get("database_url")) and not str(url).startswith("sqlite:///"):
        found.append("database_url: must begin with sqlite:///.")
    named = good.get("second_person")
    for word in named if isinstance(named, tuple) else ():
        if word not in {one.value for one in Capability}:
            found.append(f"second_person: there is no capability {word[:80]}.")
    if bool(good.get("certificate")) != bool(good.get("certificate_key")):
        found.append("certificate, certificate_key: give both or neither.")
    if bool(good.get("witness_url")) != bool(good.get("witness_key")):
        found.append("witness_url, witness_key: give both or neither.")
    providers = good.get("providers")
    if isinstance(providers, tuple) and providers:
        found += provider.complaints(providers)
        if not good.get("public_url"):
            found.append("providers, public_url: providers lead people back to it, so it must be given.")
    return found


def _group_complaints(group_roles: object) -> list[str]:
    """A directory gives no role with which its token could make itself at home."""
    found = []
    assert isinstance(group_roles, dict)
    for group, roles in group_roles.items():
        for role in roles:
            if role not in ROLES:
                found.append(f"group_roles: {group}: there is no role {role}.")
            elif ROLES[role] & (STRONG | {Right.PROVISION}):
                found.append(f"group_roles: {group}: {role} is given by hand alone.")
    return found
