"""A: a classic portal. Pages that the server makes, sessions in cookies, addresses that name a room. Sound."""

import secrets
import socket
import sys
import time
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import uvicorn
from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.response import Redirect

from strangers.ground import HEAD, PATIENCE, SHORT, say_ready

TRUTH = {
    # Written as pass at first, for the address is a name. What ends is the sign-in, and four seconds do not show that.
    "K02": "inconclusive",
    "K01": "pass", "K03": "pass", "K04": "pass", "K05": "not-applicable", "K09": "pass", "K10": "pass",
    "K11": "pass", "K12": "pass", "K13": "pass", "K14": "pass", "K15": "pass", "K16": "pass", "K17": "not-applicable",
    "K18": "pass", "K19": "pass", "K20": "pass", "K27": "pass", "K29": "pass", "K30": "pass",
}  # fmt: skip
SHIELD = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
ROOMS = {
    "5b0d8d7e-6a53-4b52-9f39-3a1e7c0a9d11": ("Board room", "FTT2203A7K1", "alice"),
    "e7a0b2f4-93c4-4f6c-8d55-c2f8a3d90b27": ("Library", "FTT2203B9Q4", "bob"),
}
ALICE_ROOM, BOB_ROOM = ROOMS


@dataclass
class Person:
    password: str
    enabled: bool = True
    rooms: set[str] = field(default_factory=set)
    wrong: int = 0
    until: float = 0.0


PEOPLE = {
    "alice": Person("Winter-garden-41", rooms={ALICE_ROOM}),
    "bob": Person("Summer-house-92", rooms={BOB_ROOM}),
    "trial": Person("Autumn-leaves-17"),
}
BEFORE: dict[str, str] = {}  # a visitor before signing in, and the token of the form
SESSIONS: dict[str, tuple[str, str]] = {}  # a session, whose it is, and the token of its forms
VOLUME = dict.fromkeys(ROOMS, 50)
OPERATOR = "op-" + secrets.token_urlsafe(24)


def page(title: str, body: str, status: int = 200, headers: dict[str, str] | None = None) -> Response[str]:
    text = f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title></head><body>{body}</body></html>"
    return Response(text, status_code=status, media_type=MediaType.HTML, headers={**SHIELD, **(headers or {})})


def go(path: str, cookie: str = "") -> Redirect:
    headers = SHIELD | ({"Set-Cookie": cookie} if cookie else {})
    return Redirect(path, status_code=303, headers=headers)


def whose(request: Request[Any, Any, Any]) -> tuple[str, str]:
    name, token = SESSIONS.get(request.cookies.get("__Host-portal", ""), ("", ""))
    return (name, token) if name and PEOPLE[name].enabled else ("", "")


def end_all(name: str) -> None:
    for id in [id for id, (owner, _) in SESSIONS.items() if owner == name]:
        del SESSIONS[id]


@get("/")
async def front(request: Request[Any, Any, Any]) -> Response[Any]:
    name, token = whose(request)
    if not name:
        return go("/login?next=/")
    rooms = "".join(f"<li><a href=/device/{id}>{ROOMS[id][0]}</a></li>" for id in sorted(PEOPLE[name].rooms))
    out = (
        f"<form method=post action=/logout><input type=hidden name=token value={token}><button>Sign out</button></form>"
    )
    return page("Rooms", f"<h1>Hello {name}</h1><ul>{rooms}</ul>{out}")


def form(next: str, said: str = "", status: int = 200) -> Response[str]:
    visitor, token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    BEFORE[visitor] = token
    body = (
        f"<h1>Meeting rooms</h1><p>{said}</p><form method=post action=/login><input type=hidden name=token value={token}>"
        f"<input type=hidden name=next value='{escape(next, quote=True)}'><label>Name <input name=user></label>"
        "<label>Password <input type=password name=password></label><button>Sign in</button></form>"
    )
    cookie = f"__Host-before={visitor}; Path=/; Secure; HttpOnly; SameSite=Lax"
    return page("Sign in", body, status, {"Set-Cookie": cookie})


@get("/login")
async def login(next: str = "/") -> Response[str]:
    return form(next)


@post("/login")
async def sign_in(request: Request[Any, Any, Any]) -> Response[Any]:
    sent = await request.form()
    if BEFORE.pop(request.cookies.get("__Host-before", ""), "") != sent.get("token", "-"):
        return form("/", "The form was too old. Try again.", 400)
    person = PEOPLE.get(str(sent.get("user")))
    if person is None or not person.enabled:
        return form("/", "That was not right.", 401)
    if time.monotonic() < person.until:
        return form("/", "Too many tries. Wait for a quarter of an hour.", 429)
    if not secrets.compare_digest(person.password, str(sent.get("password"))):
        person.wrong += 1
        if person.wrong >= 5:
            person.until = time.monotonic() + 900
        return form("/", "That was not right.", 401)
    person.wrong = 0
    id = secrets.token_urlsafe(32)
    SESSIONS[id] = (str(sent.get("user")), secrets.token_urlsafe(32))
    wish = str(sent.get("next", "/"))
    safe = wish if wish == "/" or (wish.startswith("/device/") and wish[8:] in ROOMS) else "/"
    return go(safe, f"__Host-portal={id}; Path=/; Secure; HttpOnly; SameSite=Lax")


@post("/logout")
async def sign_out(request: Request[Any, Any, Any]) -> Response[Any]:
    _, token = whose(request)
    if not token or (await request.form()).get("token") != token:
        return page("Refused", "<p>Refused</p>", 403)
    SESSIONS.pop(request.cookies.get("__Host-portal", ""), None)
    return go("/login", "__Host-portal=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")


@get("/device/{id:str}")
async def device(request: Request[Any, Any, Any], id: str) -> Response[Any]:
    name, token = whose(request)
    if not name:
        return go(f"/login?next={quote(request.url.path)}")
    if id not in PEOPLE[name].rooms:
        return page("Not found", "<p>There is no such room.</p>", 404)
    room, serial, _ = ROOMS[id]
    body = (
        f"<h1>{room}</h1><p>Serial {serial}</p><p>Volume <output>{VOLUME[id]}</output></p>"
        f"<form method=post action=/device/{id}/volume><input type=hidden name=token value={token}>"
        f"<input name=level type=number value={VOLUME[id]}><button>Set</button></form>"
    )
    return page(room, body)


@get("/device/{id:str}/volume")
async def volume(request: Request[Any, Any, Any], id: str) -> Response[Any]:
    name, _ = whose(request)
    if not name:
        return go("/login?next=/")
    if id not in PEOPLE[name].rooms:
        return page("Not found", "<p>There is no such room.</p>", 404)
    return Response({"serial": ROOMS[id][1], "volume": VOLUME[id]}, headers=SHIELD)


@post("/device/{id:str}/volume")
async def set_volume(request: Request[Any, Any, Any], id: str) -> Response[Any]:
    name, token = whose(request)
    if not name or id not in PEOPLE[name].rooms:
        return page("Refused", "<p>Refused</p>", 403)
    sent = await request.form()
    if not secrets.compare_digest(str(sent.get("token", "")), token):
        return page("Refused", "<p>Refused</p>", 403)
    VOLUME[id] = int(str(sent.get("level", "50")))
    return go(f"/device/{id}")


@post("/operator/{act:str}/{name:str}")
async def operator(request: Request[Any, Any, Any], act: str, name: str) -> Response[Any]:
    if request.headers.get("authorization") != f"Bearer {OPERATOR}":
        return Response({"refused": True}, status_code=401, headers=SHIELD)
    person = PEOPLE[name]
    if act == "password":
        person.password = str((await request.json())["password"])
    elif act in ("disable", "enable"):
        person.enabled = act == "enable"
    elif act == "take":
        person.rooms.clear()
    elif act == "give":
        person.rooms.update(id for id, room in ROOMS.items() if room[2] == name)
    if act in ("password", "disable"):
        end_all(name)
    return Response({"done": act}, headers=SHIELD)


@get("/.well-known/security.txt")
async def security() -> Response[str]:
    text = "Contact: mailto:security@portal.example\nExpires: 2031-01-01T00:00:00Z\n"
    return Response(text, media_type=MediaType.TEXT, headers=SHIELD)


def target(said: dict[str, str]) -> str:
    """As a security officer would write it, with an operator's token for what is changed meanwhile."""
    url = said["url"]
    accounts = "".join(
        f'\n[[accounts]]\nname = "{name}"\nuser = "{name}"\npassword = "{PEOPLE[name].password}"\n'
        + ("wrong_passwords = true\n" if name == "trial" else "")
        + f'[accounts.sign_in.request]\nurl = "{url}/login"\nmethod = "POST"\ncarry = true\n'
        'form = { user = "{user}", password = "{password}" }\n'
        for name in PEOPLE
    )
    links = "".join(
        f'\n[[links]]\nurl = "{url}/device/{id}"\nmarker = "{serial}"\nname = "{room}"\naccount = "{owner}"\n'
        f'reads = [{{ url = "{url}/device/{id}/volume", expects = "{serial}" }}]\n'
        for id, (room, serial, owner) in ROOMS.items()
    )
    operator = (
        f'\n[[accounts]]\nname = "operator"\nrole = "administrator"\ntoken = "{said["operator"]}"\n'
        'headers = { Authorization = "Bearer {token}" }\n'
    )

    def deed(act: str, body: str = "") -> str:
        return f'{{ request = {{ url = "{url}/operator/{act}/alice", method = "POST", account = "operator"{body} }} }}'

    new, old = ', json = { password = "Spring-tide-77" }', f', json = {{ password = "{PEOPLE["alice"].password}" }}'
    causes = "".join(
        f'\n[[causes]]\nname = "{name}"\nkind = "{kind}"\naccount = "alice"\ndeed = {do}\nundo = {undo}\n{SHORT}'
        for name, kind, do, undo in (
            ("a new password", "own-password", deed("password", new), deed("password", old)),
            ("disabled", "disabled", deed("disable"), deed("enable")),
            ("room taken away", "grant-removed", deed("take"), deed("give")),
        )
    )
    causes += (
        f'\n[[causes]]\nname = "sign-out"\nkind = "signed-out"\naccount = "alice"\n{SHORT}[causes.deed.request]\n'
        f'url = "{url}/logout"\nmethod = "POST"\naccount = "alice"\npage = "{url}/"\n'
    )
    channel = (
        f'\n[[channels]]\nname = "volume"\n[channels.request]\nurl = "{url}/device/{ALICE_ROOM}/volume"\n'
        f'account = "alice"\nexpects = "{ROOMS[ALICE_ROOM][1]}"\n'
    )
    change = "".join(
        f'\n[[K18.changes]]\nurl = "{url}/device/{ALICE_ROOM}/volume"\nmethod = "POST"\naccount = "alice"\n'
        f'form = {{ level = "{level}" }}\nexpects = ">{level}<"\n'
        for level in (31, 32)
    )
    page_of = f'\n[K18]\npage = "{url}/device/{ALICE_ROOM}"\neffect = {{ url = "{url}/device/{ALICE_ROOM}", account = "alice" }}\n'
    return (
        HEAD.format(name="A portal", url=url)
        + accounts
        + operator
        + links
        + PATIENCE.format(watch_s=4)
        + "\n[K05]\nnone = true\n"
        + channel
        + causes
        + page_of
        + change
    )


def main() -> None:
    folder = Path(sys.argv[1])
    app = Litestar(
        [front, login, sign_in, sign_out, device, volume, set_volume, operator, security], openapi_config=None,
        debug=False,
    )  # fmt: skip
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, ssl_certfile=folder / "server.pem", ssl_keyfile=str(folder / "server.pem"), log_level="warning",
        server_header=False, lifespan="off",
    )  # fmt: skip
    say_ready(url=f"https://localhost:{listening.getsockname()[1]}", operator=OPERATOR)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
