"""One request for a page: who asks, in which language, and how the answer is made."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.response import Stream

from roomgate import log
from roomgate.access.decision import Denied
from roomgate.clock import iso
from roomgate.errors import BadInput, NotFound, RoomgateError
from roomgate.hub.console import assets
from roomgate.hub.console.early import Later, render_early
from roomgate.hub.console.local import local_path
from roomgate.hub.console.notices import Notice, Notices
from roomgate.hub.console.words import LANGUAGES, Words, choose
from roomgate.hub.http.asking import Req
from roomgate.hub.http.door import LANGUAGE_COOKIE
from roomgate.hub.http.gate import Asked
from roomgate.hub.http.multipart import Part, is_multipart, read_parts
from roomgate.hub.http.problem import NO_SUCH_ROOM, Problem, build_refusal
from roomgate.hub.identity.oidc.provider import Provider
from roomgate.hub.identity.person import Signed
from roomgate.hub.relay.parts import RelayParts
from roomgate.xapi.errors import XapiError

Page = Response[bytes]
_HTML = "text/html"  # the framework adds the charset
_MOST_FIELDS = 2000


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("roomgate.hub.console"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(asset=assets.url, languages=LANGUAGES)
    made.filters.update(iso=iso, utc=utc, clock=clock, date=date)
    return made


def utc(moment: datetime) -> str:
    """The full time, for the hover."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def clock(moment: datetime) -> str:
    """What stands in the page until the script has made it local."""
    return moment.astimezone(UTC).strftime("%H:%M UTC")


def date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


ENVIRONMENT = _environment()
_FIRST = Asked()
_log = log.get("console")


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent, as text. The door has seen to its size, its origin and its token."""

    fields: Mapping[str, list[str]]
    files: Mapping[str, list[Part]] = field(default_factory=dict)  # those that were chosen, by their field

    def text(self, name: str) -> str:
        return self.fields.get(name, [""])[0].strip()

    def minutes(self) -> float:
        """How long something lasts; raises BadInput."""
        text = self.text("minutes")
        if not (text.isascii() and text.isdigit() and len(text) <= 7):
            raise BadInput("Say in minutes how long it lasts.")
        return float(text)

    def all(self, name: str) -> list[str]:
        return [text.strip() for text in self.fields.get(name, []) if text.strip()]


@dataclass(frozen=True, slots=True)
class Visit:
    """A page's request. Every page and every answer to a form is made here, so that all look alike."""

    signed: Signed
    t: Words
    notices: Notices
    now: datetime
    path: str
    host: str
    quiet: bool = False  # a look of our script's: what is to be said once waits for whoever acted
    extra: Mapping[str, Any] = field(default_factory=dict)
    relay: RelayParts | None = None  # None only where there are no rooms to speak of

    def page(self, template: str, status: int = 200, **context: Any) -> Page:
        """Render. What was to be said once is said now, if the template has a place for it."""
        told = [] if self.quiet else self.notices.take(self.signed.principal.credential)
        places = context.pop("places", ())
        context["notices"] = [n for n in told if n.at not in places]
        context["notices_at"] = {place: [n for n in told if n.at == place] for place in places}
        return _rendered(self, template, status, context)

    def early(self, template: str, later: Later, **context: Any) -> Stream:
        """Send what comes before ``late.more`` at once, and the rest with what ``later`` gives.

        What that raises the page tells in its place: ``late.said``, None where all went well.
        """

        async def told() -> Mapping[str, Any]:
            try:
                return {"said": None, **await later()}
            except Exception as fault:  # the head is sent: nobody else can tell it any more
                if not isinstance(fault, RoomgateError | XapiError):
                    log_fault(self.path, fault)
                return {"said": refusal(self.t, fault)}

        whole = _context(self, {"notices": self.notices.take(self.signed.principal.credential), "notices_at": {}})
        return Stream(render_early(ENVIRONMENT.get_template(template), whole | context, told), media_type=_HTML)

    def part(self, template: str, **context: Any) -> Page:
        """The live parts of a page alone. What is to be said once waits for the page."""
        return _rendered(self, template, 200, {"notices": [], "notices_at": {}, **context})

    def say(self, notice: Notice) -> None:
        self.notices.put(self.signed.principal.credential, notice)

    def back(self, to: str, notice: Notice | None = None) -> Page:
        """After a change: on to a page of ours, where the notice is said once."""
        if notice is not None:
            self.say(notice)
        return Response(b"", status_code=303, headers={"Location": local_path(to)}, media_type=_HTML)


Visiting = NamedDependency[Visit]  # in a route: ``visit: Visiting``
Relayed = NamedDependency[RelayParts]  # in a route: ``relay: Relayed``


def _rendered(visit: Visit, template: str, status: int, context: Mapping[str, Any]) -> Page:
    html = ENVIRONMENT.get_template(template).render(_context(visit, context))
    return Response(html.encode(), status_code=status, media_type=_HTML)


def _context(visit: Visit, context: Mapping[str, Any]) -> dict[str, Any]:
    """What every template finds, and this one."""
    signed = visit.signed
    return {
        "t": visit.t, "me": signed, "csrf": signed.web.csrf if signed.web else "", "now": visit.now,
        "path": visit.path, "host": visit.host, **visit.extra, **context,
    }  # fmt: skip


def log_fault(path: str, fault: Exception) -> None:
    """Of an error that is not ours, which tells people nothing of itself."""
    _log.error("page.failed", path=path, error=f"{type(fault).__name__}: {fault}"[:300])


def words_of(request: Req) -> Words:
    return choose(request.cookies.get(LANGUAGE_COOKIE, ""), request.headers.get("accept-language", ""))


async def read_form(request: Req) -> Form:
    kind, body = request.headers.get("content-type", ""), await request.body()
    if not is_multipart(kind):
        return Form(parse_qs(body.decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS))
    fields: defaultdict[str, list[str]] = defaultdict(list)
    files: defaultdict[str, list[Part]] = defaultdict(list)
    for part in read_parts(kind, body):
        if part.filename is None:
            fields[part.name].append(part.content.decode("utf-8", "replace"))
        elif part.filename:  # a browser sends a field in which nothing was chosen as a file without a name
            files[part.name].append(part)
    return Form(fields, files)


def language_cookie(language: str) -> Cookie:
    return Cookie(LANGUAGE_COOKIE, value=language, secure=True, httponly=True, samesite="lax", max_age=365 * 86400)


def sign_in_page(
    words: str = "", accepted: str = "", chosen: str = "", asked: Asked = _FIRST, *, providers: Sequence[Provider] = ()
) -> bytes:
    """What anonymous visitors see, wherever they went. ``words``: what went wrong, in a sentence."""
    t = choose(chosen, accepted)
    template = ENVIRONMENT.get_template("signin_second.html" if asked.step == "second" else "signin.html")
    return template.render(t=t, said=t.said(words), hint=t.said(asked.hint), asked=asked, providers=providers).encode()


def turned_away_page(problem: Problem, accepted: str = "", chosen: str = "") -> bytes:
    """For a request that did not get past the door: a form that is out of date, too much at once."""
    t = choose(chosen, accepted)
    return ENVIRONMENT.get_template("turned_away.html").render(t=t, problem=problem).encode()


@dataclass(frozen=True, slots=True)
class Said:
    """A refusal as a page or a notice says it."""

    status: int
    text: str
    hint: str
    code: str


def refusal(t: Words, fault: Exception) -> Said:
    """What went wrong, what to do next and the code for support. An error that is not ours says nothing of itself."""
    if isinstance(fault, Denied) and not fault.some_grant:
        fault = NotFound(NO_SUCH_ROOM)
    problem = build_refusal(fault).problem
    if isinstance(fault, RoomgateError | XapiError):
        return Said(problem.status, t.said(fault.message), t.said(fault.hint), problem.rule or fault.code)
    return Said(problem.status, t("error.internal"), t("error.internal-hint"), problem.code)


def refused(t: Words, fault: Exception, at: str = "") -> Notice:
    said = refusal(t, fault)
    return Notice("bad", t("said.refused"), f"{said.text} {said.hint}".strip(), said.code, at)
