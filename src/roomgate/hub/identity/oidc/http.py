"""The three addresses that a provider leads to or calls, and REST for who is whom there.

The addresses are open to strangers: what comes proves itself, or is refused. A sign-in ends on a page of ours that
leads on by itself, since a browser keeps back our strict cookie from a request that another site began.
"""

from collections.abc import Mapping
from dataclasses import asdict
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath, FromQuery, JSONBody

from roomgate.access.principal import Right
from roomgate.clock import iso
from roomgate.errors import NotFound, RoomgateError
from roomgate.hub.console.local import local_path
from roomgate.hub.console.visit import ENVIRONMENT, Page, refusal, words_of
from roomgate.hub.http.asking import Hub, Req, Who, source_of
from roomgate.hub.http.door import COOKIE
from roomgate.hub.http.problem import build_refusal
from roomgate.hub.identity.oidc import flow
from roomgate.hub.identity.oidc.flow import Answered
from roomgate.hub.identity.oidc.store import Linked

_HTML = "text/html"


@get("/auth/{provider:str}/start", include_in_schema=False)
async def start(request: Req, parts: Hub, provider: FromPath[str]) -> Page:
    """On to the provider. Afterwards back to the page of ours where the button was."""
    try:
        url, begun = await parts.sign_on.begin(provider, _came_from(request))
    except RoomgateError as no:
        return _refused(request, no)
    return Response(
        b"", status_code=303, headers={"Location": url}, cookies=[_begun_cookie(begun)], media_type=_HTML,
    )  # fmt: skip


@get("/auth/{provider:str}/callback", include_in_schema=False)
async def callback(request: Req, parts: Hub, provider: FromPath[str]) -> Page:
    answered = _read(request.scope["query_string"])
    cookie, agent = request.cookies.get(flow.COOKIE, ""), request.headers.get("user-agent", "")
    try:
        finished = await parts.sign_on.finish(provider, answered, cookie, source_of(request), agent)
    except RoomgateError as no:
        return _refused(request, no)
    cookies = [_begun_cookie("")]
    if finished.cookie is not None:
        cookies.append(
            Cookie(COOKIE, value=finished.cookie.reveal(), secure=True, httponly=True, samesite="strict")
        )  # fmt: skip
    return onward(request, finished.back, cookies)


@post("/auth/{provider:str}/callback", include_in_schema=False)
async def callback_by_form(request: Req, parts: Hub, provider: FromPath[str]) -> Page:
    """For providers that answer by a form of another site, with which the browser sends no cookie: so once again."""
    answered = _read(await request.body())
    again = urlencode({key: value for key, value in asdict(answered).items() if value})
    known = provider in {one.name for one in parts.sign_on.providers}
    if not known:
        return _refused(request, NotFound("There is no such identity provider."))
    return Response(
        b"", status_code=303, headers={"Location": f"/auth/{provider}/callback?{again}"}, media_type=_HTML,
    )  # fmt: skip


@post("/auth/{provider:str}/logout", include_in_schema=False, status_code=200)
async def logout(request: Req, parts: Hub, provider: FromPath[str]) -> Response[bytes]:
    """Back-channel logout: 200 once the cut is written, else an error of OAuth's form."""
    form = request.headers.get("content-type", "").split(";")[0].strip().lower()
    token = _once(await request.body(), "logout_token") if form == "application/x-www-form-urlencoded" else ""
    try:
        await parts.sign_on.logout(provider, token, source_of(request))
    except RoomgateError as no:
        found = build_refusal(no)
        status = found.status if found.status in (404, 429, 503) else 400
        error = {"error": "invalid_request", "error_description": no.message}
        headers = {**dict(found.headers), "Cache-Control": "no-store"}
        return Response(
            msgspec.json.encode(error), status_code=status, headers=headers, media_type="application/json",
        )  # fmt: skip
    return Response(b"", status_code=200, headers={"Cache-Control": "no-store"}, media_type="text/plain")


def onward(request: Req, to: str, cookies: list[Cookie]) -> Page:
    """A page of ours that leads on by itself, and has a link for browsers that do not."""
    html = ENVIRONMENT.get_template("signin_provider.html").render(t=words_of(request), to=to, said=None)
    return Response(
        html.encode(), status_code=200, headers={"Refresh": f"0; url={to}"}, cookies=cookies, media_type=_HTML
    )


def begun_page(request: Req, url: str, begun: str) -> Page:
    """The same on to the provider: a form of ours may not be answered by leading elsewhere."""
    return onward(request, url, [_begun_cookie(begun)])


def _refused(request: Req, fault: RoomgateError) -> Page:
    t = words_of(request)
    said = refusal(t, fault)
    html = ENVIRONMENT.get_template("signin_provider.html").render(t=t, to="/signin", said=said)
    headers = dict(build_refusal(fault).headers)
    return Response(
        html.encode(), status_code=said.status, headers=headers, cookies=[_begun_cookie("")], media_type=_HTML,
    )  # fmt: skip


def _begun_cookie(value: str) -> Cookie:
    """Lax: the provider's answer is a request that another site began. Empty: it is taken back."""
    age = round(flow.WITHIN_S) if value else 0
    return Cookie(flow.COOKIE, value=value, secure=True, httponly=True, samesite="lax", max_age=age)


def _came_from(request: Req) -> str:
    page = urlsplit(request.headers.get("referer", ""))
    own = page.netloc.lower() == request.headers.get("host", "").lower()
    path = local_path(page.path) if own else "/rooms"
    return "/rooms" if path == "/signin" or path.startswith("/auth/") else path


def _read(raw: bytes) -> Answered:
    return Answered(*(_once(raw, key) for key in ("state", "code", "iss", "error")))


def _once(raw: bytes, key: str) -> str:
    """A field of a form or query; "" where it is missing, or there twice: we do not guess which is meant."""
    try:
        fields: Mapping[str, list[str]] = parse_qs(raw.decode("ascii"), keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return ""
    found = fields.get(key, [])
    return found[0] if len(found) == 1 else ""


# ---- REST -------------------------------------------------------------------------------------------


class IdentityShown(msgspec.Struct, frozen=True):
    issuer: str
    subject: str
    person: str
    created: str
    seen: str


class NewIdentity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A subject of a provider that is configured, exactly as the provider's tokens have it."""

    issuer: str
    subject: str


class Identities(msgspec.Struct, frozen=True):
    items: list[IdentityShown]


def show_identity(linked: Linked) -> IdentityShown:
    return IdentityShown(linked.issuer, linked.subject, linked.person, iso(linked.created), iso(linked.seen))


@get("/people/{id:str}/identities")
async def list_identities(parts: Hub, signed: Who, id: FromPath[str]) -> Identities:
    """One's own, or anybody's with the right to see people."""
    if not (signed.may(Right.PEOPLE) or signed.may(Right.SEE) or id in (signed.person.id, signed.person.name)):
        raise NotFound("There is nobody of this name.")
    person = await parts.identity.get(id)
    return Identities([show_identity(one) for one in await parts.sign_on.identities(person.id)])


@post("/people/{id:str}/identities")
async def add_identity(parts: Hub, signed: Who, id: FromPath[str], data: JSONBody[NewIdentity]) -> IdentityShown:
    return show_identity(await parts.sign_on.link(id, data.issuer, data.subject, signed))


@delete("/people/{id:str}/identities")
async def remove_identity(
    parts: Hub, signed: Who, id: FromPath[str], issuer: FromQuery[str], subject: FromQuery[str]
) -> None:
    await parts.sign_on.unlink(id, issuer, subject, signed)


ROUTES = [start, callback, callback_by_form, logout]
API = Router("/", tags=["identity"], route_handlers=[list_identities, add_identity, remove_identity])
