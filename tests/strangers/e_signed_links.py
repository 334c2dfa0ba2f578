"""E: signed links that end when they say, after twenty seconds or, mailed, five minutes; till then they open to anybody.

What is wrong: no sign-in; it sends people on to anywhere; no HSTS; a key in a script. What does not exist is
answered with 200 and a friendly page, and so is a link that has ended.
"""

import hmac
import secrets
import socketserver
import sys
import time
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from strangers.ground import HEAD, PATIENCE, say_ready, server_tls

TRUTH = {
    "K01": "fail", "K02": "pass", "K09": "pass", "K10": "fail", "K11": "pass",
    # Written as not applicable at first, for there are no cookies. Whether there is a sign-in that nobody named, with
    # cookies, cannot be seen.
    "K12": "inconclusive",
    "K13": "fail",
    "K14": "pass",
    "K15": "pass",  # the signature has 128 bits
    "K27": "fail", "K29": "pass",
}  # fmt: skip
TIER = "outside"
LIFE = 20
MAILED_LIFE = 300  # of those that were mailed to people, so that a busy machine comes in time to see them open
SIGNING = secrets.token_bytes(32)
ISSUING = "iss-" + secrets.token_urlsafe(16)
KEY = "sk_" + "live_4eQx7Zp2Lm4Vt9Wb3KdR8sYh"  # of the shape of a payment service's secret key, and of no account
ROOMS = {number: (f"Room {number}", f"TTC5-{number * 7919 % 100000:05d}") for number in range(11, 16)}
SHIELD = (
    "Content-Security-Policy: default-src 'self'; frame-ancestors 'none'\r\nX-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
)


def sign(room: int, end: int) -> str:
    return hmac.new(SIGNING, f"{room}/{end}".encode(), "sha256").hexdigest()[:32]


def issue(room: int, life: int = LIFE) -> str:
    end = int(time.time()) + life
    return f"/v/{room}?exp={end}&sig={sign(room, end)}"


class Visit(socketserver.StreamRequestHandler):
    """A connection, which may ask several times."""

    timeout = 20

    def handle(self) -> None:
        try:
            while self.one():
                pass
        except OSError:
            return

    def one(self) -> bool:
        first = self.rfile.readline().decode("latin-1").split()
        if len(first) != 3:
            return False
        headers = Message()
        while (line := self.rfile.readline().decode("latin-1").strip()) != "":
            name, _, value = line.partition(":")
            headers[name] = value.strip()
        self.rfile.read(int(headers.get("Content-Length", "0")))
        status, kind, body, more = self.found(first[1], headers)
        data = body.encode()
        self.wfile.write(
            f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n{SHIELD}{more}\r\n".encode()
            + (b"" if first[0] == "HEAD" else data)
        )
        return True

    def found(self, target: str, headers: Message) -> tuple[str, str, str, str]:
        at = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(at.query).items()}
        html = "text/html; charset=utf-8"
        match at.path.strip("/").split("/"):
            case [""]:
                text = (
                    "<!doctype html><title>QuickRoom</title><h1>Open a room by its link</h1><script src=/js/quick.js></script>"
                    '<a href="/go?to=https://docs.quickroom.example/start">How it works</a>'
                )
                return "200 OK", html, text, ""
            case ["js", "quick.js"]:
                text = f'const billing = {{plan: "rooms", apiKey: "{KEY}"}};\nexport default billing;\n'
                return "200 OK", "text/javascript", text, ""
            case ["go"]:
                return "302 Found", html, "", f"Location: {query.get('to', '/')}\r\n".replace("\n\r\n", "\r\n")
            case ["issue", room] if headers.get("X-Api-Key") == ISSUING and room.isdigit():
                return "200 OK", "application/json", f'{{"link": "https://{headers["Host"]}{issue(int(room))}"}}', ""
            case [".well-known", "security.txt"]:
                return (
                    "200 OK",
                    "text/plain",
                    "Contact: mailto:s@quickroom.example\nExpires: 2030-12-31T23:00:00z\n",
                    "",
                )
            case ["v", room, *rest] if room.isdigit() and int(room) in ROOMS and rest in ([], ["state"]):
                end, good = query.get("exp", "0"), False
                if end.isdigit() and int(end) > time.time():
                    good = hmac.compare_digest(sign(int(room), int(end)), query.get("sig", ""))
                if good and rest:
                    return "200 OK", "application/json", f'{{"serial": "{ROOMS[int(room)][1]}", "muted": true}}', ""
                if good:
                    name, serial = ROOMS[int(room)]
                    text = (
                        f"<!doctype html><title>Room</title><h1>{name}</h1><p>{serial}</p>"
                        "<form method=post action=mute><button>Mute</button></form>"
                    )
                    return "200 OK", html, text, ""
        return (
            "200 OK",
            html,
            "<!doctype html><title>QuickRoom</title><p>We could not find that. Ask for a new link?",
            "",
        )


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A visitor who does not speak TLS, or leaves, is none of its concern."""


def target(said: dict[str, str]) -> str:
    """As a security officer would write it, with links that were issued a moment ago."""
    url = said["url"]
    text = HEAD.format(name="E signed links", url=url)
    text += f'\n[[accounts]]\nname = "caller"\ntoken = "{said["issuing"]}"\nheaders = {{ X-Api-Key = "{{token}}" }}\n'
    for n, link in enumerate(said["links"].split()):
        room = 11 + n
        serial = ROOMS[room][1]
        text += (
            f'\n[[links]]\nurl = "{url}{link}"\nmarker = "{serial}"\nname = "room {room}"\n'
            f"issued = {datetime.now(UTC).isoformat()}\n"
        )
        if n == 0:
            text += f'reads = [{{ url = "{url}{link.replace("?", "/state?")}", expects = "{serial}" }}]\n'
    # Nothing is said of how long they live, but in their addresses. The one that K02 watches is issued anew.
    text += PATIENCE.format(watch_s=23) + f'issue = {{ request = {{ url = "{url}/issue/11", account = "caller" }} }}\n'
    return text


def main() -> None:
    server = Server(("127.0.0.1", 0), Visit)
    server.socket = server_tls(Path(sys.argv[1])).wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    links = " ".join(issue(room, MAILED_LIFE) for room in ROOMS)
    say_ready(url=f"https://localhost:{server.server_address[1]}", links=links, issuing=ISSUING)
    server.serve_forever()


if __name__ == "__main__":
    main()
