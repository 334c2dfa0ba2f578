"""The page on which an invitation is explained: pasted or chosen, looked at, and forgotten."""

from typing import Any

from litestar import get, post

from roomgate.clock import parse_iso
from roomgate.errors import BadInput, RoomgateError
from roomgate.hub.console.visit import Form, Page, Visit, Visiting, read_form, refused
from roomgate.hub.http.asking import Req
from roomgate.hub.meetings.explained import LARGEST, Device, read_domains, scrubbed
from roomgate.hub.meetings.pages import HERE, MeetingsHere

EXPLAIN = f"{HERE}/explain"
REGISTERED = {"": None, "yes": True, "no": False}


@get(EXPLAIN, include_in_schema=False)
async def show_explain(visit: Visiting) -> Page:
    return _page(visit, Form({"speaks": ["sip", "h323"]}))


@post(EXPLAIN, include_in_schema=False, status_code=200)
async def explain_invitation(request: Req, visit: Visiting, meetings: MeetingsHere) -> Page:
    """The decision on the same page. Nothing is stored, fetched or dialled."""
    form = await read_form(request)
    try:
        found = await meetings.explain(_invitation(form), read_device(form))
    except RoomgateError as no:
        visit.say(refused(visit.t, no))
        return _page(visit, form)
    return _page(visit, form, [_moments(one) for one in found])


def _page(visit: Visit, form: Form, found: list[dict[str, Any]] | None = None) -> Page:
    text = form.text("invitation")
    return visit.page(
        "meeting_explain.html", here=EXPLAIN, found=found, text="" if form.files.get("files") else text,
        speaks=form.all("speaks"), registered=form.text("registered"), domains=form.text("domains")[:2000],
        largest=LARGEST // 1024,
    )  # fmt: skip


def _invitation(form: Form) -> bytes:
    """The file, where one was chosen, else the text. Raises BadInput."""
    files = form.files.get("files", [])
    raw = files[0].content if files else form.text("invitation").encode()
    if not raw.strip():
        raise BadInput("Paste an invitation, or choose an .ics file.")
    return raw


def read_device(form: Form) -> Device:
    """What was chosen of the device; raises BadInput."""
    speaks = form.all("speaks")
    return Device(
        REGISTERED.get(form.text("registered")), "sip" in speaks, "h323" in speaks, read_domains(form.text("domains"))
    )


def _moments(found: dict[str, Any]) -> dict[str, Any]:
    """Its texts fit for a page, its times as times."""
    shown: dict[str, Any] = scrubbed(found)
    return {**shown, "start": parse_iso(found["start"]), "end": parse_iso(found["end"])}


ROUTES = [show_explain, explain_invitation]
