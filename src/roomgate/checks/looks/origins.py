"""Whose pages may open a WebSocket: each one is opened as pages of several origins would have a browser open it.

Only what a browser sends by itself goes along: cookies. A token in a header, an address or a first message is not
something that a stranger's page has.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx

from roomgate.checks.declared import Look, Tier
from roomgate.checks.kit import Kit
from roomgate.checks.live import converse, origin_of
from roomgate.checks.served import Known, Manner, is_heartbeat, manner_of_text
from roomgate.checks.snapshot import Frame
from roomgate.checks.sockets import socket_url
from roomgate.checks.target import Ask, Channel, Target, filled, is_inside
from roomgate.checks.web import CannotSignIn, Session

OWN, FULL, STRANGER = "own", "full", "stranger"
STRANGE = ("evil", "look-alike", "null")
NEAR = ("sub-domain", "other port")
NONE = "none"
SOCKET, NOT_ASKED, PAGE = "socket", "not-asked", "page"
LISTEN_S = 3.0
_FOUND_MOST = 3
_SCRIPTS_MOST = 4
_SECRETS = ("token", "password")
_WRITTEN = re.compile(r"wss?://[^\s\"'`<>\\)]{3,200}|new\s+WebSocket\(\s*[\"'`]([^\"'`]{1,200})[\"'`]")
_SCRIPT = re.compile(r"(?i)<script[^>]{0,500}\bsrc\s*=\s*[\"']?([^\"'\s>]{1,300})")


@dataclass(frozen=True, slots=True)
class Door:
    """A WebSocket as its page opens it, and what goes along by itself (``ambient``) or in all (``full``)."""

    channel: Channel
    origin: str
    full: Session
    ambient: Session

    def url(self, session: Session) -> str:
        return socket_url(filled(self.channel.request.url, session.values))

    def send(self, session: Session) -> str:
        """What it is sent; nothing where that holds what this session has not."""
        text = filled(self.channel.send, session.values)
        return "" if _wants_secret(text) else text


async def _run(kit: Kit) -> None:
    doors = [await _declared(kit, channel) for channel in kit.target.channels if channel.kind == "websocket"]
    found = [door for door in doors if door is not None]
    if not doors:
        found = await _written(kit)
    for number, door in enumerate(found):
        kit.progress(door.channel.name, number / len(found))
        await _try(kit, door)


LOOK = Look("origins", Tier.ACCOUNTS, _run)


async def _declared(kit: Kit, channel: Channel) -> Door | None:
    account = channel.request.account or _whose(kit.target, channel)
    try:
        full = await kit.web.sign_in(account) if account else kit.web.fresh()
    except CannotSignIn as broken:
        kit.recorder.fact(NOT_ASKED, channel.name, fault=str(broken), subject=channel.name)
        return None
    given = {name.lower(): value for name, value in channel.request.headers.items()}
    return Door(channel, given.get("origin") or origin_of(kit.target.front), full, _ambient(full))


def _whose(target: Target, channel: Channel) -> str:
    """Who opens a channel that names nobody: somebody who is still let in, whose access no cause ends, if there is one."""
    watched = [
        cause.account
        for cause in target.causes
        if cause.account and (not cause.channels or channel.name in cause.channels)
    ]
    spent = {cause.account for cause in target.causes}
    able = [one for one in target.accounts if one.sign_in is not None and not one.wrong_passwords]
    lasting = [one.name for one in able if one.name not in spent]
    return next(iter([*lasting, *watched, *(one.name for one in able)]), "")


def _ambient(full: Session) -> Session:
    """What a browser sends by itself, whoever's page asks."""
    basic = {
        name: value
        for name, value in full.headers.items()
        if name.lower() == "authorization" and value.lower().startswith("basic ")
    }
    values = {name: value for name, value in full.values.items() if name not in _SECRETS}
    return Session(full.name, basic, httpx.Cookies(full.cookies), values)


def _wants_secret(text: str) -> bool:
    return any("{" + name + "}" in text for name in _SECRETS)


async def _written(kit: Kit) -> list[Door]:
    """The WebSockets that its pages and their scripts name."""
    account = next((one.name for one in kit.target.accounts if one.sign_in is not None), "")
    try:
        full = await kit.web.sign_in(account) if account else kit.web.fresh()
    except CannotSignIn:
        full = kit.web.fresh()
    urls = [kit.target.front, *(link.url for link in kit.target.links[:1])]
    found: dict[str, str] = {}
    scripts: list[str] = []
    for url in urls:
        page = await kit.web.get(url, PAGE, full, follow=3)
        scripts += [_joined(page.url, src) for src in _SCRIPT.findall(page.body)]
        found |= dict.fromkeys(sockets_in(page.body, page.url), page.url)
    known = [url for url in dict.fromkeys(scripts) if url and kit.addresses.knows(urlsplit(url).hostname or "")]
    for url in known[:_SCRIPTS_MOST]:
        if urlsplit(url).scheme in ("http", "https"):
            script = await kit.web.get(url, PAGE, full)
            found |= dict.fromkeys(sockets_in(script.body, urls[0]), urls[0])
    doors = []
    for address, page_url in list(found.items())[:_FOUND_MOST]:
        if not kit.addresses.knows(urlsplit(address).hostname or ""):
            kit.recorder.fact(NOT_ASKED, address, fault="its host is not permitted", subject=address)
            continue
        channel = Channel(name=address, kind="websocket", request=Ask(url=address))
        doors.append(Door(channel, origin_of(page_url), full, _ambient(full)))
    return doors


def sockets_in(text: str, base: str) -> list[str]:
    """The addresses of WebSockets that a page or a script names, as far as they are whole."""
    found = []
    for match in _WRITTEN.finditer(text):
        address = socket_url(_joined(base, match.group(1) or match.group(0)))
        if address.startswith(("ws:", "wss:")) and not set(address) & set("${}"):
            found.append(address)
    return list(dict.fromkeys(found))


def _joined(base: str, address: str) -> str:
    """Empty for what is no address, or names no host."""
    try:
        whole = urljoin(base, address)
        return whole if urlsplit(whole).hostname else ""
    except ValueError:
        return ""


def origins_of(own: str) -> dict[str, str]:
    """What other pages would send as their Origin, each by its name."""
    parts = urlsplit(own)
    host = parts.hostname or ""
    found = {
        "evil": "https://roomgate-check.invalid",
        "look-alike": f"{parts.scheme}://{host}.roomgate-check.invalid",
        "null": "null",
    }
    if not is_inside(host) and "." in host and not host.replace(".", "").isdigit() and ":" not in host:
        found["sub-domain"] = f"{parts.scheme}://roomgate-check.{host}"
    named = f"[{host}]" if ":" in host else host
    found["other port"] = f"{parts.scheme}://{named}:{8444 if parts.port == 8443 else 8443}"
    return found


async def _try(kit: Kit, door: Door) -> None:
    channel = door.channel
    secret = _wants_secret(channel.request.url)
    kit.recorder.fact(
        SOCKET, channel.name, {
            "url": channel.request.url, "expects": channel.expects or channel.request.expects, "origin": door.origin,
            "asked": bool(channel.send),
            "secret": secret, "shielded": shielded(door.ambient),
        }, subject=channel.name,
    )  # fmt: skip
    known = Known(expects=channel.expects or channel.request.expects)
    own = [] if secret else await _once(kit, door, OWN, door.origin, door.ambient, known)
    if not _serves(own, known):
        await _once(kit, door, FULL, door.origin, door.full, known, whole=True)
    if secret:
        return
    known.learning = False
    served = False
    for name, origin in origins_of(door.origin).items():
        seen = await _once(kit, door, name, origin, door.ambient, known)
        served = served or _serves(seen, known)
    await _once(kit, door, NONE, None, door.ambient, known)
    if served:
        await _once(kit, door, STRANGER, "https://roomgate-check.invalid", kit.web.fresh(STRANGER), known)


async def _once(
    kit: Kit, door: Door, label: str, origin: str | None, session: Session, known: Known, *, whole: bool = False
) -> list[Frame]:
    channel = door.channel
    given: Mapping[str, str] = {}
    protocols = [one for one in channel.subprotocols if not _wants_secret(one)]
    if whole:
        given = {
            name: filled(value, session.values)
            for name, value in channel.request.headers.items()
            if name.lower() != "origin"
        }
        protocols = [filled(one, session.values) for one in channel.subprotocols]
    frames = await converse(
        kit, door.url(session), label, origin=origin, session=session, subprotocols=protocols, subject=channel.name,
        send=door.send(session), listen_s=LISTEN_S, enough=lambda frame: serves(frame.text, known), given=given,
    )  # fmt: skip
    for frame in frames:
        if frame.way == "received" and serves(frame.text, known):
            known.learn(frame.text)
    return frames


def serves(text: str, known: Known) -> bool:
    """Whether a message is what the channel serves, and no mere heartbeat."""
    return (bool(known.expects) or not is_heartbeat(text)) and manner_of_text(text, known) is Manner.SERVED


def _serves(frames: list[Frame], known: Known) -> bool:
    return any(frame.way == "received" and serves(frame.text, known) for frame in frames)


def shielded(session: Session) -> bool:
    """Whether browsers keep every cookie of it from other sites' pages (SameSite Lax or Strict)."""
    kinds = []
    for cookie in session.cookies.jar:
        rest = {name.lower(): value for name, value in getattr(cookie, "_rest", {}).items()}
        kinds.append(str(rest.get("samesite") or "").lower())
    return bool(kinds) and not session.headers and all(kind in ("lax", "strict") for kind in kinds)
