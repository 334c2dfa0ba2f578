"""The page of access: who may do what, why and until when; and the cuts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from roomgate.access.capability import Capability
from roomgate.access.principal import Kind, Right
from roomgate.clock import iso, parse_iso
from roomgate.errors import BadInput, NotFound, RoomgateError
from roomgate.hub.channels import Channel
from roomgate.hub.console import export
from roomgate.hub.console.inside import InsideView, living, show
from roomgate.hub.console.live import PageStream, stream_page
from roomgate.hub.console.naming import people_names, room_names, site_names
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Form, Page, Relayed, Visit, Visiting, read_form, refused
from roomgate.hub.console.words import Words
from roomgate.hub.grants.answer import AGAINST, AnswerView, build_row, find_subject
from roomgate.hub.grants.store import GrantRecord
from roomgate.hub.grants.wanted import Wanted
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.identity.person import Person
from roomgate.hub.parts import Parts
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.hub.roles.pages import gather_roles
from roomgate.hub.rooms.view import room_href
from roomgate.ids import RoomId

USUAL = ("observe", "bookings", "call", "in-call", "av-control", "privacy", "configure", "ui")
STARTS = (30, 60, 240, 1440, 10080)
LENGTHS = (10, 30, 60, 240, 480, 1440, 10080, 43200)
MOST_LINES = 25  # of a table on the page; asking finds the others, and the export has all
_MOST = 500


@dataclass(frozen=True, slots=True)
class GrantView:
    id: str
    name: str
    capabilities: list[str]
    rooms: str
    by: str
    reason: str
    start: datetime
    until: datetime
    paused: str
    may_cut: bool
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PersonView:
    """What may be done to an account by whoever looks; the service has the last word."""

    id: str
    name: str
    roles: list[str]
    service: bool
    active: bool
    locked: bool
    may_cut: bool
    may_disable: bool
    may_enable: bool
    may_roles: bool


@dataclass(frozen=True, slots=True)
class LockView:
    id: str
    kind: str
    name: str
    reason: str
    by: str
    since: datetime


@dataclass(frozen=True, slots=True)
class SessionLine:
    id: str
    name: str
    room: str
    href: str
    kind: str
    since: datetime
    may_cut: bool


@get("/access", include_in_schema=False)
async def show_access(
    visit: Visiting,
    parts: Hub,
    relay: Relayed,
    q: FromQuery[str] = "",
    room: FromQuery[str] = "",
    person: FromQuery[str] = "",
) -> Page:
    signed = visit.signed
    sees = signed.may(Right.SEE)
    rooms = await room_names(parts, visit.signed)
    people = await _people(visit, parts) if sees or signed.may(Right.GIVE) else []
    sessions = show(living(relay.book), signed)
    grants = await _grants(visit, parts)
    context: dict[str, Any] = {
        "asked_for": q[:200],
        "answer": await _answer(visit, parts, relay, q[:200], rooms, people) if q else None,
        "sessions": [_session(one) for one in sessions[:MOST_LINES]],
        "more_sessions": max(0, len(sessions) - MOST_LINES),
        "grants": grants[:MOST_LINES],
        "more_grants": max(0, len(grants) - MOST_LINES),
        "people": people[:MOST_LINES],
        "more_people": max(0, len(people) - MOST_LINES),
        "sees_people": sees,
        "locks": await _locks(parts) if sees else [],
        "rooms": rooms,
        "usual": USUAL,
        "unusual": [one.value for one in Capability if one.value not in USUAL],
        "lengths": [(minutes, visit.t.duration(minutes * 60)) for minutes in LENGTHS],
        "sites": sorted((await site_names(parts)).values(), key=str.casefold) if signed.may(Right.GIVE) else [],
        "tagged": await _tagged(visit, parts) if sees or signed.may(Right.GIVE) else {},
        "starts": [(minutes, visit.t.duration(minutes * 60)) for minutes in STARTS],
        "roles": await gather_roles(visit, parts) if sees or signed.may(Right.GIVE) else [],
        "rights": list(Right),
        "capabilities": list(Capability),
        "wanted_room": room,
        "wanted_person": person,
        "wanted_roles": next((p.roles for p in people if p.name == person), []),
        "here": f"/access?q={quote(q[:200])}" if q else "/access",
    }
    return visit.page("access.html", **context)


@get("/access/stream", include_in_schema=False)
async def access_stream(visit: Visiting, parts: Hub, relay: Relayed) -> Stream:
    signed = visit.signed

    async def look(_: frozenset[RoomId] | None) -> dict[str, object]:
        sees = signed.may(Right.SEE)
        records = await _records(visit, parts)
        return {
            "sessions": [one.id for one in show(living(relay.book), signed)],
            "grants": [(r.grant.id, r.version, r.paused, r.used) for r in records],
            "people": [(p.id, p.version) for p in await parts.identity.people(limit=_MOST)] if sees else [],
            "locks": [r.lock.id for r in await parts.grants.locks()] if sees else [],
        }

    async def enter(stream: PageStream) -> Channel:
        return relay.channels.open_page(signed.principal, stream.cut)

    return stream_page(parts.rooms.watch(), look, visit.t.said, enter)


_COLUMNS = ("person", "rooms", "capabilities", "reason", "start", "until", "given_by", "paused", "id")


@get("/access/grants.csv", include_in_schema=False)
async def grants_csv(visit: Visiting, parts: Hub) -> Page:
    return export.csv_page(_COLUMNS, _table(await _grants(visit, parts)), "grants")


@get("/access/grants.json", include_in_schema=False)
async def grants_json(visit: Visiting, parts: Hub) -> Page:
    return export.json_page(_COLUMNS, _table(await _grants(visit, parts)))


def _table(grants: list[GrantView]) -> list[list[str]]:
    return [
        [g.name, g.rooms, " ".join(g.capabilities), g.reason, iso(g.start), iso(g.until), g.by, g.paused, g.id]
        for g in grants
    ]


# -- changing ------------------------------------------------------------------------------------------


@post("/access/grants", include_in_schema=False, status_code=303)
async def give(request: Req, visit: Visiting, parts: Hub) -> Page:
    form = await read_form(request)
    try:
        named = [name.strip() for name in form.text("room_names").split(",") if name.strip()]
        later = _whole(form, "start")
        wanted = Wanted(
            person=form.text("person"), rooms=(*form.all("rooms"), *named), sites=tuple(form.all("sites")),
            tags=tuple(form.all("tags")), capabilities=tuple(form.all("capabilities")),
            role=form.text("role") or None, minutes=form.minutes(), reason=form.text("reason"),
            start=iso(visit.now + timedelta(minutes=later)) if later else None,
            most_uses=_whole(form, "uses"), only_booked=bool(form.text("only_booked")),
        )  # fmt: skip
        grant = await parts.grants.give(visit.signed, wanted)
    except RoomgateError as fault:
        return visit.back("/access#give", refused(visit.t, fault))
    left = visit.t.duration((grant.until - grant.start).total_seconds())
    said = visit.t("give.done", name=form.text("person"), left=left)
    return visit.back("/access", Notice("ok", visit.t("said.done"), said, grant.id))


@post("/access/grants/{id:str}/confirm", include_in_schema=False, status_code=303)
async def confirm(id: FromPath[str], request: Req, visit: Visiting, parts: Hub) -> Page:
    back = (await read_form(request)).text("back")
    await parts.grants.confirm(id, visit.signed)
    return visit.back(back, Notice("ok", visit.t("said.done"), visit.t("grant.confirmed"), id))


@post("/access/grants/{id:str}/cut", include_in_schema=False, status_code=303)
async def cut_grant(id: FromPath[str], request: Req, visit: Visiting, parts: Hub) -> Page:
    back = (await read_form(request)).text("back")
    await parts.grants.end(id, visit.signed)
    return visit.back(back, Notice("ok", visit.t("cut.done"), visit.t("cut.grant"), id))


@post("/access/sessions/{id:str}/cut", include_in_schema=False, status_code=303)
async def cut_session(id: FromPath[str], request: Req, visit: Visiting, relay: Relayed) -> Page:
    """One's own, or anybody's with the right to cut."""
    back = (await read_form(request)).text("back")
    session = relay.book.find(id)
    if session is None or not (visit.signed.may(Right.CUT) or session.principal.id == visit.signed.principal.id):
        raise NotFound("There is no such session.")
    await relay.changes.write(
        lambda change: change.revoke(
            Cause.SESSION_ENDED, SubjectKind.SESSION, id, by=visit.signed.principal.id, reason="The session was ended."
        )
    )
    return visit.back(back, Notice("ok", visit.t("cut.done"), visit.t("cut.session", name=session.principal.name), id))


@post("/access/people/{id:str}/cut", include_in_schema=False, status_code=303)
async def cut_person(id: FromPath[str], request: Req, visit: Visiting, parts: Hub) -> Page:
    """Everything of theirs ends at once, and nothing is let in until the lock is lifted."""
    visit.signed.require(Right.CUT)  # first: whether there is such a person is not told to whoever may not
    back = (await read_form(request)).text("back")
    person = await parts.identity.get(id)
    lock = await parts.grants.lock("person", person.id, visit.t("cut.reason"), visit.signed)
    return visit.back(back, Notice("ok", visit.t("cut.done"), visit.t("cut.person", name=person.name), lock.lock.id))


@post(["/access/people/{id:str}/disable", "/access/people/{id:str}/enable"], include_in_schema=False, status_code=303)
async def set_active(id: FromPath[str], request: Req, visit: Visiting, parts: Hub) -> Page:
    back, on = (await read_form(request)).text("back"), request.url.path.endswith("/enable")
    person = await parts.identity.set_active(id, on, visit.signed)
    said = visit.t("people.enabled-now" if on else "people.disabled-now", name=person.name)
    return visit.back(back, Notice("ok", visit.t("said.done"), said, id))


@post("/access/locks/{id:str}/lift", include_in_schema=False, status_code=303)
async def lift(id: FromPath[str], request: Req, visit: Visiting, parts: Hub) -> Page:
    back = (await read_form(request)).text("back")
    await parts.grants.lift(id, visit.signed)
    return visit.back(back, Notice("ok", visit.t("said.done"), visit.t("locks.lifted"), id))


@post("/access/tags", include_in_schema=False, status_code=303)
async def tag_room(request: Req, visit: Visiting, parts: Hub) -> Page:
    """These and no others."""
    form = await read_form(request)
    room = form.text("room")
    try:
        await parts.rooms.set_tags(room, [tag for tag in form.text("tags").split(",") if tag.strip()], visit.signed)
    except RoomgateError as fault:
        return visit.back("/access#tags", refused(visit.t, fault))
    return visit.back("/access#tags", Notice("ok", visit.t("said.done"), visit.t("tags.done", name=room)))


def _whole(form: Form, name: str) -> int | None:
    text = form.text(name)
    if text and not (text.isascii() and text.isdigit() and len(text) <= 7):
        raise BadInput("Write a whole number.")
    return int(text) if text else None


# -- looking -------------------------------------------------------------------------------------------


async def _people(visit: Visit, parts: Parts) -> list[PersonView]:
    signed = visit.signed
    locked = {r.lock.subject for r in await parts.grants.locks() if r.lock.kind == "person"}

    def view(person: Person) -> PersonView:
        other = person.id != signed.person.id
        changes = signed.may(Right.PEOPLE) and other
        return PersonView(
            person.id, person.name, sorted(person.roles), person.kind is Kind.SERVICE, person.active,
            person.id in locked, may_cut=signed.may(Right.CUT) and other and person.id not in locked,
            may_disable=changes and person.active, may_enable=changes and not person.active, may_roles=changes,
        )  # fmt: skip

    return sorted(map(view, await parts.identity.people(limit=_MOST)), key=lambda p: p.name.casefold())


async def _records(visit: Visit, parts: Parts) -> list[GrantRecord]:
    """All with the right to see or give; one's own otherwise."""
    signed = visit.signed
    if signed.may(Right.SEE) or signed.may(Right.GIVE):
        return await parts.grants.page(None, None, "", _MOST)
    return await parts.grants.of_person(signed.person.id)


async def _grants(visit: Visit, parts: Parts) -> list[GrantView]:
    """Those that have not ended, the next to end first."""
    signed = visit.signed
    records = [r for r in await _records(visit, parts) if r.ended is None and r.grant.until > visit.now]
    names = await people_names(parts, [id for r in records for id in (r.grant.person, r.grant.made_by)])
    rooms = await parts.grants.room_names(records)
    sites = await site_names(parts) if any(r.grant.sites for r in records) else {}
    cuts = signed.may(Right.GIVE) or signed.may(Right.CUT)
    views = [
        GrantView(
            r.grant.id, names[r.grant.person], [c.value for c in Capability if c in r.grant.capabilities],
            ", ".join(_where(r, rooms, sites, visit.t)), names[r.grant.made_by], r.grant.reason, r.grant.start,
            r.grant.until, r.paused or "", cuts or r.grant.person == signed.person.id, _terms(r, visit.t),
        )
        for r in records
    ]  # fmt: skip
    return sorted(views, key=lambda g: g.until)


def _where(record: GrantRecord, rooms: Mapping[RoomId, str], sites: Mapping[str, str], t: Words) -> list[str]:
    grant = record.grant
    return [
        *sorted(rooms.get(id, id) for id in grant.rooms),
        *(t("terms.site", name=sites.get(id, id)) for id in sorted(grant.sites)),
        *(t("terms.tag", name=tag) for tag in sorted(grant.tags)),
    ]


def _terms(record: GrantRecord, t: Words) -> tuple[str, ...]:
    grant = record.grant
    told = []
    if grant.only_booked:
        told.append(t("terms.booked"))
    if grant.most_uses is not None:
        told.append(t("terms.uses", used=record.used, most=grant.most_uses))
    if record.loud:
        told.append(t("terms.loud"))
    return tuple(told)


async def _tagged(visit: Visit, parts: Parts) -> dict[str, list[str]]:
    """The rooms of each tag."""
    found: dict[str, list[str]] = {}
    granted = await parts.grants.live_rooms(visit.signed.principal)
    for room in sorted(parts.rooms.list_for(visit.signed, granted), key=lambda r: r.name.casefold()):
        for tag in room.tags:
            found.setdefault(tag, []).append(room.name)
    return dict(sorted(found.items()))


async def _locks(parts: Parts) -> list[LockView]:
    records = await parts.grants.locks()
    names = await people_names(parts, [r.by for r in records] + [r.lock.subject for r in records])
    names |= await site_names(parts)
    for record in records:
        if record.lock.kind == "room" and (room := parts.rooms.summary(RoomId(record.lock.subject))):
            names[record.lock.subject] = room.name
    return [
        LockView(
            r.lock.id, r.lock.kind, names.get(r.lock.subject, r.lock.subject), r.lock.reason, names[r.by],
            parse_iso(r.created),
        )
        for r in records
    ]  # fmt: skip


def _session(one: InsideView) -> SessionLine:
    return SessionLine(one.id, one.name, one.room, room_href(one.room, one.room), one.kind, one.since, one.may_cut)


async def _answer(
    visit: Visit, parts: Parts, relay: RelayParts, asked: str, rooms: list[str], people: list[PersonView]
) -> AnswerView | None:
    """Who can do what in a room, or what somebody can do in which rooms. None where the question names neither."""
    signed = visit.signed
    if not signed.may(Right.SEE):
        return None
    subject = find_subject(asked, rooms, [p.name for p in people])
    if subject is None:
        return None
    kind, name = subject
    cut = ""
    if kind == "room":
        room_id = parts.rooms.get(name).id
        locked = any(r.lock.kind == "room" and r.lock.subject == room_id for r in await parts.grants.locks())
        cut = "" if locked else f"{room_href(name, name)}/cut"
        records = [(r, r.grant.person, name) for r in await parts.grants.of_room(name)]
    else:
        records = []
        cut = next((f"/access/people/{p.id}/cut" for p in people if p.name == name and p.may_cut), "")
        for record in await parts.grants.of_person((await parts.identity.get(name)).id):
            where = sorted((await parts.grants.rooms_under(record)).values(), key=str.casefold)[:MOST_LINES]
            records += [(record, record.grant.person, room) for room in where]
    names = await people_names(parts, [id for r, _, _ in records for id in (r.grant.person, r.grant.made_by)])
    inside = {(s.room.name, s.principal.id) for s in living(relay.book)}
    words = {key: visit.t(f"answer.{key}") for key in AGAINST}
    rows = []
    for record, person, room in records:
        why = await parts.grants.explain(person, room)
        rows.append(
            build_row(
                record, why.locks, why.facts, name=names[person] if kind == "room" else room,
                by=names[record.grant.made_by], inside=(room, person) in inside, words=words, now=visit.now,
                terms=_terms(record, visit.t),
            )
        )  # fmt: skip
    title = visit.t("answer.room", room=name) if kind == "room" else visit.t("answer.person", name=name)
    return AnswerView(title, kind == "room", tuple(sorted(rows, key=lambda row: row.until)), cut)


ROUTES = [
    show_access, access_stream, grants_csv, grants_json, give, confirm, cut_grant, cut_session, cut_person,
    set_active, lift, tag_room,
]  # fmt: skip
