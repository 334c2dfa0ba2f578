"""C: like 2019. Long random addresses that open without signing in, never end and outlive everything."""

import json
import secrets
import sys
import time
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from strangers.ground import HEAD, PATIENCE, SHORT, say_ready, server_tls

TRUTH = {
    "K01": "fail", "K02": "fail", "K03": "fail", "K04": "fail", "K09": "pass", "K10": "fail",
    "K11": "fail", "K12": "fail", "K13": "pass", "K14": "fail", "K15": "pass",
    # Written as fail at first, for live data goes on. So do plain requests: that is K03's and K04's matter, and nobody
    # can say what the live channel would do of itself.
    "K05": "inconclusive",
    # Written as fail at first, for Ben's room opens to Ann. It opens to everybody: that is K01's matter.
    "K16": "inconclusive",
    "K17": "not-applicable", "K19": "fail", "K20": "fail", "K27": "pass", "K29": "fail",
    "K30": "inconclusive",  # no cut ever came
}  # fmt: skip
LINKS = {
    secrets.token_hex(16): ("Hall 1", "FOC1911N0AX", "ann"),
    secrets.token_hex(16): ("Hall 2", "FOC1911N0BZ", "ben"),
    secrets.token_hex(16): ("Hall 3", "FOC1911N0CY", "ann"),
    secrets.token_hex(16): ("Hall 4", "FOC1911N0DX", "ben"),
    secrets.token_hex(16): ("Hall 5", "FOC1911N0EW", "ann"),
}
PASSWORDS = {"ann": "letmein-please-1", "ben": "letmein-please-2", "admin": "correct-horse-55"}
SESSIONS: dict[str, str] = {}


class Handler(BaseHTTPRequestHandler):
    """One visitor's request."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Keeps no record, like them."""

    def answer(self, status: int, body: str, kind: str = "text/html", **headers: str) -> None:
        data = body.encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def whose(self) -> str:
        found = SimpleCookie(self.headers.get("Cookie", "")).get("SESSIONID")
        return SESSIONS.get(found.value, "") if found else ""

    def do_GET(self) -> None:
        parts = urlsplit(self.path).path.strip("/").split("/")
        if parts[0] in LINKS:
            room, serial, _ = LINKS[parts[0]]
            state = json.dumps({"room": room, "serial": serial, "at": time.time()})
            if parts[1:] == ["status.json"]:
                self.answer(200, state, "application/json")
            elif parts[1:] == ["wait.json"]:
                time.sleep(0.5)
                self.answer(200, state, "application/json")
            else:
                here = f"https://{self.headers['Host']}/{parts[0]}"
                self.answer(200, (
                    f"<html><head><title>{room}</title></head><body><h1>{room}</h1>Serial number: {serial}"
                    f"<script src='/{parts[0]}/panel.js'></script><iframe src='/{parts[0]}/status.json'></iframe>"
                    f"<img src='https://count.stats-vendor.example/p.gif?page={here}'>"
                    "<form method=post action=dial>Call <input name=number><button>Call</button></form></body></html>"
                ))  # fmt: skip
        elif parts == ["rooms"] and (name := self.whose()):
            mine = "".join(f"<a href=/{id}>{room[0]}</a>" for id, room in LINKS.items() if room[2] == name)
            self.answer(200, f"<html><body>Your rooms, {name}: {mine}</body></html>")
        elif parts in ([""], ["login"]):
            self.answer(200, (
                "<html><head><title>Room portal</title><script>document.title += ' - sign in'</script></head><body>"
                "<form method=post action=/login>User <input name=u> Password <input name=p type=password>"
                "<button>Sign in</button></form></body></html>"
            ))  # fmt: skip
        else:
            self.answer(404, "<html><body>404</body></html>")

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
        match urlsplit(self.path).path.strip("/").split("/"):
            case ["login"]:
                name = sent.get("u", [""])[0]
                if PASSWORDS.get(name) != sent.get("p", ["-"])[0]:
                    self.answer(401, "<html><body>Wrong user or password</body></html>")
                    return
                id = secrets.token_hex(16)
                SESSIONS[id] = name
                self.answer(302, "", Location="/rooms", Set_Cookie=f"SESSIONID={id}; Path=/")
            case ["logout"]:
                self.answer(302, "", Location="/", Set_Cookie="SESSIONID=; Path=/; Max-Age=0")  # and it lives on
            case ["admin", "password", name] if self.whose() == "admin":
                PASSWORDS[name] = sent["new"][0]
                self.answer(200, "<html><body>Changed</body></html>")
            case ["admin", "delete", name] if self.whose() == "admin":
                PASSWORDS[name] = ""
                self.answer(200, "<html><body>Deleted</body></html>")
            case _:
                self.answer(404, "<html><body>404</body></html>")


def target(said: dict[str, str]) -> str:
    """As a security officer would write it: the links as they came by mail, and what people see when signed in."""
    url = said["url"]
    one, two, *more = said["links"].split()
    text = HEAD.format(name="C like 2019", url=url)
    for name, password in PASSWORDS.items():
        role = "administrator" if name == "admin" else "user"
        text += (
            f'\n[[accounts]]\nname = "{name}"\nrole = "{role}"\nuser = "{name}"\npassword = "{password}"\n'
            + ("wrong_passwords = true\n" if name == "ben" else "")
            + f'[accounts.sign_in.request]\nurl = "{url}/login"\nmethod = "POST"\n'
            'form = { u = "{user}", p = "{password}" }\n'
        )
    text += (
        f'\n[[links]]\nurl = "{url}/{one}"\nmarker = "FOC1911N0AX"\nname = "hall 1"\naccount = "ann"\n'
        f'reads = [{{ url = "{url}/{one}/status.json", expects = "FOC1911N0AX" }}]\n'
        "issued = 2026-01-02T10:00:00Z\n"
        f'\n[[links]]\nurl = "{url}/{two}"\nmarker = "FOC1911N0BZ"\nname = "hall 2"\naccount = "ben"\n'
        "issued = 2026-01-02T10:00:00Z\n"
        f'\n[[channels]]\nname = "rooms"\nexpects = "Your rooms"\n[channels.request]\nurl = "{url}/rooms"\naccount = "ann"\n'
        f'\n[[channels]]\nname = "status"\nexpects = "FOC1911N0AX"\n[channels.request]\nurl = "{url}/{one}/status.json"\n'
        f'\n[[channels]]\nname = "wait"\nkind = "long-poll"\nexpects = "FOC1911N0AX"\n[channels.request]\n'
        f'url = "{url}/{one}/wait.json"\n'
    )
    for id, (_, serial, _) in zip(more, list(LINKS.values())[2:], strict=True):
        text += f'\n[[links]]\nurl = "{url}/{id}"\nmarker = "{serial}"\n'
    old = PASSWORDS["ann"]
    change = f'url = "{url}/admin/password/ann", method = "POST", account = "admin"'
    text += (
        f'\n[[causes]]\nname = "new password"\nkind = "own-password"\naccount = "ann"\nlink = "hall 1"\n{SHORT}'
        f'deed = {{ request = {{ {change}, form = {{ new = "other-words-9" }} }} }}\n'
        f'undo = {{ request = {{ {change}, form = {{ new = "{old}" }} }} }}\n'
        f'\n[[causes]]\nname = "deleted"\nkind = "deleted"\naccount = "ann"\nlink = "hall 1"\n{SHORT}'
        f'deed = {{ request = {{ url = "{url}/admin/delete/ann", method = "POST", account = "admin" }} }}\n'
        f'undo = {{ request = {{ {change}, form = {{ new = "{old}" }} }} }}\n'
        f'\n[[causes]]\nname = "sign-out"\nkind = "signed-out"\naccount = "ann"\n{SHORT}'
        f'deed = {{ request = {{ url = "{url}/logout", method = "POST", account = "ann" }} }}\n'
    )
    return text + PATIENCE.format(watch_s=4)


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = server_tls(Path(sys.argv[1])).wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    say_ready(url=f"https://localhost:{server.server_port}", links=" ".join(LINKS))
    server.serve_forever()


if __name__ == "__main__":
    main()
