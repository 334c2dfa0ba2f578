"""F: sound, and odd. Nothing is wrong with it but its manners.

It answers 403 to everything that it does not know, 429 to whoever is quick, slowly and in small pieces, packed with
gzip whatever was asked, in German and Japanese, with headers in odd letters, closing each time. Its sign-in page
has two password fields, and its addresses hold a room's name, which the page for strangers says too.
"""

import asyncio
import gzip
import hmac
import json
import secrets
import ssl
import sys
import time
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

from strangers.ground import HEAD, PATIENCE, SHORT, say_ready, server_tls

TRUTH = {
    # Written as pass at first, for the address is a name. What ends is the sign-in, and four seconds do not show that.
    "K02": "inconclusive",
    "K01": "pass", "K03": "pass", "K04": "pass", "K05": "not-applicable", "K09": "pass", "K10": "pass",
    "K11": "pass", "K12": "pass", "K13": "pass", "K14": "pass", "K15": "pass", "K16": "pass", "K17": "not-applicable",
    "K19": "pass", "K20": "pass", "K27": "pass", "K29": "pass", "K30": "pass",
}  # fmt: skip
SHIELD = (
    "sTrIcT-tRaNsPoRt-SeCuRiTy: max-age=\"31536000\" ; includeSubDomains\r\nCONTENT-SECURITY-POLICY: Default-Src 'self';"
    "FRAME-ANCESTORS 'self'\r\nx-CONTENT-type-OPTIONS: NoSniff\r\nreferrer-policy: unsafe-url, no-referrer\r\n"
)
ROOMS = {"さくら会議室": ("SKR-7Q2-0090", "yuki"), "Große-Halle": ("GRH-7Q2-0411", "jörg")}
PASSWORDS = {"yuki": "hanami-Tee-2210", "jörg": "Schlüssel-Bund-31", "probe": "Versuch-macht-klug-4"}
OFF: set[str] = set()
SESSIONS: dict[str, str] = {}
WRONG: dict[str, int] = {}
RECENT: list[float] = []
MOST = 12  # requests within one second
MASTER = "hausmeister-" + secrets.token_urlsafe(16)


def page(title: str, body: str) -> str:
    return f"<!DOCTYPE html><HTML lang=de><HEAD><META charset=utf-8><TITLE>{title}</TITLE></HEAD><BODY>{body}</BODY></HTML>"


def form(place: str) -> str:
    hello = f"ようこそ — {place}" if place else "ようこそ"
    return page("Anmeldung", (
        f"<H1>{hello}</H1><FORM method=POST action='/anmelden'><INPUT type=hidden name=ziel value='{quote(place)}'>"
        "<LABEL>Name <INPUT name=name></LABEL><LABEL>Passwort <INPUT type=PASSWORD name=wort></LABEL>"
        "<LABEL>Neues Passwort (falls abgelaufen) <INPUT type=PASSWORD name=neu></LABEL><BUTTON>Weiter</BUTTON></FORM>"
    ))  # fmt: skip


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def found(method: str, path: str, headers: dict[str, str], body: str) -> tuple[str, str, str, str]:
    """The status, the type, the text, and further headers."""
    html = "text/html;charset=UTF-8"
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get("__Secure-Sitzung")
    except CookieError:
        cookie = None
    id = cookie.value if cookie else ""
    name = SESSIONS.get(id, "")
    sent = {key: values[0] for key, values in parse_qs(body).items()}
    match method, unquote(urlsplit(path).path).strip("/").split("/"):
        case "GET", [""]:
            return ("401 Bitte anmelden", html, form(""), "") if not name else ("200 OK", html, page("Räume", name), "")
        case "POST", ["anmelden"]:
            who, word = sent.get("name", ""), sent.get("wort", "")
            if WRONG.get(who, 0) >= 6:
                return "423 Gesperrt", html, page("Gesperrt", "<P>しばらくお待ちください"), ""
            if who not in PASSWORDS or who in OFF or not same(PASSWORDS[who], word):
                WRONG[who] = WRONG.get(who, 0) + 1
                return "401 Falsch", html, form(""), ""
            made = secrets.token_urlsafe(30)
            SESSIONS[made] = who
            keep = f"SET-cookie: __Secure-Sitzung={made}; secure; path=/; HTTPONLY; samesite=strict; max-age=3600\r\n"
            return "303 Weiter", html, "", f"{keep}LOCATION: /\r\n"
        case "POST", ["abmelden"] if name:
            SESSIONS.pop(id, None)
            return "200 OK", html, page("Auf Wiedersehen", "<P>またね"), ""
        case "GET", ["raum", room, *rest] if room in ROOMS and rest in ([], ["zustand"]):
            serial, owner = ROOMS[room]
            if not name:
                return "401 Bitte anmelden", html, form(room), ""
            if owner == name and rest:
                return "200 OK", "application/json", json.dumps({"Seriennummer": serial, "leise": True}), ""
            if owner == name:
                return "200 OK", html, page(room, f"<H1>{room}</H1><P>Gerät {serial}"), ""
        case "POST", ["hausmeister", what, who] if same(headers.get("x-hausmeister", ""), MASTER):
            if what == "passwort":
                PASSWORDS[who] = json.loads(body)["neu"]
            if what == "an":
                OFF.discard(who)
            elif what == "aus":
                OFF.add(who)
            for one in [one for one, owner in SESSIONS.items() if owner == who]:
                del SESSIONS[one]
            return "200 OK", "application/json", "{}", ""
        case "GET", [".well-known", "security.txt"]:
            text = "# ご連絡ください\nEXPIRES: 2030-01-01T00:00:00+09:00\ncontact: mailto:sicherheit@halle.example\n"
            return "200 OK", "text/plain; charset=utf-8", text, ""
    return "403 Nein", html, page("Nein", "<P>Das gibt es hier nicht. ここにはありません。"), ""


async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode("utf-8", "replace")
        first, *lines = head.split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = (await reader.readexactly(int(headers.get("content-length") or 0))).decode("utf-8", "replace")
        method, path, _ = first.split(" ")
        now = time.monotonic()
        RECENT[:] = [at for at in RECENT if at > now - 1]
        if len(RECENT) >= MOST:
            status, kind, text, more = "429 Langsam!", "text/plain", "ゆっくり", "retry-after: 1\r\n"
        else:
            RECENT.append(now)
            status, kind, text, more = found(method, path, headers, body)
        data = gzip.compress(text.encode())
        start = f"{status}\r\ncontent-TYPE: {kind}\r\nContent-encoding: gzip\r\n{SHIELD}{more}Connection: close\r\n"
        if path.startswith("/raum"):  # in pieces
            writer.write(f"HTTP/1.1 {start}transfer-ENCODING: chunked\r\n\r\n".encode())
            for at in range(0, len(data), 80):
                piece = data[at : at + 80]
                writer.write(f"{len(piece):x};odd=1\r\n".encode() + piece + b"\r\n")
                await writer.drain()
                await asyncio.sleep(0.03)
            writer.write(b"0\r\n\r\n")
        else:  # its end is where it ends
            writer.write(f"HTTP/1.0 {start}\r\n".encode() + data)
        await writer.drain()
    except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, ssl.SSLError):
        pass
    finally:
        writer.close()


def target(said: dict[str, str]) -> str:
    """As a security officer would write it: the marker is the room's name, as it is on its door."""
    url = said["url"]
    text = HEAD.format(name="F sound but odd", url=url).replace("requests_per_second = 20", "requests_per_second = 9")
    for name, password in PASSWORDS.items():
        text += (
            f'\n[[accounts]]\nname = "{name}"\nuser = "{name}"\npassword = "{password}"\n'
            + ("wrong_passwords = true\n" if name == "probe" else "")
            + f'[accounts.sign_in.request]\nurl = "{url}/anmelden"\nmethod = "POST"\n'
            'form = { name = "{user}", wort = "{password}" }\n'
        )
    text += (
        f'\n[[accounts]]\nname = "hausmeister"\nrole = "administrator"\ntoken = "{said["master"]}"\n'
        'headers = { X-Hausmeister = "{token}" }\n'
    )
    for room, (serial, owner) in ROOMS.items():
        text += (
            f'\n[[links]]\nurl = "{url}/raum/{quote(room)}"\nmarker = "{room}"\naccount = "{owner}"\n'
            f'reads = [{{ url = "{url}/raum/{quote(room)}/zustand", expects = "{serial}" }}]\n'
        )
    room = quote("さくら会議室")
    text += (
        f'\n[[channels]]\nname = "zustand"\nexpects = "SKR-7Q2-0090"\n[channels.request]\nurl = "{url}/raum/{room}/zustand"\n'
        'account = "yuki"\n'
    )

    def deed(what: str, more: str = "") -> str:
        at = f'url = "{url}/hausmeister/{what}/yuki", method = "POST", account = "hausmeister"{more}'
        return f"{{ request = {{ {at} }} }}"

    new, old = (f', json = {{ neu = "{word}" }}' for word in ("momiji-Kaffee-8", PASSWORDS["yuki"]))
    text += (
        f'\n[[causes]]\nname = "neues Passwort"\nkind = "own-password"\naccount = "yuki"\n{SHORT}'
        f"deed = {deed('passwort', new)}\nundo = {deed('passwort', old)}\n"
        f'\n[[causes]]\nname = "abgeschaltet"\nkind = "disabled"\naccount = "yuki"\n{SHORT}'
        f"deed = {deed('aus')}\nundo = {deed('an')}\n"
        f'\n[[causes]]\nname = "abmelden"\nkind = "signed-out"\naccount = "yuki"\n{SHORT}'
        f'deed = {{ request = {{ url = "{url}/abmelden", method = "POST", account = "yuki" }} }}\n'
    )
    return text + PATIENCE.format(watch_s=4) + "\n[K05]\nnone = true\n"


async def serve(folder: Path) -> None:
    server = await asyncio.start_server(visit, "127.0.0.1", 0, ssl=server_tls(folder))
    say_ready(url=f"https://localhost:{server.sockets[0].getsockname()[1]}", master=MASTER)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
