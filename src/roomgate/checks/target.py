"""The target file: what is checked, what was issued, what may be done to it. Pure: TOML text in, a Target out.

```toml
[target]
name = "Our connector, trial tenant"
urls = ["https://connector.example.com/"]

[authorisation]
text = "The owner of the service allows these checks from 1 to 12 December."
by = "Head of IT security"

[[links]]
url = "https://connector.example.com/d/7f3a91"
marker = "room-4711"
```

Everything else is in docs/guides/exposure-check.md. A check's own table stands under its id (``[K21]``) and is
described by the check. Strings of an `Ask` may hold placeholders: ``{user}``, ``{password}``, ``{token}`` and
``{name}`` of the account it is sent as, the account's other ``values``, and ``{link}``.
"""

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from roomgate.errors import BadInput, NotFound

T = TypeVar("T")
O = TypeVar("O", bound=msgspec.Struct)  # noqa: E741 (the options of a check)
DEFAULT_PER_SECOND = 2.0
MOST_PER_SECOND = 50.0


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Ask(_Table, frozen=True, kw_only=True):
    """One HTTP request. ``form`` and ``json`` make a body; ``account`` is whose sign-in goes with it ("": nobody's).

    ``carry``: the page at this address is fetched first, and the hidden fields of its form go along (tokens
    against forgery). ``page`` is the page with the form where that is another one: that of a button to sign out, or
    the one that leads on to an identity provider, whose form goes to ``url``. Redirects are gone along with.
    """

    url: str
    method: str = "GET"
    headers: dict[str, str] = {}
    json: Any = None
    form: dict[str, str] = {}
    account: str = ""
    carry: bool = False
    page: str = ""
    expects: str = ""  # text that a served answer holds; "": any 2xx


class Deed(_Table, frozen=True, kw_only=True):
    """Something that is changed at the target: by a request, by a command on this machine, or by the tester's hand.

    ``command`` is a program and its arguments, never a shell's line; what it prints is kept. ``say`` is what the
    tester is asked to do; without the other two, it is the only way, and needs ``--interactive``.
    """

    request: Ask | None = None
    command: tuple[str, ...] = ()
    say: str = ""
    within_s: float = 60.0  # how long it may take


class TargetTable(_Table, frozen=True, kw_only=True):
    name: str
    urls: tuple[str, ...]  # where people reach it; the first is the front page
    sign_in: str = ""  # its sign-in page, where the front page does not lead there
    ca: str = ""  # a file with the authority of a private certificate
    vendor_lifetime: str = ""  # how long links live, in the vendor's own words: printed beside K02


class Authorisation(_Table, frozen=True, kw_only=True):
    """Who allowed this, in writing. Printed on every report."""

    text: str
    by: str
    until: date | None = None  # the last day


class Permitted(_Table, frozen=True, kw_only=True):
    """``hosts`` beside those of the addresses in this file; ``inside``: private addresses that it may reach."""

    hosts: tuple[str, ...] = ()
    requests_per_second: float = DEFAULT_PER_SECOND
    room: str = ""  # the test room that intrusive checks may use
    callee: str = ""  # the address that it may call
    intrusive: bool = False  # nothing without --allow-intrusive as well


class Link(_Table, frozen=True, kw_only=True):
    """A device link as it was issued. ``marker``: text that only this device, or a page about it, shows."""

    url: str
    marker: str = ""
    name: str = ""
    account: str = ""  # whose sign-in the vendor says goes with it; "": the link is all there is
    reads: tuple[Ask, ...] = ()  # device-backed requests that its page makes, read only
    issued: datetime | None = None
    lifetime_s: float | None = None  # what it was issued for; None: nothing was said
    mail: str = ""  # a file: the message that it came in


class SignIn(_Table, frozen=True, kw_only=True):
    """How an account signs in: the request, and where the answer has a token (``token = "access_token"``), if any."""

    request: Ask
    token: str = ""  # dotted path into the JSON answer
    header: str = "Authorization"
    scheme: str = "Bearer"


class Account(_Table, frozen=True, kw_only=True):
    """A test account. ``headers`` are sent with each of its requests; ``sign_in`` says how to sign in instead.

    ``wrong_passwords``: it may be locked out, so wrong passwords may be tried on it, and on it alone.
    """

    name: str
    role: str = "user"  # user, administrator
    user: str = ""
    password: str = ""
    password_file: str = ""
    token: str = ""
    token_file: str = ""
    values: dict[str, str] = {}
    headers: dict[str, str] = {}
    sign_in: SignIn | None = None
    wrong_passwords: bool = False


class Channel(_Table, frozen=True, kw_only=True):
    """A way in which somebody who is let in gets something from the device.

    ``kind``: request (asked again and again), long-poll, events (server-sent), websocket, download. ``send`` is
    what a websocket is sent each time, ``expects`` text that what is served holds.
    """

    name: str
    kind: str = "request"
    request: Ask
    send: str = ""
    expects: str = ""
    subprotocols: tuple[str, ...] = ()


class Cause(_Table, frozen=True, kw_only=True):
    """Something that must end access. Whose: ``account``, or ``link``. ``channels``: names; empty is all of them.

    ``kind``: admin-password, own-password, device-password, deleted, disabled, scim-disabled, role-removed,
    grant-removed, link-revoked, signed-out, session-ended, token-revoked, lock, expired, other.
    """

    name: str
    kind: str
    account: str = ""
    link: str = ""
    channels: tuple[str, ...] = ()
    deed: Deed = Deed()
    undo: Deed | None = None
    watch_s: float = 60.0  # how long it is watched afterwards
    within_s: float = 60.0  # later than this is too late


class Device(_Table, frozen=True, kw_only=True):
    """The device behind it, as its owner reaches it (site access)."""

    url: str = ""  # https://10.0.0.9
    certificate_sha256: str = ""  # of its certificate, hex
    ca: str = ""
    user: str = ""
    password: str = ""
    password_file: str = ""
    golden: str = ""  # a folder with the device's own pages as they were captured at the site


class Site(_Table, frozen=True, kw_only=True):
    """The network that the connector stands in (site access)."""

    connector: str = ""  # its address inside
    networks: tuple[str, ...] = ()


CAUSES = (
    "admin-password", "own-password", "device-password", "deleted", "disabled", "scim-disabled", "role-removed",
    "grant-removed", "link-revoked", "signed-out", "session-ended", "token-revoked", "lock", "expired", "other",
)  # fmt: skip
CHANNELS = ("request", "long-poll", "events", "websocket", "download")
_ONE: dict[str, type[msgspec.Struct]] = {
    "target": TargetTable, "authorisation": Authorisation, "permitted": Permitted, "device": Device, "site": Site,
}  # fmt: skip
_MANY: dict[str, type[msgspec.Struct]] = {"links": Link, "accounts": Account, "channels": Channel, "causes": Cause}


@dataclass(frozen=True, slots=True)
class Target:
    """What a run may look at, and with whose leave. ``base`` is the folder that its file names are relative to."""

    about: TargetTable
    authorisation: Authorisation
    permitted: Permitted = field(default_factory=Permitted)
    links: tuple[Link, ...] = ()
    accounts: tuple[Account, ...] = ()
    channels: tuple[Channel, ...] = ()
    causes: tuple[Cause, ...] = ()
    device: Device = field(default_factory=Device)
    site: Site = field(default_factory=Site)
    options: Mapping[str, msgspec.Struct] = field(default_factory=dict)
    base: Path = Path()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)  # what to mask: the secret, and its name

    @property
    def front(self) -> str:
        return self.about.urls[0]

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts that may be asked anything at all, lower case."""
        urls = [*self.about.urls, self.about.sign_in, *(link.url for link in self.links), self.device.url]
        urls += [url for ask in self.asks for url in (ask.url, ask.page)]
        named = {_host(url) for url in urls}
        return frozenset({*(host.lower() for host in named if host), *(h.lower() for h in self.permitted.hosts)})

    @property
    def asks(self) -> list[Ask]:
        """Every request that the file names."""
        asks = [read for link in self.links for read in link.reads]
        asks += [one.sign_in.request for one in self.accounts if one.sign_in is not None]
        asks += [one.request for one in self.channels]
        for cause in self.causes:
            asks += [deed.request for deed in (cause.deed, cause.undo) if deed is not None and deed.request is not None]
        for options in self.options.values():
            asks += _asks_in(options)
        return asks

    def account(self, name: str) -> Account:
        """Raises NotFound."""
        for one in self.accounts:
            if one.name == name:
                return one
        raise NotFound(f"The target file has no account {name}.")

    def link(self, name: str) -> Link:
        """By its name or its address; raises NotFound."""
        for one in self.links:
            if name in (one.name, one.url):
                return one
        raise NotFound(f"The target file has no link {name}.")

    def option(self, id: str, kind: type[O]) -> O | None:
        """A check's own table; None where the file has none."""
        found = self.options.get(id)
        return found if isinstance(found, kind) else None


def _host(url: str) -> str:
    """Nothing for an address that cannot be read, such as one with half a pair of brackets."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _asks_in(value: Any) -> list[Ask]:
    match value:
        case Ask():
            return [value]
        case msgspec.Struct():
            return [ask for name in value.__struct_fields__ for ask in _asks_in(getattr(value, name))]
        case list() | tuple():
            return [ask for one in value for ask in _asks_in(one)]
        case dict():
            return [ask for one in value.values() for ask in _asks_in(one)]
        case _:
            return []


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders replaced; what has no value stays as it is."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def filled_in(value: Any, values: Mapping[str, str]) -> Any:
    """The same through lists and tables."""
    match value:
        case str():
            return filled(value, values)
        case list() | tuple():
            return [filled_in(one, values) for one in value]
        case dict():
            return {filled(str(key), values): filled_in(one, values) for key, one in value.items()}
        case _:
            return value


def filled_ask(ask: Ask, values: Mapping[str, str]) -> Ask:
    """A request with the placeholders that a look has values for; those of an account stay for later."""
    return msgspec.structs.replace(
        ask, url=filled(ask.url, values), page=filled(ask.page, values), headers=filled_in(ask.headers, values), json=filled_in(ask.json, values),
        form=filled_in(ask.form, values),
    )  # fmt: skip


# ---- reading the file ------------------------------------------------------------------------------


def parse_target(text: str, base: Path, options: Mapping[str, type[msgspec.Struct]], read: Mapping[str, str]) -> Target:
    """Raises BadInput with every complaint, one a line.

    ``options`` are the tables that checks have of their own; ``read`` gives the contents of the secrets' files that
    `secret_files` names.
    """
    whole = _document(text)
    complaints: list[str] = []
    for name in whole.keys() - _ONE.keys() - _MANY.keys() - options.keys():
        complaints.append(f"[{name}]: there is no such table" + _meant(name, [*_ONE, *_MANY, *options]))
    one = {name: _convert(whole.get(name), kind, f"[{name}]", complaints) for name, kind in _ONE.items()}
    many = {name: _convert_all(whole.get(name, []), kind, name, complaints) for name, kind in _MANY.items()}
    own = {id: _convert(whole.get(id), kind, f"[{id}]", complaints) for id, kind in options.items() if id in whole}
    for name in ("target", "authorisation"):
        if name not in whole:
            complaints.append(f"[{name}]: is missing" + _WHY[name])
    if not complaints:
        accounts = tuple(_with_secrets(account, read) for account in many["accounts"])
        device = one["device"] or Device()
        if device.password_file:
            device = msgspec.structs.replace(device, password=read.get(device.password_file, "").strip())
        made = Target(
            one["target"], one["authorisation"], one["permitted"] or Permitted(), many["links"], accounts,
            many["channels"], many["causes"], device, one["site"] or Site(), own, base, _secrets(accounts, device),
        )  # fmt: skip
        complaints += _whole(made)
    if complaints:
        raise BadInput("\n".join(complaints), hint="`roomgate check init` asks for each of these, step by step.")
    return made


def secret_files(text: str) -> list[str]:
    """The names of the files with secrets that a target file has; raises BadInput for what is no TOML."""
    names = []
    whole = _document(text)
    tables = (
        [one for one in whole.get("accounts", []) if isinstance(one, dict)]
        if isinstance(whole.get("accounts", []), list)
        else []
    )
    if isinstance(whole.get("device"), dict):
        tables.append(whole["device"])
    for table in tables:
        names += [table[key] for key in ("password_file", "token_file") if isinstance(table.get(key), str)]
    return [name for name in names if name]


_WHY = {
    "target": ", with the name and urls of what is to be checked",
    "authorisation": ". Check only what its owner allowed you to, in writing: text, by, and until which day",
}


def _document(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as bad:
        raise BadInput(f"This is not TOML: {bad}.") from bad


def _convert(value: Any, kind: type[Any], where: str, complaints: list[str]) -> Any:
    if value is None:
        return None
    if isinstance(value, dict) and (unknown := [key for key in value if key not in kind.__struct_fields__]):
        known = kind.__struct_fields__
        complaints += [f"{where} {key}: there is no such key" + _meant(key, known) for key in unknown]
        return None
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as bad:
        complaints.append(f"{where}: {str(bad).replace('`', '')}")
        return None


def _convert_all(value: Any, kind: type[Any], name: str, complaints: list[str]) -> tuple[Any, ...]:
    if not isinstance(value, list):
        complaints.append(f"[[{name}]]: takes one table for each, with two brackets")
        return ()
    found = [_convert(one, kind, f"[[{name}]] {n}", complaints) for n, one in enumerate(value, 1)]
    return tuple(one for one in found if one is not None)


def _meant(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {close[0]}?" if close else f". There are {', '.join(known)}"


def _with_secrets(account: Account, read: Mapping[str, str]) -> Account:
    changes = {}
    if account.password_file:
        changes["password"] = read.get(account.password_file, "").strip()
    if account.token_file:
        changes["token"] = read.get(account.token_file, "").strip()
    return msgspec.structs.replace(account, **changes)


def _secrets(accounts: Sequence[Account], device: Device) -> dict[str, str]:
    found = {}
    for one in accounts:
        for what, value in (("password", one.password), ("token", one.token), *one.values.items()):
            if len(value) >= 4:
                found[value] = f"{what} of {one.name}"
    if len(device.password) >= 4:
        found[device.password] = "password of the device"
    return found


def _whole(target: Target) -> list[str]:
    """What only the whole shows to be wrong."""
    said: list[str] = []
    if not target.about.urls:
        said.append("[target] urls: at least one address is needed")
    urls = [("[target] urls", url) for url in target.about.urls]
    urls += [("[target] sign_in", target.about.sign_in)] if target.about.sign_in else []
    urls += [(f"[[links]] {n}", link.url) for n, link in enumerate(target.links, 1)]
    urls += [("[device]", target.device.url)] if target.device.url else []
    for where, url in urls:
        if not url.lower().startswith(("http://", "https://", "ws://", "wss://")) or not _host(url):
            said.append(f"{where}: {url} is no web address")
    if not 0 < target.permitted.requests_per_second <= MOST_PER_SECOND:
        said.append(f"[permitted] requests_per_second: between 0 and {MOST_PER_SECOND:.0f}")
    if target.permitted.intrusive and not target.permitted.room:
        said.append("[permitted] room: intrusive checks need the name of a test room")
    if not target.authorisation.text.strip() or not target.authorisation.by.strip():
        said.append("[authorisation]: text and by say who allowed this; neither can be empty")
    names = [one.name for one in target.accounts]
    said += [f"[[accounts]]: there are two named {name}" for name in {n for n in names if names.count(n) > 1}]
    for n, link in enumerate(target.links, 1):
        if link.account and link.account not in names:
            said.append(f"[[links]] {n} account: there is no account {link.account}")
    for n, channel in enumerate(target.channels, 1):
        if channel.kind not in CHANNELS:
            said.append(f"[[channels]] {n} kind: {channel.kind} is none of {', '.join(CHANNELS)}")
    known = {channel.name for channel in target.channels}
    for n, cause in enumerate(target.causes, 1):
        if cause.kind not in CAUSES:
            said.append(f"[[causes]] {n} kind: {cause.kind} is none of {', '.join(CAUSES)}")
        if cause.account and cause.account not in names:
            said.append(f"[[causes]] {n} account: there is no account {cause.account}")
        if cause.link and cause.link not in {key for link in target.links for key in (link.name, link.url)}:
            said.append(f"[[causes]] {n} link: there is no link {cause.link}")
        said += [f"[[causes]] {n} channels: there is no channel {one}" for one in cause.channels if one not in known]
    for ask in target.asks:
        if ask.account and ask.account not in names:
            said.append(f"{ask.url}: there is no account {ask.account}")
    return said


def overdue(target: Target, now: datetime) -> bool:
    """Whether the authorisation's last day is over, in UTC."""
    until = target.authorisation.until
    return until is not None and now.astimezone(UTC).date() > until


def is_inside(host: str) -> bool:
    """Whether a host is an address that only its own network reaches."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return not address.is_global
