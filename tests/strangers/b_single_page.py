"""B: a single-page application. One page for every address, an API with bearer tokens. Sound; nobody named to write to.

The page is the same for everybody, whoever asks and for whatever: it must not be taken for a device's, nor for
security.txt.
"""

import asyncio
import json
import secrets
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn

from strangers.ground import HEAD, PATIENCE, SHORT, say_ready

TRUTH = {
    # Written as pass at first, for the address is a name. What ends is the sign-in, and four seconds do not show that.
    "K02": "inconclusive",
    "K01": "pass", "K03": "pass", "K04": "pass", "K05": "pass", "K09": "pass", "K10": "pass",
    "K11": "pass", "K12": "not-applicable", "K13": "pass", "K14": "pass", "K15": "pass", "K16": "pass",
    "K17": "not-applicable",
    # Written as not applicable at first, for there is no cookie that another page could use. The target file names no
    # change, so nothing was tried.
    "K18": "inconclusive",
    "K19": "pass", "K20": "pass", "K27": "pass",
    "K29": "fail",  # the page answers for security.txt too
    "K30": "pass",
}  # fmt: skip
SHELL = (
    '<!DOCTYPE html><html><head><meta charset="utf-8"><title>Spaces</title><script type="module" src="/assets/app.js">'
    '</script></head><body><div id="root"></div><noscript>Spaces needs JavaScript.</noscript></body></html>'
)
SCRIPT = """\
const root = document.getElementById("root");
let key = null;
async function show() {
  const space = location.pathname.split("/")[2];
  const answer = key && (await fetch(`/api/v3/spaces/${space}/status`, {headers: {authorization: `Bearer ${key}`}}));
  if (answer && answer.ok) { root.textContent = JSON.stringify(await answer.json()); return; }
  root.innerHTML = '<form><input name="login"><input name="secret" type="password"><button>Go</button></form>';
  root.firstChild.onsubmit = async (event) => {
    event.preventDefault();
    const body = JSON.stringify(Object.fromEntries(new FormData(event.target)));
    const made = await fetch("/api/v3/sessions", {method: "POST", body, headers: {"content-type": "application/json"}});
    if (made.ok) key = (await made.json()).data.accessKey;
    show();
  };
}
show();
"""
SHIELD = {
    "strict-transport-security": "max-age=31536000",
    "content-security-policy": "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
SPACES = {"9f5c1c2e-11f5-4f0c-8a43-7d64b8ac1a10": ("Aquarium", "SN-88A1-0042"),
          "3e5a7b90-6a1d-43d4-b6a1-f20f3b1d4c55": ("Greenhouse", "SN-88A1-0977")}  # fmt: skip
MINE, THEIRS = SPACES
SECRETS = {"ada": "quiet-Lake-3310", "bert": "loud-River-5521", "probe": "dry-Creek-7781"}
MAY: dict[str, set[str]] = {"ada": {MINE}, "bert": {THEIRS}, "probe": set()}
OFF: set[str] = set()
KEYS: dict[str, str] = {}
WRONG: dict[str, list[float]] = {}
ROOT_KEY = "rk_" + secrets.token_urlsafe(24)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def answer(send: Send, status: int, body: str, kind: str = "application/json") -> None:
    headers = {**SHIELD, "content-type": kind, "cache-control": "no-store"}
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body.encode()})


async def body_of(receive: Receive) -> dict[str, Any]:
    whole = b""
    while True:
        part = await receive()
        whole += part.get("body", b"")
        if not part.get("more_body"):
            break
    try:
        found = json.loads(whole)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def drop(name: str) -> None:
    for key in [key for key, owner in KEYS.items() if owner == name]:
        del KEYS[key]


async def sessions(send: Send, sent: dict[str, Any]) -> None:
    login, secret = str(sent.get("login")), str(sent.get("secret"))
    recent = [at for at in WRONG.get(login, []) if at > time.monotonic() - 600]
    if len(recent) >= 4:
        return await answer(send, 429, '{"errors":[{"code":"slow_down"}]}')
    if login not in SECRETS or login in OFF or not secrets.compare_digest(SECRETS[login].encode(), secret.encode()):
        WRONG[login] = [*recent, time.monotonic()]
        return await answer(send, 422, '{"errors":[{"code":"bad_credentials"}]}')
    key = secrets.token_urlsafe(40)
    KEYS[key] = login
    return await answer(send, 201, json.dumps({"data": {"accessKey": key, "for": login}}))


async def root(send: Send, act: str, name: str, sent: dict[str, Any]) -> None:
    if act == "secret":
        SECRETS[name] = str(sent["secret"])
        drop(name)
    elif act == "off":
        OFF.add(name)
        drop(name)
    elif act == "on":
        OFF.discard(name)
    await answer(send, 200, "{}")


async def stream(send: Send, key: str, space: str) -> None:
    headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    n = 0
    while KEYS.get(key) and space in MAY[KEYS[key]]:
        n += 1
        text = f"event: status\ndata: {json.dumps({'serial': SPACES[space][1], 'n': n})}\n\n"
        await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
        await asyncio.sleep(0.3)
    await send({"type": "http.response.body", "body": b"event: bye\ndata: {}\n\n"})


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return None
    path, method = scope["path"], scope["method"]
    headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
    key = headers.get("authorization", "").removeprefix("Bearer ")
    parts = path.strip("/").split("/")
    if parts[0] != "api":
        if path == "/assets/app.js":
            return await answer(send, 200, SCRIPT, "text/javascript")
        return await answer(send, 200, SHELL, "text/html; charset=utf-8")
    match method, parts[2:]:
        case "POST", ["sessions"]:
            return await sessions(send, await body_of(receive))
        case "POST", ["root", act, name] if key == ROOT_KEY:
            return await root(send, act, name, await body_of(receive))
    if key not in KEYS:
        return await answer(send, 401, '{"errors":[{"code":"unauthenticated"}]}')
    match method, parts[2:]:
        case "DELETE", ["sessions", "current"]:
            del KEYS[key]
            return await answer(send, 204, "")
        case "GET", ["spaces", space, what] if space in MAY[KEYS[key]]:
            if what == "events":
                return await stream(send, key, space)
            name, serial = SPACES[space]
            return await answer(send, 200, json.dumps({"data": {"name": name, "serial": serial, "volume": 40}}))
    return await answer(send, 404, '{"errors":[{"code":"not_found"}]}')


def target(said: dict[str, str]) -> str:
    """As a security officer would write it: how to sign in is read off the browser's network panel."""
    url = said["url"]
    accounts = "".join(
        f'\n[[accounts]]\nname = "{name}"\nuser = "{name}"\npassword = "{secret}"\n'
        + ("wrong_passwords = true\n" if name == "probe" else "")
        + '[accounts.sign_in]\ntoken = "data.accessKey"\n[accounts.sign_in.request]\n'
        f'url = "{url}/api/v3/sessions"\nmethod = "POST"\njson = {{ login = "{{user}}", secret = "{{password}}" }}\n'
        for name, secret in SECRETS.items()
    )
    accounts += (
        f'\n[[accounts]]\nname = "root"\nrole = "administrator"\ntoken = "{said["root"]}"\n'
        'headers = { Authorization = "Bearer {token}" }\n'
    )
    links = "".join(
        f'\n[[links]]\nurl = "{url}/spaces/{id}"\nmarker = "{SPACES[id][1]}"\naccount = "{owner}"\n'
        f'reads = [{{ url = "{url}/api/v3/spaces/{id}/status", expects = "serial" }}]\n'
        for id, owner in ((MINE, "ada"), (THEIRS, "bert"))
    )
    channels = "".join(
        f'\n[[channels]]\nname = "{name}"\nkind = "{kind}"\nexpects = "{SPACES[MINE][1]}"\n[channels.request]\n'
        f'url = "{url}/api/v3/spaces/{MINE}/{name}"\naccount = "ada"\n'
        for name, kind in (("status", "request"), ("events", "events"))
    )

    def deed(act: str, body: str = "") -> str:
        return f'{{ request = {{ url = "{url}/api/v3/root/{act}/ada", method = "POST", account = "root"{body} }} }}'

    new, old = (f', json = {{ secret = "{one}" }}' for one in ("still-Pond-9", SECRETS["ada"]))
    causes = (
        f'\n[[causes]]\nname = "new secret"\nkind = "own-password"\naccount = "ada"\n{SHORT}'
        f"deed = {deed('secret', new)}\n"
        f"undo = {deed('secret', old)}\n"
        f'\n[[causes]]\nname = "switched off"\nkind = "disabled"\naccount = "ada"\n{SHORT}'
        f"deed = {deed('off')}\nundo = {deed('on')}\n"
        f'\n[[causes]]\nname = "sign-out"\nkind = "signed-out"\naccount = "ada"\n{SHORT}'
        f'deed = {{ request = {{ url = "{url}/api/v3/sessions/current", method = "DELETE", account = "ada" }} }}\n'
    )
    return (
        HEAD.format(name="B single page", url=url) + accounts + links + channels + causes + PATIENCE.format(watch_s=4)
    )


def main() -> None:
    pem = Path(sys.argv[1]) / "server.pem"
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, ssl_certfile=pem, ssl_keyfile=str(pem), log_level="warning", lifespan="off")  # type: ignore[arg-type]
    say_ready(url=f"https://localhost:{listening.getsockname()[1]}", root=ROOT_KEY)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
