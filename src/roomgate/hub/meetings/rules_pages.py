"""The page of the rules that invitations are understood by: what this release has, and what one's own would change."""

from litestar import get, post

from roomgate.errors import RoomgateError
from roomgate.hub.console.visit import Form, Page, Visit, Visiting, read_form, refused
from roomgate.hub.http.asking import Req
from roomgate.hub.meetings.explain_pages import read_device
from roomgate.hub.meetings.pages import HERE, MeetingsHere
from roomgate.hub.meetings.service import Meetings
from roomgate.hub.meetings.tried import Tried, shipped_packs, try_rules

RULES = f"{HERE}/rules"


@get(RULES, include_in_schema=False)
async def show_rules(visit: Visiting, meetings: MeetingsHere) -> Page:
    return await _page(visit, meetings, Form({"speaks": ["sip", "h323"]}))


@post(RULES, include_in_schema=False, status_code=200)
async def try_packs(request: Req, visit: Visiting, meetings: MeetingsHere) -> Page:
    """What the chosen packs would change of the chosen invitations. Nothing is stored or taken into use."""
    form = await read_form(request)
    files = [(part.filename or "", part.content) for part in form.files.get("files", [])]
    try:
        device = read_device(form)
        tried = await meetings.busy(lambda: try_rules(files, device))
    except RoomgateError as no:
        visit.say(refused(visit.t, no))
        return await _page(visit, meetings, form)
    return await _page(visit, meetings, form, tried)


async def _page(visit: Visit, meetings: Meetings, form: Form, tried: Tried | None = None) -> Page:
    return visit.page(
        "meeting_rules.html", here=RULES, tried=tried, packs=await meetings.busy(shipped_packs), speaks=form.all("speaks"),
        registered=form.text("registered"), domains=form.text("domains")[:2000],
    )  # fmt: skip


ROUTES = [show_rules, try_packs]
