"""REST: macros and panels of a room, their versions, and our light checks. It comes with the relay: each asks the room."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.types import ControllerRouterHandler

from roomgate.access.decision import Denied
from roomgate.clock import iso
from roomgate.errors import BadInput, Unreachable
from roomgate.hub.console.naming import people_names
from roomgate.hub.console.words import Words, choose
from roomgate.hub.extensions.service import Ask, LogLine, Text, check
from roomgate.hub.extensions.store import Version
from roomgate.hub.extensions.text import Finding, Kind, unified
from roomgate.hub.http.asking import Hub, IfMatch, Req, Who, give
from roomgate.hub.http.door import LANGUAGE_COOKIE
from roomgate.hub.identity.person import Signed
from roomgate.hub.parts import Parts
from roomgate.hub.relay.asked import Wish
from roomgate.hub.relay.http import RelayHere, raise_unless_done
from roomgate.hub.relay.parts import RelayParts
from roomgate.ids import RoomId

WITHIN_S = 20.0


class MacroListed(msgspec.Struct, frozen=True):
    """``active``: null where the device does not say."""

    name: str
    active: bool | None


class PanelListed(msgspec.Struct, frozen=True):
    name: str
    title: str
    place: str


class MacroList(msgspec.Struct, frozen=True):
    items: list[MacroListed]


class PanelList(msgspec.Struct, frozen=True):
    items: list[PanelListed]


class FindingShown(msgspec.Struct, frozen=True):
    """``kind``: bad where it cannot work, warn where it may not. ``words`` say it in English."""

    line: int
    column: int
    kind: str
    code: str
    about: str
    words: str


class TextShown(msgspec.Struct, frozen=True):
    """``digest`` is SHA-256 of the text, and its ETag: send it as If-Match with a change."""

    name: str
    text: str
    digest: str
    active: bool | None
    findings: list[FindingShown]


class NewText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``anyway``: save a macro that our check calls bad. A panel that cannot be read is never saved."""

    text: str
    anyway: bool = False


class ToCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``kind``: macro or panel. ``others``: names of the macros beside it, where known."""

    kind: str
    text: str
    name: str = ""
    others: list[str] = []


class Checked(msgspec.Struct, frozen=True):
    findings: list[FindingShown]


class Switched(msgspec.Struct, frozen=True):
    """``note``: why the engine was not started anew, or nothing."""

    name: str
    active: bool
    note: str


class Removed(msgspec.Struct, frozen=True):
    """``version`` puts it back."""

    name: str
    version: int


class VersionShown(msgspec.Struct, frozen=True):
    """``how``: saved from here, seen at the device, removed. ``by``: a name, null for what was only seen."""

    number: int
    digest: str
    how: str
    by: str | None
    at: str


class VersionList(msgspec.Struct, frozen=True):
    items: list[VersionShown]


class VersionText(msgspec.Struct, frozen=True):
    number: int
    text: str


class Difference(msgspec.Struct, frozen=True):
    """As `diff -u` writes it; empty where both are the same."""

    difference: str


class ToVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int


class RuntimeShown(msgspec.Struct, frozen=True):
    """Null: the device does not say."""

    active: int | None
    crashes: int | None
    running: bool | None


class ToDo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``do``: start, stop, restart, or clear-log."""

    do: str


class LogLineShown(msgspec.Struct, frozen=True):
    at: str
    level: str
    macro: str
    message: str


class LogShown(msgspec.Struct, frozen=True):
    items: list[LogLineShown]


def asker(relay: RelayParts, signed: Signed, room: str) -> Ask:
    """Asks a room in this person's name; raises what `raise_unless_done` does, and Unreachable where none came in time."""

    async def ask(wish: Wish) -> object:
        answer = await relay.relay.ask(signed.principal, room, wish, wait_s=WITHIN_S)
        raise_unless_done(answer)
        if answer.outcome == "waiting":
            raise Unreachable("The room has not answered yet.")
        return answer.result

    return ask


def parse_digest(if_match: str | None) -> str | None:
    """The digest that must still hold; None for any. Raises BadInput."""
    if if_match is None or if_match.strip() == "*":
        return None
    bare = if_match.strip().removeprefix('"').removesuffix('"')
    if len(bare) != 64 or not all(one in "0123456789abcdef" for one in bare):
        raise BadInput("If-Match takes an ETag that this resource was shown with.")
    return bare


def show_findings(findings: Sequence[Finding], words: Words) -> list[FindingShown]:
    return [
        FindingShown(one.line, one.column, one.kind, one.code, one.about, words(one.code, about=one.about))
        for one in findings
    ]


def show_text(text: Text) -> Response[TextShown]:
    findings = show_findings(check(text.kind, text.name, text.text), Words.of("en"))
    shown = TextShown(text.name, text.text, text.digest, text.active, findings)
    return Response(shown, headers={"ETag": f'"{text.digest}"'})


async def show_versions(parts: Parts, versions: list[Version]) -> VersionList:
    names = await people_names(parts, [one.by for one in versions if one.by])
    return VersionList(
        [
            VersionShown(one.number, one.digest, one.how, names[one.by] if one.by else None, iso(one.at))
            for one in versions
        ]
    )


@dataclass(frozen=True, slots=True)
class Here:
    """One room as a request asks it."""

    room: RoomId
    name: str
    ask: Ask


async def _here(parts: Parts, relay: RelayParts, signed: Signed, room: str) -> Here:
    """Raises Denied, alike for a room that is not there and one that is not theirs."""
    await relay.relay.require_room(signed.principal, room)
    found, _ = await parts.grants.facts(signed.principal, room)
    if found is None:
        raise Denied("no-room", "There is no such room.")
    return Here(found.id, found.name, asker(relay, signed, found.name))


def _routes(kind: Kind) -> list[ControllerRouterHandler]:
    """What is the same for macros and panels."""
    word = f"{kind.value}s"
    one = f"/rooms/{{room:str}}/{word}/{{name:str}}"

    @get(one, summary=f"One {kind.value}", operation_id=f"show_{kind.value}")
    async def show_one(
        room: FromPath[str], name: FromPath[str], parts: Hub, relay: RelayHere, signed: Who
    ) -> Response[TextShown]:
        """As the device has it now, with its digest as the ETag, and what our checks say."""
        here = await _here(parts, relay, signed, room)
        return show_text(await parts.extensions.text(here.ask, here.room, kind, name))

    @put(one, summary=f"Save a {kind.value}", operation_id=f"save_{kind.value}")
    async def save(
        room: FromPath[str],
        name: FromPath[str],
        data: JSONBody[NewText],
        parts: Hub,
        relay: RelayHere,
        signed: Who,
        if_match: IfMatch = None,
    ) -> Response[TextShown]:
        """With If-Match only over the text that was read; a text that cannot work is refused and not sent."""
        here, expected = await _here(parts, relay, signed, room), parse_digest(if_match)
        saved = await parts.extensions.save(
            here.ask, here.room, kind, name, data.text, signed.person.id, expected=expected, anyway=data.anyway
        )
        return show_text(saved)

    @delete(one, summary=f"Remove a {kind.value}", operation_id=f"remove_{kind.value}", status_code=200)
    async def remove(
        room: FromPath[str],
        name: FromPath[str],
        parts: Hub,
        relay: RelayHere,
        signed: Who,
        if_match: IfMatch = None,
    ) -> Removed:
        """From the device; what it was stays among the versions."""
        here, expected = await _here(parts, relay, signed, room), parse_digest(if_match)
        number = await parts.extensions.remove(here.ask, here.room, kind, name, signed.person.id, expected=expected)
        return Removed(name, number)

    @get(f"{one}/versions", summary=f"Versions of a {kind.value}", operation_id=f"{kind.value}_versions")
    async def versions(
        room: FromPath[str], name: FromPath[str], parts: Hub, relay: RelayHere, signed: Who
    ) -> VersionList:
        """The newest first fifty at most; of one that was removed, too."""
        here = await _here(parts, relay, signed, room)
        return await show_versions(parts, await parts.extensions.versions(here.ask, here.room, kind, name))

    @get(f"{one}/versions/{{number:int}}", summary="The text of a version", operation_id=f"{kind.value}_version")
    async def version(
        room: FromPath[str], name: FromPath[str], number: FromPath[int], parts: Hub, relay: RelayHere, signed: Who
    ) -> VersionText:
        here = await _here(parts, relay, signed, room)
        return VersionText(number, await parts.extensions.kept(here.ask, here.room, kind, name, number))

    @get(f"{one}/difference", summary="What changed between two versions", operation_id=f"{kind.value}_difference")
    async def differ(
        room: FromPath[str],
        name: FromPath[str],
        parts: Hub,
        relay: RelayHere,
        signed: Who,
        old: FromQuery[int] = 0,
        new: FromQuery[int] = 0,
    ) -> Difference:
        """The number 0 is nothing at all: with ``old`` 0 everything is new."""
        here = await _here(parts, relay, signed, room)
        one, other = await parts.extensions.two(here.ask, here.room, kind, name, old, new)
        return Difference(unified(one, other, f"{name} {old}", f"{name} {new}"))

    @post(
        f"{one}/rollback",
        summary="Save an earlier version again",
        operation_id=f"roll_back_{kind.value}",
        status_code=200,
    )
    async def roll_back(
        room: FromPath[str],
        name: FromPath[str],
        data: JSONBody[ToVersion],
        parts: Hub,
        relay: RelayHere,
        signed: Who,
        if_match: IfMatch = None,
    ) -> Response[TextShown]:
        """Also of one that was removed. A macro runs only once it is activated."""
        here, expected = await _here(parts, relay, signed, room), parse_digest(if_match)
        saved = await parts.extensions.roll_back(
            here.ask, here.room, kind, name, data.version, signed.person.id, expected=expected
        )
        return show_text(saved)

    return [show_one, save, remove, versions, version, differ, roll_back]


@get("/rooms/{room:str}/macros", summary="Macros of a room")
async def list_macros(room: FromPath[str], parts: Hub, relay: RelayHere, signed: Who) -> MacroList:
    here = await _here(parts, relay, signed, room)
    found = await parts.extensions.listed(here.ask, Kind.MACRO)
    return MacroList([MacroListed(one.name, one.active) for one in found])


@get("/rooms/{room:str}/panels", summary="Panels of a room")
async def list_panels(room: FromPath[str], parts: Hub, relay: RelayHere, signed: Who) -> PanelList:
    here = await _here(parts, relay, signed, room)
    found = await parts.extensions.listed(here.ask, Kind.PANEL)
    return PanelList([PanelListed(one.name, one.title, one.place) for one in found])


@post("/rooms/{room:str}/macros/{name:str}/activate", summary="Let a macro run", status_code=200)
async def activate(room: FromPath[str], name: FromPath[str], parts: Hub, relay: RelayHere, signed: Who) -> Switched:
    """And start the engine anew, so that it runs now."""
    here = await _here(parts, relay, signed, room)
    return Switched(name, True, await parts.extensions.set_active(here.ask, name, True))


@post("/rooms/{room:str}/macros/{name:str}/deactivate", summary="Stop a macro", status_code=200)
async def deactivate(room: FromPath[str], name: FromPath[str], parts: Hub, relay: RelayHere, signed: Who) -> Switched:
    here = await _here(parts, relay, signed, room)
    return Switched(name, False, await parts.extensions.set_active(here.ask, name, False))


@get("/rooms/{room:str}/macro-engine", summary="How the macros' engine is")
async def show_engine(room: FromPath[str], parts: Hub, relay: RelayHere, signed: Who) -> RuntimeShown:
    here = await _here(parts, relay, signed, room)
    found = await parts.extensions.runtime(here.ask)
    return RuntimeShown(found.active, found.crashes, found.running)


@post("/rooms/{room:str}/macro-engine", summary="Start or stop the macros' engine", status_code=204)
async def run_engine(room: FromPath[str], data: JSONBody[ToDo], parts: Hub, relay: RelayHere, signed: Who) -> None:
    here = await _here(parts, relay, signed, room)
    await parts.extensions.run_engine(here.ask, data.do)


@get("/rooms/{room:str}/macro-log", summary="What the macros said")
async def show_log(room: FromPath[str], parts: Hub, relay: RelayHere, signed: Who) -> LogShown:
    """The newest last."""
    here = await _here(parts, relay, signed, room)
    return LogShown([_line(one) for one in await parts.extensions.log(here.ask)])


def _line(one: LogLine) -> LogLineShown:
    return LogLineShown(one.at, one.level, one.macro, one.message)


@post("/text-checks", summary="Check a macro or a panel", status_code=200)
async def check_text(request: Req, data: JSONBody[ToCheck], signed: Who) -> Checked:
    """Nothing is sent to any room, and nothing is kept. The words are in the language of whoever asks."""
    try:
        kind = Kind(data.kind)
    except ValueError as bad:
        raise BadInput("kind is macro or panel.") from bad
    words = choose(request.cookies.get(LANGUAGE_COOKIE, ""), request.headers.get("accept-language", ""))
    return Checked(show_findings(check(kind, data.name, data.text, data.others), words))


HANDLERS = [
    list_macros, list_panels, *_routes(Kind.MACRO), *_routes(Kind.PANEL), activate, deactivate, show_engine,
    run_engine, show_log, check_text,
]  # fmt: skip


API = Router(
    "/",
    tags=["macros and panels"],
    route_handlers=HANDLERS,
    dependencies={"relay": give("relay")},
)
