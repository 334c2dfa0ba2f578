"""D: sign-in at an identity provider on another port, WebSocket and server-sent events with a cookie.

What is wrong: its WebSocket asks nobody where they come from; its events go on after the person was deleted; its
cookie has neither Secure nor SameSite.
"""

import asyncio
import json
import secrets
import sys
from pathlib import Path
from urllib.parse import quote

from aiohttp import ClientSession, WSMsgType, web

from strangers.ground import HEAD, PATIENCE, SHORT, say_ready, server_tls

TRUTH = {
    # Written as pass at first, for the address is a name. What ends is the sign-in, and four seconds do not show that.
    "K02": "inconclusive",
    "K01": "pass", "K03": "pass", "K04": "pass",
    "K05": "fail",  # the events after a deletion
    "K09": "pass", "K10": "pass", "K11": "pass",
    "K12": "fail",
    "K13": "pass", "K14": "pass", "K15": "pass", "K16": "pass",
    "K17": "fail",
    "K20": "pass", "K27": "pass", "K29": "pass",
    "K30": "pass",  # of the cuts that came
}  # fmt: skip
SHIELD = {
    "Strict-Transport-Security": "max-age=31536000", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'self'", "Referrer-Policy": "strict-origin-when-cross-origin",
}  # fmt: skip
ROOMS = {"garage-k7": ("Garage", "9XK-00417-GA", "carol"), "attic-m2": ("Attic", "9XK-00533-AT", "dave")}
PASSWORDS = {"carol": "Blue-kettle-880", "dave": "Green-teapot-113"}
GONE: set[str] = set()  # of those who were deleted
SESSIONS: dict[str, str] = {}
WAITING: dict[str, tuple[str, str]] = {}  # before signing in: the cookie of it, and where they wanted to go
CODES: dict[str, str] = {}
SOCKETS: dict[str, set[web.WebSocketResponse]] = {}
KEY = "key-" + secrets.token_urlsafe(20)
HOOK = secrets.token_urlsafe(20)
WHERE = {"portal": "", "provider": ""}


# ---- the identity provider


async def authorize(request: web.Request) -> web.Response:
    given = request.query
    if not given.get("redirect_uri", "").startswith(WHERE["portal"] + "/"):
        return web.Response(status=400, text="unknown client")
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{quote(given.get(name, ""), safe=":/")}">'
        for name in ("state", "redirect_uri")
    )
    text = (
        "<!doctype html><title>Company sign-in</title><h1>One account for everything</h1>"
        f'<form method="post" action="/session/new">{fields}<input name="login"><input name="pw" type="password">'
        '<button name="go" value="1">Next</button></form>'
    )
    return web.Response(text=text, content_type="text/html", headers=SHIELD | {"Referrer-Policy": "no-referrer"})


async def session_new(request: web.Request) -> web.Response:
    sent = await request.post()
    name = str(sent.get("login"))
    if name in GONE or PASSWORDS.get(name) != sent.get("pw"):
        return web.Response(
            status=403, text="<p>Unknown name or password</p>", content_type="text/html", headers=SHIELD
        )
    to = str(sent.get("redirect_uri", ""))
    if not to.startswith(WHERE["portal"] + "/"):
        return web.Response(status=400, text="unknown client")
    code = secrets.token_urlsafe(24)
    CODES[code] = name
    raise web.HTTPFound(f"{to}?code={code}&state={quote(str(sent.get('state', '')))}", headers=SHIELD)


async def provider_act(request: web.Request) -> web.Response:
    """The administrator of the provider: ends a person's sign-in, everywhere; or gives a new password."""
    if request.headers.get("X-Key") != KEY:
        raise web.HTTPUnauthorized
    name = request.match_info["name"]
    if request.match_info["act"] == "password":
        PASSWORDS[name] = (await request.json())["password"]
    async with (
        ClientSession() as client,
        client.post(WHERE["portal"] + "/hooks/logout", json={"sub": name, "by": HOOK}, ssl=False) as answer,
    ):
        return web.json_response({"told": answer.status})


# ---- the portal


def whose(request: web.Request) -> str:
    return SESSIONS.get(request.cookies.get("portal", ""), "")


def to_provider(request: web.Request) -> web.HTTPFound:
    visitor, state = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    WAITING[state] = (visitor, request.path)
    to = f"{WHERE['provider']}/authorize?response_type=code&client_id=portal&state={state}"
    found = web.HTTPFound(f"{to}&redirect_uri={quote(WHERE['portal'] + '/back', safe='')}", headers=SHIELD)
    found.set_cookie("__Host-flow", visitor, secure=True, httponly=True, samesite="Lax", path="/")
    return found


async def back(request: web.Request) -> web.Response:
    visitor, path = WAITING.pop(request.query.get("state", ""), ("", ""))
    name = CODES.pop(request.query.get("code", ""), "")
    if not visitor or visitor != request.cookies.get("__Host-flow") or not name:
        return web.Response(status=400, text="This sign-in was not begun here.", headers=SHIELD)
    id = secrets.token_urlsafe(32)
    SESSIONS[id] = name
    found = web.HTTPFound(path, headers=SHIELD)
    found.set_cookie("portal", id, httponly=True, path="/")
    raise found


async def front(request: web.Request) -> web.Response:
    if not (name := whose(request)):
        raise to_provider(request)
    rooms = "".join(f'<a href="/rooms/{id}">{room[0]}</a>' for id, room in ROOMS.items() if room[2] == name)
    return web.Response(text=f"<!doctype html><title>Start</title>{rooms}", content_type="text/html", headers=SHIELD)


def room_of(request: web.Request) -> tuple[str, str, str]:
    if not (name := whose(request)):
        raise (
            to_provider(request)
            if request.headers.get("Accept", "").startswith("text/html")
            else web.HTTPUnauthorized(headers=SHIELD)
        )
    room = ROOMS.get(request.match_info["id"])
    if room is None or room[2] != name:
        raise web.HTTPForbidden(headers=SHIELD)
    return room


async def room(request: web.Request) -> web.Response:
    if not whose(request):
        raise to_provider(request)
    name, serial, _ = room_of(request)
    text = f'<!doctype html><title>{name}</title><h1>{name}</h1><dl><dt>Serial<dd>{serial}</dl><script src="/live.js"></script>'
    return web.Response(text=text, content_type="text/html", headers=SHIELD)


async def script(request: web.Request) -> web.Response:
    text = 'const live = new WebSocket(location.href.replace("https", "wss") + "/ws");\nlive.onmessage = console.log;\n'
    return web.Response(text=text, content_type="text/javascript", headers=SHIELD)


async def state(request: web.Request) -> web.Response:
    _, serial, _ = room_of(request)
    return web.json_response({"serial": serial, "camera": "idle"}, headers=SHIELD)


async def socket(request: web.Request) -> web.WebSocketResponse:
    _, serial, name = room_of(request)
    live = web.WebSocketResponse()
    await live.prepare(request)
    SOCKETS.setdefault(name, set()).add(live)
    async for message in live:
        if message.type == WSMsgType.TEXT:
            await live.send_json({"serial": serial, "echo": message.data})
    SOCKETS[name].discard(live)
    return live


async def feed(request: web.Request) -> web.StreamResponse:
    _, serial, name = room_of(request)
    id = request.cookies["portal"]
    answer = web.StreamResponse(headers=SHIELD | {"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await answer.prepare(request)
    while id in SESSIONS or name in GONE:  # the mistake: whoever is gone is never asked again
        await answer.write(f"data: {json.dumps({'serial': serial})}\n\n".encode())
        await asyncio.sleep(0.4)
    return answer


async def end(name: str) -> None:
    for id in [id for id, owner in SESSIONS.items() if owner == name]:
        del SESSIONS[id]
    for live in [*SOCKETS.get(name, ())]:
        await live.close()


async def hook(request: web.Request) -> web.Response:
    sent = await request.json()
    if sent.get("by") != HOOK:
        raise web.HTTPForbidden(headers=SHIELD)
    await end(sent["sub"])
    return web.Response(headers=SHIELD)


async def portal_act(request: web.Request) -> web.Response:
    if request.headers.get("X-Key") != KEY:
        raise web.HTTPUnauthorized(headers=SHIELD)
    name = request.match_info["name"]
    if request.method == "DELETE":
        GONE.add(name)
        await end(name)
    else:
        GONE.discard(name)
    return web.json_response({}, headers=SHIELD)


async def security(request: web.Request) -> web.Response:
    return web.Response(text="Contact: https://portal.example/report\nExpires: 2031-06-01T00:00:00Z\n", headers=SHIELD)


def target(said: dict[str, str]) -> str:
    """As a security officer would write it: the form is the provider's, and the way to it begins at the portal."""
    url, provider = said["url"], said["provider"]
    text = HEAD.format(name="D redirected", url=url)
    for name, password in PASSWORDS.items():
        text += (
            f'\n[[accounts]]\nname = "{name}"\nuser = "{name}"\npassword = "{password}"\n[accounts.sign_in.request]\n'
            f'url = "{provider}/session/new"\npage = "{url}/"\nmethod = "POST"\nform = {{ login = "{{user}}", pw = "{{password}}" }}\n'
        )
    text += f'\n[[accounts]]\nname = "boss"\nrole = "administrator"\ntoken = "{said["key"]}"\nheaders = {{ X-Key = "{{token}}" }}\n'
    for id, (_, serial, owner) in ROOMS.items():
        text += (
            f'\n[[links]]\nurl = "{url}/rooms/{id}"\nmarker = "{serial}"\naccount = "{owner}"\n'
            f'reads = [{{ url = "{url}/rooms/{id}/state", expects = "{serial}" }}]\n'
        )
    serial = ROOMS["garage-k7"][1]
    for name, kind, tail in (
        ("state", "request", ""),
        ("ws", "websocket", 'send = "status?"\n'),
        ("feed", "events", ""),
    ):
        text += (
            f'\n[[channels]]\nname = "{name}"\nkind = "{kind}"\nexpects = "{serial}"\n{tail}[channels.request]\n'
            f'url = "{url if kind != "websocket" else "wss" + url[5:]}/rooms/garage-k7/{name}"\naccount = "carol"\n'
        )
    old = PASSWORDS["carol"]
    text += (
        f'\n[[causes]]\nname = "deleted"\nkind = "deleted"\naccount = "carol"\n{SHORT}'
        f'deed = {{ request = {{ url = "{url}/people/carol", method = "DELETE", account = "boss" }} }}\n'
        f'undo = {{ request = {{ url = "{url}/people/carol", method = "PUT", account = "boss" }} }}\n'
        f'\n[[causes]]\nname = "signed out at the provider"\nkind = "signed-out"\naccount = "carol"\n{SHORT}'
        f'deed = {{ request = {{ url = "{provider}/admin/end/carol", method = "POST", account = "boss" }} }}\n'
        f'\n[[causes]]\nname = "new password at the provider"\nkind = "own-password"\naccount = "carol"\n{SHORT}'
        f'deed = {{ request = {{ url = "{provider}/admin/password/carol", method = "POST", account = "boss", '
        'json = { password = "Red-saucepan-4" } } }\n'
        f'undo = {{ request = {{ url = "{provider}/admin/password/carol", method = "POST", account = "boss", '
        f'json = {{ password = "{old}" }} }} }}\n'
    )
    return text + PATIENCE.format(watch_s=4)


async def serve(folder: Path) -> None:
    portal, provider = web.Application(), web.Application()
    portal.add_routes([
        web.get("/", front), web.get("/back", back), web.get("/rooms/{id}", room), web.get("/live.js", script),
        web.get("/rooms/{id}/state", state), web.get("/rooms/{id}/ws", socket), web.get("/rooms/{id}/feed", feed),
        web.post("/hooks/logout", hook), web.delete("/people/{name}", portal_act), web.put("/people/{name}", portal_act),
        web.get("/.well-known/security.txt", security),
    ])  # fmt: skip
    provider.add_routes([
        web.get("/authorize", authorize), web.post("/session/new", session_new), web.post("/admin/{act}/{name}", provider_act),
    ])  # fmt: skip
    tls = server_tls(folder)
    for name, app in (("portal", portal), ("provider", provider)):
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        WHERE[name] = f"https://localhost:{runner.addresses[0][1]}"
    say_ready(url=WHERE["portal"], provider=WHERE["provider"], key=KEY)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
