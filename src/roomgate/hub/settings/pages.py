"""The pages of a room's settings: look, change several, see the difference, apply, take back; and who changed one."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from roomgate.clock import parse_iso
from roomgate.errors import RoomgateError
from roomgate.hub.console.naming import people_names
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Form, Page, Relayed, Visit, Visiting, read_form, refusal
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.parts import Parts
from roomgate.hub.relay.asked import Answer, Wish
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.rooms.seen import Seen, page_session, room_context, see_room, told_of_room
from roomgate.hub.settings import service, view
from roomgate.hub.settings.change import Edit, Planned, plan_changes, plan_undo
from roomgate.hub.settings.drafts import Draft, Drafts, Reading
from roomgate.hub.settings.setting import Setting, build_settings, is_secret, known_leaves, parse_change
from roomgate.xapi.errors import XapiError

Drafted = NamedDependency[Drafts]
LOOK_AGAIN_S = 15.0  # how long a search as you type goes by one reading of the device
LONGEST_FIND = 100


def draft_of(visit: Visit, drafts: Drafts, seen: Seen) -> Draft:
    return drafts.of(visit.signed.principal.credential, seen.summary.id)


def asking(visit: Visit, relay: RelayParts, seen: Seen) -> service.Ask:
    """As this person, in the session of their pages of this room."""

    async def ask(wish: Wish, within_s: float) -> Answer:
        session = await page_session(visit, relay, seen)
        return await relay.relay.ask(visit.signed.principal, seen.summary.name, wish, session=session, wait_s=within_s)

    return ask


async def begin(visit: Visit, relay: RelayParts, seen: Seen, draft: Draft) -> Callable[[], Awaitable[list[Setting]]]:
    """Ask for what the device has now; a search as you type goes by what it had a moment ago.

    What the hub itself refuses is raised here, also where no connector is there; what site and device refuse, by what
    is given.
    """
    held = () if seen.locked else [grant.capabilities for grant in seen.live]
    me, catalogue = visit.signed.principal, relay.relay.catalogue
    try:
        session, now = await page_session(visit, relay, seen), visit.now.timestamp()
        kept = draft.reading
        fresh = kept is not None and kept.session == session.id and 0 <= now - kept.at < LOOK_AGAIN_S
        asked = None
        if not (visit.quiet and fresh):
            asked = await relay.relay.ask(me, seen.summary.name, service.WHOLE, session=session, wait_s=0)
            if asked.outcome != "waiting":
                service.document_of(asked)
    except (RoomgateError, XapiError) as fault:
        raise told_of_room(visit, fault) from fault

    async def rest() -> list[Setting]:
        found = kept
        try:
            if asked is not None:
                answer = await relay.relay.answer(asked.ask, me, False, service.READ_S)
                found = draft.reading = Reading(session.id, now, service.document_of(answer))
        except (RoomgateError, XapiError) as fault:
            raise told_of_room(visit, fault) from fault
        assert found is not None, "what is fresh is there"
        return build_settings(found.document, held, catalogue)

    return rest


async def read(visit: Visit, relay: RelayParts, seen: Seen, draft: Draft) -> list[Setting]:
    """The same, waited for."""
    return await (await begin(visit, relay, seen, draft))()


# -- looking -------------------------------------------------------------------------------------------


@get("/rooms/{name:str}/settings", include_in_schema=False)
async def show_settings(
    name: FromPath[str],
    visit: Visiting,
    parts: Hub,
    relay: Relayed,
    drafts: Drafted,
    q: FromQuery[str] = "",
    group: FromQuery[str] = "",
    first: FromQuery[int] = 0,
) -> Page | Stream:
    seen = await see_room(visit, parts, relay, name)
    draft = draft_of(visit, drafts, seen)
    rest = await begin(visit, relay, seen, draft)

    async def later() -> dict[str, Any]:
        return {
            "list": view.build_list(
                await rest(), draft.edits, relay.relay.catalogue, visit.t, base=view.href(seen.summary.name),
                find=q[:LONGEST_FIND], group=group[:LONGEST_FIND], first=first,
            )
        }  # fmt: skip

    context = await _context(visit, parts, relay, seen) | {"drafted": len(draft.edits)}
    if visit.quiet:  # a script takes a page as a whole
        return visit.page("room_settings.html", late={"more": "", "said": None, **await later()}, **context)
    return visit.early("room_settings.html", later, **context)


async def _context(visit: Visit, parts: Parts, relay: RelayParts, seen: Seen) -> dict[str, Any]:
    here = view.href(seen.summary.name)
    return {"settings_href": here, "unseen": view.UNSEEN, **await room_context(visit, parts, relay, seen)}


async def _page(visit: Visit, parts: Parts, relay: RelayParts, seen: Seen, template: str, **context: Any) -> Page:
    return visit.page(template, **await _context(visit, parts, relay, seen), **context)


@get("/rooms/{name:str}/settings/history", include_in_schema=False)
async def show_history(
    name: FromPath[str],
    visit: Visiting,
    parts: Hub,
    relay: Relayed,
    setting: FromQuery[str] = "",
) -> Page:
    """``setting``: its name. Everybody's changes of it with the right to audit, otherwise one's own."""
    seen = await see_room(visit, parts, relay, name)
    told = await service.read_history(parts.record, visit.signed, seen.summary.name, setting[:200])
    names = await people_names(parts, (one.person for one in told))
    lines = [(one, parse_iso(one.at), names[one.person], _OUTCOME_SIGNS.get(one.outcome, "warn")) for one in told]
    return await _page(visit, parts, relay, seen, "room_settings_history.html", setting=setting[:200], lines=lines)


_OUTCOME_SIGNS = {"done": "ok", "waiting": "void", "refused": "bad", "failed": "bad"}


# -- changing ------------------------------------------------------------------------------------------


@post("/rooms/{name:str}/settings/edit", include_in_schema=False, status_code=303)
async def edit(name: FromPath[str], request: Req, visit: Visiting, parts: Hub, relay: Relayed, drafts: Drafted) -> Page:
    """Put what was changed on a page to the draft; nothing is asked of the device yet."""
    seen, form = await see_room(visit, parts, relay, name), await read_form(request)
    draft, here = draft_of(visit, drafts, seen), view.href(seen.summary.name)
    edits, complaints = parse_edits(form.fields, relay, visit)
    if draft.add(edits):
        complaints.append(visit.t("conf.too-many"))
    for words in complaints[:4]:
        visit.say(Notice("bad", visit.t("said.refused"), words))
    if form.text("go"):
        return visit.back(form.text("go"))
    if not draft.edits or complaints:
        if not complaints:
            visit.say(Notice("void", visit.t("conf.nothing"), visit.t("conf.nothing-text")))
        return visit.back(form.text("back") or here)
    return visit.back(f"{here}/review")


def parse_edits(fields: Mapping[str, list[str]], relay: RelayParts, visit: Visit) -> tuple[list[Edit], list[str]]:
    """The edits of a form, and what is wrong with those that are none, in sentences."""
    catalogue, edits, complaints = relay.relay.catalogue, list[Edit](), list[str]()
    sent = [(one.name, one.value, view.seen_of(one)) for one in view.read_sent(fields)]
    known = known_leaves(catalogue)
    for name in fields.get("d", [])[:1]:  # back to the default
        was = next(iter(fields.get(f"w:{name}", ())), "")
        try:
            words = parse_change(name, was, catalogue).path.words
        except XapiError:
            words = ()
        default = known[words].default if words in known else None
        if default is not None:
            sent = [one for one in sent if one[0] != name] + [(name, default, was)]
    for name, value, seen in sent:
        try:
            call = parse_change(name, value, catalogue)
        except XapiError as bad:
            complaints.append(f"{name[:100]}: {bad.message}")
            continue
        secret = is_secret(known[call.path.words])
        edits.append(Edit(call, None if secret else seen))
    return edits, complaints


@get("/rooms/{name:str}/settings/review", include_in_schema=False)
async def review(name: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed, drafts: Drafted) -> Page:
    """The difference, and what the site will say to it."""
    seen = await see_room(visit, parts, relay, name)
    draft = draft_of(visit, drafts, seen)
    planned, verdicts = list[Planned](), list[service.Verdict]()
    if draft.edits:
        planned = plan_changes(list(draft.edits.values()), await read(visit, relay, seen, draft), relay.relay.catalogue)
        verdicts = await service.judge(asking(visit, relay, seen), [one.edit.call for one in planned])
    lines = view.build_review(planned, verdicts, visit.t, await _others(visit, parts, seen, planned))
    return await _page(
        visit, parts, relay, seen, "room_settings_review.html", lines=lines,
        ready=sum(not line.idle for line in lines),
    )  # fmt: skip


async def _others(visit: Visit, parts: Parts, seen: Seen, planned: list[Planned]) -> dict[str, str]:
    """Who gave a setting the value that it has now, where it changed meanwhile and this person may know."""
    found = {}
    for one in planned:
        if one.conflict:
            told = await service.read_history(parts.record, visit.signed, seen.summary.name, one.name)
            last = next((change for change in told if change.outcome == "done"), None)
            if last is not None and last.after == str(one.before):
                found[one.name] = last.person
    names = await people_names(parts, found.values())
    return {name: names[person] for name, person in found.items()}


@post("/rooms/{name:str}/settings/drop", include_in_schema=False, status_code=303)
async def drop(name: FromPath[str], request: Req, visit: Visiting, parts: Hub, relay: Relayed, drafts: Drafted) -> Page:
    """Take one change out of the draft, or all."""
    seen, form = await see_room(visit, parts, relay, name), await read_form(request)
    draft, wanted = draft_of(visit, drafts, seen), form.text("name")
    if wanted:
        draft.edits = {path: one for path, one in draft.edits.items() if view.name_of_call(one.call) != wanted}
    else:
        draft.edits = {}
    here = view.href(seen.summary.name)
    return visit.back(f"{here}/review" if draft.edits else here)


@post("/rooms/{name:str}/settings/apply", include_in_schema=False, status_code=303)
async def apply(
    name: FromPath[str], request: Req, visit: Visiting, parts: Hub, relay: Relayed, drafts: Drafted
) -> Page:
    """Make the changes that the review showed; one that was not on it, or whose value is another by now, stops all."""
    seen, form = await see_room(visit, parts, relay, name), await read_form(request)
    draft = draft_of(visit, drafts, seen)
    edits = [_as_reviewed(one, form) for one in draft.take()]
    return await _make(visit, relay, seen, draft, edits, form.text("reason"), undo=False)


def _as_reviewed(edit: Edit, form: Form) -> Edit:
    """The review showed the device's value of that moment: that is what must still hold."""
    shown = form.fields.get(f"s:{view.name_of_call(edit.call)}")
    if edit.seen is None or shown is None:
        return edit
    return Edit(edit.call, shown[0].removeprefix("="))  # a blank field would not come at all


@post("/rooms/{name:str}/settings/undo", include_in_schema=False, status_code=303)
async def undo(name: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed, drafts: Drafted) -> Page:
    """Set back what this sign-in applied last, unless somebody changed it again."""
    seen = await see_room(visit, parts, relay, name)
    draft = draft_of(visit, drafts, seen)
    edits, draft.steps = plan_undo(draft.steps, relay.relay.catalogue), []
    return await _make(visit, relay, seen, draft, edits, visit.t("conf.undo-reason"), undo=True)


async def _make(
    visit: Visit, relay: RelayParts, seen: Seen, draft: Draft, edits: list[Edit], reason: str, *, undo: bool
) -> Page:
    here = view.href(seen.summary.name)
    try:
        planned = plan_changes(edits, await read(visit, relay, seen, draft), relay.relay.catalogue)
    except (RoomgateError, XapiError) as fault:
        draft.add(edits)
        said = refusal(visit.t, fault)
        return visit.back(f"{here}/review", Notice("bad", visit.t("said.refused"), said.text, said.code))
    if any(one.conflict for one in planned):
        draft.add(edits)
        words = visit.t("conf.conflict-text")
        return visit.back(f"{here}/review", Notice("warn", visit.t("conf.conflict"), words))
    draft.steps, draft.undone, draft.reading = [], undo, None
    wanted = [one for one in planned if not one.idle]
    await service.apply_changes(asking(visit, relay, seen), wanted, reason, draft.steps.append)
    return visit.back(f"{here}/done")


@get("/rooms/{name:str}/settings/done", include_in_schema=False)
async def done(name: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed, drafts: Drafted) -> Page:
    """What became of each change."""
    seen = await see_room(visit, parts, relay, name)
    draft = draft_of(visit, drafts, seen)
    lines = view.build_result(draft.steps, visit.t)
    back = plan_undo(draft.steps, relay.relay.catalogue)
    good = sum(step.outcome == "done" for step in draft.steps)
    return await _page(
        visit, parts, relay, seen, "room_settings_done.html", lines=lines, undoable=len(back), undone=draft.undone,
        good=good,
    )  # fmt: skip


ROUTES = [show_settings, show_history, edit, review, drop, apply, undo, done]
