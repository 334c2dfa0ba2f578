"""The console put together: its pages behind the hub's door, and its sign-in page in front of it."""

from collections.abc import Sequence
from functools import partial

from litestar import Response, Router, get, post
from litestar.di import Provide
from litestar.exceptions import HTTPException

from roomgate.clock import Clock
from roomgate.errors import BadInput, NotFound, RoomgateError
from roomgate.hub.alerts import pages as alerts_pages
from roomgate.hub.approvals import pages as approvals_pages
from roomgate.hub.backups import pages as backups_pages
from roomgate.hub.console import assets
from roomgate.hub.console.notices import Notices
from roomgate.hub.console.visit import (
    Page,
    Visit,
    Visiting,
    language_cookie,
    log_fault,
    read_form,
    refusal,
    sign_in_page,
    turned_away_page,
    words_of,
)
from roomgate.hub.console.words import LANGUAGES
from roomgate.hub.cuts import pages as cuts_pages
from roomgate.hub.extensions import pages as extensions_pages
from roomgate.hub.findings import pages as findings_pages
from roomgate.hub.fleet import pages as fleet_pages
from roomgate.hub.grants import pages as grants_pages
from roomgate.hub.http.asking import Req, give, given, parts_of, signed_of
from roomgate.hub.http.door import Front
from roomgate.hub.identity import device_pages
from roomgate.hub.identity import pages as identity_pages
from roomgate.hub.identity.oidc import pages as oidc_pages
from roomgate.hub.identity.oidc.provider import Provider
from roomgate.hub.identity.scim import pages as scim_pages
from roomgate.hub.inventory import pages as inventory_pages
from roomgate.hub.meetings import explain_pages as meetings_explain_pages
from roomgate.hub.meetings import pages as meetings_pages
from roomgate.hub.meetings import room_pages as meetings_room_pages
from roomgate.hub.meetings import rules_pages as meetings_rules_pages
from roomgate.hub.phonebook import pages as phonebook_pages
from roomgate.hub.restoration import pages as restoration_pages
from roomgate.hub.roles import pages as roles_pages
from roomgate.hub.rooms import pages as rooms_pages
from roomgate.hub.rooms import room_page, tunnel_page
from roomgate.hub.security import log_pages as security_log_pages
from roomgate.hub.security import pages as security_pages
from roomgate.hub.settings import pages as settings_pages
from roomgate.hub.settings.drafts import Drafts
from roomgate.hub.status import pages as status_pages
from roomgate.xapi.errors import XapiError

# Behind the door, every one.
PAGES = [
    *rooms_pages.ROUTES,
    *inventory_pages.ROUTES,
    *status_pages.ROUTES,
    *alerts_pages.ROUTES,
    *findings_pages.ROUTES,
    *room_page.ROUTES,
    *backups_pages.ROUTES,
    *phonebook_pages.ROUTES,
    *meetings_pages.ROUTES,
    *meetings_room_pages.ROUTES,
    *meetings_explain_pages.ROUTES,
    *meetings_rules_pages.ROUTES,
    *security_pages.ROUTES,
    *security_log_pages.ROUTES,
    *settings_pages.ROUTES,
    *tunnel_page.ROUTES,
    *extensions_pages.ROUTES,
    *grants_pages.ROUTES,
    *approvals_pages.ROUTES,
    *roles_pages.ROUTES,
    *identity_pages.ROUTES,
    *scim_pages.ROUTES,
    *device_pages.ROUTES,
    *oidc_pages.ROUTES,
    *restoration_pages.ROUTES,
    *cuts_pages.ROUTES,
    *fleet_pages.ROUTES,
]


def console_front(providers: Sequence[Provider] = ()) -> Front:
    """What the door shows to whoever is not signed in; with a button for each of the providers."""
    return Front(sign_in_page=partial(sign_in_page, providers=providers), refused_page=turned_away_page)


def given_to_pages(clock: Clock) -> dict[str, object]:
    """What the pages of one hub find in it, beside the relay."""
    return {"notices": Notices(), "drafts": Drafts(clock)}


def visit_of(request: Req) -> Visit:
    """Who looks at which page, and what each page says at its top."""
    parts = parts_of(request)
    host = request.headers.get("host", "")
    quiet = "x-look" in request.headers
    who, t, now = signed_of(request), words_of(request), parts.clock.now()
    extra = {
        "safe_mode": parts.restorations.safe_mode,
        "loud": parts.break_glass.shown_to(who),
        "alarms": parts.alerts.count(who),
    }
    notices, relay = given(request, "notices"), given(request, "relay")
    return Visit(who, t, notices, now, request.url.path, host[:255], quiet, extra, relay)


def refuse(request: Req, fault: Exception) -> Page:
    """A refusal as a page. An error that is not ours is logged and says nothing of itself."""
    if isinstance(fault, HTTPException):
        missing = fault.status_code in (404, 405)  # an address that only takes forms is no page either
        fault = NotFound("There is no such page.") if missing else BadInput(fault.detail[:200])
    visit = visit_of(request)
    said = refusal(visit.t, fault)
    if not isinstance(fault, RoomgateError | XapiError):
        log_fault(request.url.path, fault)
    return visit.page("refused.html", said.status, said=said)


@get("/signin", include_in_schema=False)
async def sign_in(visit: Visiting) -> Page:
    """Whoever comes here signed in is where they wanted to be; the door answers everybody else."""
    return visit.back("/rooms")


@post("/language", include_in_schema=False, status_code=303)
async def language(request: Req, visit: Visiting) -> Response[bytes]:
    form = await read_form(request)
    answer = visit.back(form.text("back"))
    if form.text("to") in LANGUAGES:
        answer.set_cookie(language_cookie(form.text("to")))
    return answer


# All pages and their static files; they rely on the door.
CONSOLE = (
    assets.static,
    Router(
        "/",
        route_handlers=[sign_in, language, *PAGES],
        dependencies={
            "visit": Provide(visit_of, sync_to_thread=False),
            "relay": give("relay"),
            "drafts": give("drafts"),
            "meetings": give("meetings"),
        },
        exception_handlers={RoomgateError: refuse, XapiError: refuse, HTTPException: refuse, Exception: refuse},
        include_in_schema=False,
    ),
)
