"""The REST face of the relay: asks, events, sessions."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from litestar import Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody
from litestar.response import Response, Stream

from roomgate.access.decision import Denied
from roomgate.access.principal import Principal, Right
from roomgate.clock import iso
from roomgate.errors import BadInput, Conflict, NotFound, OutcomeUnknown, Unreachable
from roomgate.hub.channels import Channels, Session
from roomgate.hub.http.asking import Who, give
from roomgate.hub.relay.asked import Answer, Wish
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.relay.service import WAIT_S
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.xapi.call import Verb

RelayHere = NamedDependency[RelayParts]
LONGEST_WAIT_S = 30.0
_PREFER = re.compile(r"\bwait=([0-9]{1,3})\b")


class AskFailed(Conflict):
    """The device understood what was asked and could not do it."""

    code = "ask.failed"
    hint = "The detail is what the device or the site said."


class AskBody(msgspec.Struct, forbid_unknown_fields=True):
    """One of command, get, set, join. ``join`` is "next" or the id of a booking of the room's own."""

    command: str | None = None
    get: str | None = None
    set: str | None = None
    join: str | None = None
    arguments: dict[str, Any] = {}
    body: str | None = None
    value: Any = msgspec.UNSET
    reason: str = ""

    def wish(self) -> Wish | None:
        """None for a join; raises BadInput for a body that asks for none or several."""
        asked = [name for name in ("command", "get", "set", "join") if getattr(self, name) is not None]
        if len(asked) != 1:
            raise BadInput('Ask for one thing: {"command": …}, {"get": …}, {"set": …, "value": …} or {"join": …}.')
        if asked != ["command"] and (self.arguments or self.body is not None):
            raise BadInput("Only a command takes arguments and a body.")
        if (asked == ["set"]) != (self.value is not msgspec.UNSET):
            raise BadInput("A set takes a value, and nothing else does.")
        if self.command is not None:
            return Wish(Verb.COMMAND, self.command, self.arguments, self.body, self.reason)
        if self.get is not None:
            return Wish(Verb.GET, self.get, reason=self.reason)
        if self.set is not None:
            return Wish(Verb.SET, self.set, {"Value": self.value}, reason=self.reason)
        return None


class AskView(msgspec.Struct, frozen=True):
    ask: str
    outcome: str
    result: Any
    rule: str
    words: str
    receipt: Mapping[str, Any] | None


class SessionView(msgspec.Struct, frozen=True):
    """``channels`` are the kinds of connection that are open in it; ``effects`` counts what it caused and lasts."""

    id: str
    person: str
    name: str
    room: str
    since: str
    channels: list[str]
    effects: int
    pending: int


class SessionList(msgspec.Struct, frozen=True):
    items: list[SessionView]
    next: str | None = None


def build_ask_view(answer: Answer) -> AskView:
    return AskView(answer.ask, answer.outcome, answer.result, answer.rule, answer.words, answer.receipt)


def raise_unless_done(answer: Answer) -> None:
    """The outcomes that are no answer, as errors."""
    match answer.outcome:
        case "done" | "waiting":
            return
        case "refused":
            raise Denied(answer.rule or "site", answer.words or "The site refused.", some_grant=True)
        case "unknown":
            raise OutcomeUnknown(answer.words)
        case _ if answer.rule == Unreachable.code:
            raise Unreachable(answer.words)
        case _:
            raise AskFailed(answer.words or "The device could not do it.")


def parse_wait(wait: float | None, prefer: str | None) -> float:
    """Seconds to wait for a final outcome; the query says, or the header ``Prefer: wait=30`` (RFC 7240)."""
    if wait is None and prefer and (found := _PREFER.search(prefer)):
        wait = float(found[1])
    if wait is None:
        return WAIT_S
    if not 0 <= wait <= LONGEST_WAIT_S:
        raise BadInput(f"wait is from 0 to {LONGEST_WAIT_S:.0f} seconds.")
    return wait


@post("/rooms/{room:str}/asks", summary="Ask one thing of a room", status_code=200)
async def ask(
    room: FromPath[str],
    data: JSONBody[AskBody],
    signed: Who,
    relay: RelayHere,
    wait: FromQuery[float | None] = None,
    prefer: Annotated[str | None, HeaderParameter(name="Prefer")] = None,
) -> Response[AskView]:
    """200 with the result; 202 while the room is asked or the device works: fetch `/api/v1/asks/{id}` then."""
    wait_s = parse_wait(wait, prefer)
    wish = data.wish()
    if wish is not None:
        answer = await relay.relay.ask(signed.principal, room, wish, wait_s=wait_s)
    else:
        answer = await relay.relay.join(signed.principal, room, data.join or "", data.reason, wait_s=wait_s)
    raise_unless_done(answer)
    return Response(build_ask_view(answer), status_code=202 if answer.outcome == "waiting" else 200)


@get("/asks/{id:str}", summary="What has become of an ask")
async def show_ask(id: FromPath[str], signed: Who, relay: RelayHere, wait: FromQuery[float] = 0.0) -> AskView:
    """For its asker, or with the right to see. ``wait`` seconds at most for a final outcome."""
    wait_s = parse_wait(wait, None)
    return build_ask_view(await relay.relay.answer(id, signed.principal, signed.may(Right.SEE), wait_s))


@get("/rooms/{room:str}/events", summary="Server-sent events of a room", media_type="text/event-stream")
async def events(
    room: FromPath[str],
    signed: Who,
    relay: RelayHere,
    path: FromQuery[list[str] | None] = None,
    last_event_id: Annotated[str | None, HeaderParameter(name="Last-Event-ID")] = None,
) -> Stream:
    """Events `status`, `configuration`, `event`, `gap` with `{"path", "value", "at"}`; `cut` is the last one.

    Resumes behind `Last-Event-ID` within a minute; otherwise a `gap` comes first, then the present values.
    """
    last = None
    if last_event_id is not None:
        last = int(last_event_id) if re.fullmatch(r"[0-9]{1,18}", last_event_id) else 0
    chunks = await relay.streams.read(signed.principal, room, path or [], last)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(chunks, media_type="text/event-stream", headers=headers)


@get("/sessions", summary="Who is connected to which room now")
async def list_sessions(signed: Who, relay: RelayHere, room: FromQuery[str | None] = None) -> SessionList:
    """All with the right to see; otherwise one's own."""
    shown = [
        build_session_view(session, relay.channels)
        for session in relay.book
        if relay.book.shows(session)
        and may_know(session, signed.principal, signed.may(Right.SEE))
        and (room is None or session.room.name == room)
    ]
    return SessionList(sorted(shown, key=lambda view: (view.since, view.id)))


@delete("/sessions/{id:str}", summary="End a session, with all that it caused", status_code=204)
async def end_session(id: FromPath[str], signed: Who, relay: RelayHere) -> None:
    """One's own, or anybody's with the right to cut. Answers after the cut has been committed."""
    session = relay.book.find(id)
    if session is None or not may_know(session, signed.principal, signed.may(Right.CUT)):
        raise NotFound("There is no such session.")
    await relay.changes.write(
        lambda change: change.revoke(
            Cause.SESSION_ENDED, SubjectKind.SESSION, id, by=signed.principal.id, reason="The session was ended."
        )
    )


def may_know(session: Session, principal: Principal, right: bool) -> bool:
    return right or session.principal.id == principal.id


def build_session_view(session: Session, channels: Channels) -> SessionView:
    return SessionView(
        session.id,
        session.principal.id,
        session.principal.name,
        session.room.name,
        iso(session.since),
        sorted(channel.kind.value for channel in channels.of([session])),
        len(session.effects),
        session.pending,
    )


API = Router(
    "/",
    tags=["asks"],
    route_handlers=[ask, show_ask, events, list_sessions, end_session],
    dependencies={"relay": give("relay")},
)
