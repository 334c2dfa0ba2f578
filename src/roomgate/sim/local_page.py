"""The device's own web page: sign-in, facts, and the passphrases of its accounts. A design of our own.

Its bytes are stable: the sign-in page and the script never change while the program runs, so a client that
hashes them notices whoever changes them on the way.
"""

import secrets
from html import escape
from string import Template

from roomgate.errors import BadInput
from roomgate.sim.accounts import Account, Login, LoginFailed, SessionsFull
from roomgate.sim.room import Room
from roomgate.sim.servers.asgi import HttpRequest, HttpResponse, load_file, page, see_other, static, text

COOKIE = "room_session"
_MOST_SIGNED_IN = 5
_FILES = {"/web/hello.js": "hello.js", "/web/tokens.css": "tokens.css", "/web/components.css": "components.css"}
_FILES |= {"/web/device.css": "device.css"}


class LocalPage:
    """Answers the requests of one room's web page."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._signin, self._home, self._users = (
            Template(load_file(name).decode()) for name in ("signin.html", "home.html", "users.html")
        )

    def answer(self, request: HttpRequest, origin: str) -> HttpResponse:
        """The response to any request."""
        if request.method == "GET" and request.path in _FILES:
            return static(_FILES[request.path])
        if request.method == "POST" and not request.is_same_origin:
            return text(403, "Refused: another site's page sent this")
        try:
            match request.method, request.path:
                case ("GET", "/"):
                    return see_other("/web/signin")
                case ("GET", "/web/signin"):
                    return self._show_signin(200, "")
                case ("POST", "/web/signin"):
                    return self._sign_in(request, origin)
                case ("POST", "/web/signout"):
                    return self._sign_out(request)
                case ("GET", "/web" | "/web/"):
                    return self._show_home(request)
                case ("GET", "/web/users"):
                    return self._show_users(request, 200, "")
                case ("POST", "/web/users"):
                    return self._set_passphrase(request)
                case _:
                    return text(404, "Nothing here")
        except BadInput as bad:
            return text(400, bad.message)

    def _show_signin(self, status: int, notice: str) -> HttpResponse:
        return page(status, self._signin.substitute(notice=_banner(notice)))

    def _sign_in(self, request: HttpRequest, origin: str) -> HttpResponse:
        form = request.form()
        room = self._room
        if not room.gate.admit(room.clock.monotonic()):
            return text(503, "Too many requests")
        try:
            _, login = room.log_in(form.get("user", ""), form.get("passphrase", ""), "Web", origin)
        except LoginFailed:
            return self._show_signin(403, "Wrong user or passphrase.")
        except SessionsFull:
            return self._show_signin(503, "Too many sessions are open.")
        finally:
            room.settle()
        self._make_room(login)
        token = secrets.token_urlsafe(24)
        room.web_tokens[token] = login
        return see_other("/web/", ("set-cookie", f"{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Strict"))

    def _make_room(self, fresh: Login) -> None:
        """A browser that was closed never signs out; so of one account's sign-ins only the newest few are kept."""
        accounts = self._room.device.accounts
        own = [one for one in accounts.logins.values() if (one.account, one.kind) == (fresh.account, "Web")]
        for old in own[:-_MOST_SIGNED_IN]:
            accounts.end(old.id)
        self._room.settle()

    def _sign_out(self, request: HttpRequest) -> HttpResponse:
        login = self._room.web_tokens.pop(request.cookie(COOKIE), None)
        if login is not None:
            self._room.device.accounts.close(login.id)
        return see_other("/web/signin", ("set-cookie", f"{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly"))

    def _who(self, request: HttpRequest) -> tuple[Account, Login] | None:
        login = self._room.web_tokens.get(request.cookie(COOKIE))
        account = self._room.device.accounts.by_name.get(login.account) if login else None
        return (account, login) if account and login and login.id in self._room.device.accounts.logins else None

    def _show_home(self, request: HttpRequest) -> HttpResponse:
        who = self._who(request)
        if who is None:
            return see_other("/web/signin")
        read = self._room.device.state.read
        facts = {
            "Product": read("Status", "SystemUnit", "ProductId"),
            "Software": read("Status", "SystemUnit", "Software", "DisplayName"),
            "Serial number": read("Status", "SystemUnit", "Hardware", "Module", "SerialNumber"),
            "Address": read("Status", "Network", 1, "IPv4", "Address"),
            "MAC address": read("Status", "Network", 1, "Ethernet", "MacAddress"),
            "Registration": read("Status", "SIP", "Registration", 1, "Status"),
        }
        rows = "\n".join(f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in facts.items())
        return page(200, self._home.substitute(room=self._title(), account=escape(who[0].name), facts=rows))

    def _show_users(self, request: HttpRequest, status: int, notice: str, *, good: bool = False) -> HttpResponse:
        who = self._who(request)
        if who is None:
            return see_other("/web/signin")
        if "Admin" not in who[0].roles:
            return text(403, "Only an account with the role Admin may see this page")
        now = self._room.clock.now()
        rows = []
        for row in self._room.device.accounts.listed(now):
            state = "Locked out" if row["Blocked"] == "True" else "Active" if row["Active"] == "True" else "Inactive"
            roles = ", ".join(one["Role"] for one in row["Roles"])
            cells = f'<td data-label="Roles">{escape(roles)}</td><td data-label="State">{state}</td>'
            rows.append(f'<tr><th scope="row">{escape(row["Username"])}</th>{cells}</tr>')
        names = "\n".join(
            f'<option value="{escape(name)}">{escape(name)}</option>' for name in self._room.device.accounts.by_name
        )
        body = self._users.substitute(
            room=self._title(),
            account=escape(who[0].name),
            rows="\n".join(rows),
            names=names,
            notice=_banner(notice, good=good),
        )
        return page(status, body)

    def _set_passphrase(self, request: HttpRequest) -> HttpResponse:
        who = self._who(request)
        if who is None:
            return see_other("/web/signin")
        form, accounts = request.form(), self._room.device.accounts
        target, passphrase = accounts.by_name.get(form.get("username", "")), form.get("passphrase", "")
        if "Admin" not in who[0].roles:
            return text(403, "Only an account with the role Admin may do this")
        if target is None:
            return self._show_users(request, 400, "Choose an account.")
        if weakness := self._room.device.users.weakness(passphrase):
            return self._show_users(request, 400, f"{weakness}.")
        if "Admin" in target.roles and not who[0].has(form.get("own", "")):
            return self._show_users(request, 403, "Your own passphrase is needed for an account with the role Admin.")
        invalidate, now = form.get("invalidate") == "on", self._room.clock.now()
        accounts.change(target, passphrase, by=who[0].name, how="web", invalidate=invalidate, now=now)
        self._room.settle()
        return self._show_users(request, 200, f"The passphrase of {target.name} is changed.", good=True)

    def _title(self) -> str:
        return escape(str(self._room.device.state.read("Configuration", "SystemUnit", "Name")))


def _banner(notice: str, *, good: bool = False) -> str:
    kind = "ok" if good else "bad"
    return f'<div class="banner banner-{kind}" role="status"><p>{escape(notice)}</p></div>' if notice else ""
