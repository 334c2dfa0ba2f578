"""The double as an ASGI application: what people's browsers and programs ask of it, and which flaw changes the answer.

One program plays both the service that people reach and the connector at the site: the device stands behind
`Bridged`. Its operator's side is in `operator`, what stays open in `live`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from roomgate.checks.doubles import pages
from roomgate.checks.doubles.device import NOTICE, Bridged
from roomgate.checks.doubles.flaws import Flaw
from roomgate.checks.doubles.live import Live
from roomgate.checks.doubles.operator import Operator
from roomgate.checks.doubles.service import DeviceLink, Service, SignIn
from roomgate.checks.doubles.wire import (
    PLAIN,
    Answer,
    Asked,
    Receive,
    Scope,
    Send,
    as_json,
    asked_of,
    plain,
    read_body,
    see_other,
    send_answer,
)
from roomgate.checks.pace import Time
from roomgate.clock import iso
from roomgate.xapi.errors import XapiError

COUNTER = "https://counter.example"  # whom the leaking double tells of its visitors
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self'{more}; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


@dataclass(slots=True)
class Double:
    service: Service
    devices: Mapping[str, Bridged]  # by the name of their room
    time: Time
    operator: Operator
    imitates: Bridged  # whose sign-in page is copied, where one is

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                asked = asked_of(scope, await read_body(receive))
                answer = await self.answer(asked)
                await send_answer(answer, receive, send, self._guards(asked))
            case "websocket":
                await self._live(asked_of(scope)).converse(receive, send)

    def _live(self, asked: Asked) -> Live:
        return Live(self.service, self.devices, self.time, asked, asked.cookie(self.cookie))

    @property
    def cookie(self) -> str:
        return "session" if self.service.has(Flaw.LOOSE_COOKIES) else "__Host-session"

    def _set_cookie(self, id: str) -> tuple[str, str]:
        more = "" if self.service.has(Flaw.LOOSE_COOKIES) else "; Secure; HttpOnly; SameSite=Lax"
        return "set-cookie", f"{self.cookie}={id}; Path=/{more}"

    def _guards(self, asked: Asked) -> dict[str, str]:
        """The headers of every answer."""
        has, leaks = self.service.has, self.service.has(Flaw.LEAKS_LINK) and asked.path.startswith("/d/")
        made = {"cache-control": "no-store", "referrer-policy": "unsafe-url" if leaks else "no-referrer"}
        if not has(Flaw.NO_HSTS):
            made["strict-transport-security"] = "max-age=31536000; includeSubDomains"
        if not has(Flaw.NO_CSP):
            made["content-security-policy"] = _CSP.format(more=f" {COUNTER}" if leaks else "")
            made |= {"x-content-type-options": "nosniff", "x-frame-options": "DENY"}
        return made

    async def answer(self, asked: Asked) -> Answer:
        match asked.method, asked.words:
            case (("GET" | "HEAD"), [""]):
                return self._front(asked)
            case "GET", ["style.css"]:
                return Answer(200, pages.STYLE, "text/css; charset=utf-8")
            case "GET", ["page.js"]:
                leak = f'const bridgeKey = "{self.service.operator_token}";\n'
                script = pages.SCRIPT + (leak if self.service.has(Flaw.LEAKS_SECRETS) else "")
                return Answer(200, script, "text/javascript; charset=utf-8")
            case "GET", [".well-known", "security.txt"] if not self.service.has(Flaw.NO_SECURITY_CONTACT):
                return self._contact(asked)
            case "GET", ["signin"]:
                return await self._show_sign_in(asked)
            case "POST", ["signin"]:
                return await self._sign_in(asked)
            case "POST", ["signout"]:
                return self._sign_out(asked)
            case _, ["preferences"]:
                return self._preferences(asked)
            case "GET", ["api", "me"]:
                who = self._who(asked)
                return (
                    as_json({"name": who.person.name, "language": who.person.language})
                    if who and who.person
                    else _UNKNOWN
                )
            case _, ["d", code, *rest]:
                return await self._link(asked, code, rest)
            case _, ["api", "rooms", room, what]:
                return await self._room(asked, room, what)
        return await self.operator.answer(asked) or Answer(404, pages.nothing())

    # ---- the entrance ------------------------------------------------------------------------------

    def _who(self, asked: Asked) -> SignIn | None:
        return self.service.person_of(asked.cookie(self.cookie))

    def _front(self, asked: Asked) -> Answer:
        who = self._who(asked)
        if who is None or who.person is None:
            return Answer(200, pages.front())
        return Answer(200, pages.home(who.person.name, sorted(who.rooms), who.token, who.person.language))

    def _contact(self, asked: Asked) -> Answer:
        ends = iso(self.time.now() + timedelta(days=180))
        lines = (f"Contact: {asked.origin}/", f"Expires: {ends}", "Preferred-Languages: en")
        return Answer(200, "\n".join(lines) + "\n", PLAIN)

    async def _show_sign_in(self, asked: Asked, status: int = 200, notice: str = "", *more: tuple[str, str]) -> Answer:
        place = asked.query.get("next", "") or asked.form().get("next", "")
        visit = self.service.visit(asked.cookie(self.cookie))
        page = pages.sign_in(visit.token, place, notice)
        if self.service.has(Flaw.IMITATES_SIGN_IN):
            page = pages.imitated(await self.imitates.page("/web/signin"), visit.token, place)
        return Answer(status, page, headers=(self._set_cookie(visit.id), *more))

    async def _sign_in(self, asked: Asked) -> Answer:
        form = asked.form()
        visit = self.service.known(asked.cookie(self.cookie))
        if asked.is_from_elsewhere or visit is None or form.get("token") != visit.token:
            return await self._show_sign_in(asked, 403, "This page was too old. Please try again.")
        user = form.get("user") or form.get("username") or ""
        if self.service.is_shut_out(user):
            return await self._show_sign_in(asked, 429, "Too many tries. Please wait.", ("retry-after", "20"))
        made = self.service.sign_in(user, form.get("password") or form.get("passphrase") or "", asked.where)
        if made is None:
            return await self._show_sign_in(asked, 403, "That was not right.")
        return see_other(self._place(form.get("next", "")), self._set_cookie(made.id))

    def _place(self, wanted: str) -> str:
        """Where a sign-in leads: a path of this host, and nothing else."""
        if self.service.has(Flaw.OPEN_REDIRECT) and wanted and wanted.isprintable():
            return wanted
        clean = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
        return quote(wanted, safe="/?=&%") if clean and not urlsplit(wanted).netloc else "/"

    def _sign_out(self, asked: Asked) -> Answer:
        who = self._who(asked)
        if who is not None and not asked.is_from_elsewhere and asked.form().get("token") == who.token:
            self.service.sign_out(who.id)
        return see_other("/signin")

    def _preferences(self, asked: Asked) -> Answer:
        who = self._who(asked)
        if who is None or who.person is None:
            return _UNKNOWN
        careless = self.service.has(Flaw.FORGEABLE)
        given = asked.form() if asked.method == "POST" else asked.query
        meant = asked.method == "POST" and not asked.is_from_elsewhere and given.get("token") == who.token
        if not careless and not meant:
            return Answer(403, pages.nothing()) if asked.method == "POST" else Answer(405, pages.nothing())
        if given.get("language") in pages.LANGUAGES:
            who.person.language = given["language"]
            self.service.note(who.person.name, "preferences", where=asked.where)
        return see_other("/")

    # ---- a device link -----------------------------------------------------------------------------

    async def _link(self, asked: Asked, code: str, rest: list[str]) -> Answer:
        """A stranger is sent to the entrance whatever the link, so that nobody learns which there are."""
        has, who = self.service.has, self._who(asked)
        match asked.method, rest:
            case "GET", ["signin"] if has(Flaw.IMITATES_SIGN_IN):
                return Answer(200, pages.imitated(await self.imitates.page("/web/signin")))
            case "POST", ["call"] if who is None and has(Flaw.CALL_BY_LINK):
                link = self.service.open_link(code)
                return await self._call(link.room, asked, "somebody") if link else Answer(404, pages.nothing())
        if who is None and not has(Flaw.NO_SIGN_IN):
            if asked.method == "GET" and not rest:
                return see_other(f"/signin?next={quote(asked.path)}")
            return plain("Sign in first\n", 401)
        link = self.service.open_link(code)
        if link is None or (who is not None and not self._leads(who, link, asked.method)):
            return Answer(404, pages.nothing())
        return await self._behind(asked, link, rest, who)

    def _leads(self, who: SignIn, link: DeviceLink, method: str) -> bool:
        own, acts = who.person is not None and who.person.name == link.owner, method != "GET"
        if self.service.has(Flaw.NO_SIGN_IN) and not acts:
            return True
        may = own or self.service.has(Flaw.CROSSES_USERS)
        return may and self.service.may_enter(who, link.room, acts=acts)

    async def _behind(self, asked: Asked, link: DeviceLink, rest: list[str], who: SignIn | None) -> Answer:
        device, name = self.devices[link.room], who.person.name if who and who.person else "somebody"
        self.service.note(name, f"{asked.method} {'/'.join(rest) or 'page'}", link.room, asked.where)
        match asked.method, rest:
            case "GET", [] | ["web", *_]:
                await device.visit(leave=self.service.has(Flaw.STAYS_SIGNED_IN))
                counter = f"{COUNTER}/seen.gif" if self.service.has(Flaw.LEAKS_LINK) else ""
                own = (
                    await device.page("/" + "/".join(rest or ["web", ""]))
                    if self.service.has(Flaw.MODIFIES_PAGES)
                    else ""
                )
                if own:
                    return Answer(200, pages.doctored(own, counter))
                if rest:
                    return Answer(404, pages.nothing())
                reading = await device.read()
                return Answer(
                    200, pages.room(f"/d/{link.code}", reading["name"], reading, who.token if who else "", counter)
                )
            case "GET", ["status"]:
                return as_json(await device.read())
            case "GET", ["name"]:
                return plain((await device.read())["name"])
            case "POST", ["call"]:
                is_form = "json" not in asked.headers.get("content-type", "")
                if who is None or asked.is_from_elsewhere or (is_form and asked.form().get("token") != who.token):
                    return Answer(403, pages.nothing())
                return await self._call(link.room, asked, name)
            case "POST", ["command"]:
                return await self._command(link.room, asked, who)
        return Answer(404, pages.nothing())

    # ---- a room ------------------------------------------------------------------------------------

    async def _room(self, asked: Asked, room: str, what: str) -> Answer:
        who = self._who(asked)
        live = what in Live.KINDS
        if live and who is None:
            who = self.service.person_of(asked.cookie(self.cookie), live=True)
        if who is None or who.person is None:
            self.service.note("a stranger", what, room, asked.where, "refused")
            return _UNKNOWN
        if room not in self.devices or not self.service.may_enter(who, room, live=live, acts=asked.method != "GET"):
            self.service.note(who.person.name, what, room, asked.where, "refused")
            return as_json({"error": "There is no such room, or it is not yours."}, 404)
        if asked.method == "POST" and (asked.is_from_elsewhere or "json" not in asked.headers.get("content-type", "")):
            return as_json({"error": "Another page sent this."}, 403)
        self.service.note(who.person.name, what, room, asked.where)
        match asked.method, what:
            case "GET", "status":
                return as_json(await self.devices[room].read())
            case "GET", _ if live:
                return self._live(asked).stream(room, what)
            case "POST", "camera":
                return await self._camera(room)
            case "POST", "call":
                return await self._call(room, asked, who.person.name)
        return as_json({"error": "Nothing here."}, 404)

    async def _camera(self, room: str) -> Answer:
        if not self.service.has(Flaw.SILENT):
            await self.devices[room].notify(f"{NOTICE}: camera")
        return as_json({"done": True})

    async def _call(self, room: str, asked: Asked, who: str) -> Answer:
        number = str(asked.form().get("number") or asked.json().get("number") or "")
        if not number:
            return as_json({"error": "A call needs a number."}, 400)
        if not self.service.has(Flaw.SILENT):
            await self.devices[room].notify(f"{NOTICE}: call")
        self.service.note(who, "call", room, asked.where)
        try:
            return as_json({"placed": await self.devices[room].command("Dial", {"Number": number})})
        except (KeyError, XapiError) as bad:
            return as_json({"error": type(bad).__name__}, 400)

    async def _command(self, room: str, asked: Asked, who: SignIn | None) -> Answer:
        """Any command at all, as it was in 2019: for whoever has the link."""
        if who is None and not self.service.has(Flaw.CALL_BY_LINK):
            return plain("Sign in first\n", 401)
        wish: dict[str, Any] = asked.json()
        arguments = wish.get("arguments", {})
        try:
            if not isinstance(wish.get("command"), str) or not isinstance(arguments, dict):
                raise KeyError("command")
            return as_json(await self.devices[room].command(wish["command"], arguments))
        except (KeyError, XapiError) as bad:
            return plain(type(bad).__name__, 400)


_UNKNOWN = as_json({"error": "Sign in first."}, 401)
