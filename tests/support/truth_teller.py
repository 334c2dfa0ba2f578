"""Asks a device what the corpus asks, by raw sockets, and tells where it answers otherwise."""

import base64
import json
import selectors
import ssl
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from support.raw_device import (
    WAIT_S,
    Ended,
    Head,
    Pipe,
    Place,
    Silent,
    WebSocket,
    accept_of,
    http_request,
    new_key,
    upgrade_request,
)  # fmt: skip
from support.truth import Truth, decode_frame, mismatches, xml_mismatches

DAILY = ["User", "Integrator"]
PASSPHRASE = "correct horse battery"
_FENCE = {"jsonrpc": "2.0", "id": "fence", "method": "xGet", "params": {"Path": ["Status", "SystemUnit", "Uptime"]}}


class Unprepared(Exception):
    """What has to hold before the question does not."""


@dataclass
class Heard:
    """What a device said to one question."""

    frames: list[Any] = field(default_factory=list)
    astray: list[str] = field(default_factory=list)
    extra: list[Any] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def reply(self) -> Any:
        return next((one for one in self.frames if not _is_event(one)), None)

    @property
    def events(self) -> list[Any]:
        return [one for one in self.frames if _is_event(one)]


def _is_event(frame: Any) -> bool:
    return isinstance(frame, dict) and "method" in frame


@dataclass
class Room:
    """One device, the accounts that were made on it, and the sockets that questions share."""

    place: Place
    admin: tuple[str, str]
    shell: tuple[int, str] | None = None  # the port and the host key of its SSH
    phrases: dict[str, str] = field(default_factory=dict)
    shared: dict[str, WebSocket] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.phrases[self.admin[0]] = self.admin[1]

    def account(self, who: Any) -> str:
        """The account with these roles (made if need be), or the one of that name."""
        if isinstance(who, str):
            return who
        if who == ["Admin"]:
            return self.admin[0]
        name = "truth-" + "-".join(who).lower()
        if name not in self.phrases:
            self.add(name, who, PASSPHRASE)
        return name

    def add(self, name: str, roles: list[str], phrase: str) -> None:
        arguments = {"Username": name, "Passphrase": phrase, "Role": roles, "YourPassphrase": self.admin[1]}
        reply = self.ask(self.socket(self.admin[0]), "xCommand/UserManagement/User/Add", arguments)
        if "result" not in reply:
            raise Unprepared(f"no account {name}: {reply}")
        self.phrases[name] = phrase

    def basic(self, name: str, phrase: str | None = None) -> str:
        return "Basic " + base64.b64encode(f"{name}:{phrase or self.phrases[name]}".encode()).decode()

    def token(self, name: str, phrase: str | None = None) -> str:
        whole = base64.urlsafe_b64encode(f"{name}:{phrase or self.phrases[name]}".encode()).decode()
        return whole.rstrip("=")

    def open(self, name: str, how: str = "basic") -> WebSocket:
        headers = {"Authorization": self.basic(name)}
        if how == "sub-protocol":
            headers = {"Sec-WebSocket-Protocol": f"auth-{self.token(name)}"}
        return WebSocket.open(self.place, headers)

    def socket(self, name: str) -> WebSocket:
        if name not in self.shared:
            self.shared[name] = self.open(name)
        return self.shared[name]

    def ask(self, line: WebSocket, method: str, params: dict[str, Any]) -> dict[str, Any]:
        line.send(json.dumps({"jsonrpc": "2.0", "id": "by the way", "method": method, "params": params}).encode())
        while True:
            said = json.loads(line.receive() or "{}")
            if said.get("id") == "by the way":
                return dict(said)

    def http(self, request: dict[str, Any], who: str, cookie: str, wait_s: float = WAIT_S) -> Head:
        pipe = Pipe(self.place)
        try:
            pipe.send(self.http_bytes(request, who, cookie))
            return pipe.answer(wait_s)
        finally:
            pipe.close()

    def http_bytes(self, request: dict[str, Any], who: str, cookie: str) -> bytes:
        headers = {"Host": f"{self.place.host}:{self.place.port}", **request.get("headers", {})}
        match request["auth"]:
            case "basic":
                headers["Authorization"] = self.basic(who)
            case "wrong":
                headers["Authorization"] = self.basic(who, "not the passphrase")
            case "cookie":
                headers["Cookie"] = cookie
            case "cookie of nobody":
                headers["Cookie"] = "SecureSessionId=0123456789abcdef"
            case "session":
                headers["Cookie"] = self.cookie(who)
        return http_request(request["method"], request["path"], headers, request.get("body", "").encode())

    def cookie(self, who: str) -> str:
        if who not in self.cookies:
            begin = {"method": "POST", "path": "/xmlapi/session/begin", "auth": "basic"}
            head = self.http(begin, who, "")
            if head.status != 204:
                raise Unprepared(f"no session begins: {head.status}")
            self.cookies[who] = head.headers["set-cookie"].partition(";")[0]
        return self.cookies[who]

    def close(self) -> None:
        for line in self.shared.values():
            line.close()


class Teller:
    """Tells, for one entry and one device, every place where they differ."""

    def __init__(self, room: Room, truth: Truth, generation: str) -> None:
        self.room, self.truth, self.entry, self.generation = room, truth, truth.entry, generation
        self.own: dict[str, WebSocket] = {}
        self.subscribed: list[tuple[WebSocket, int]] = []
        self.kept: dict[str, Any] = {"soon": (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:00Z")}
        self.who = ""

    def differences(self) -> list[str]:
        """What the device answers otherwise; nothing if one of the readings holds."""
        found = ["it came to nothing"]
        try:
            found = self._tell()
        except Unprepared as lacking:
            found = [f"not prepared: {lacking}"]
        except Ended as end:
            found = [f"the connection ended: {end}"]
        except Silent:
            found = [f"no answer in {WAIT_S:g} s"]
        except OSError as fault:
            found = [f"no connection: {fault}"]
        finally:
            self._tidy(bool(found))
        return found

    def _tell(self) -> list[str]:
        who = self.entry.get("as", DAILY)
        for step in self.entry.get("prepare", []):
            if "account" in step:
                self.room.add(step["account"], step["roles"], step["passphrase"])
        self.who = self.room.account(who)
        self.kept["passphrase"] = self.room.phrases[self.who]
        for number, step in enumerate(self.entry.get("prepare", []), 1):
            if "account" not in step:
                self._prepare(step, number)
        heard = self._ask(self.entry["request"])
        wrong = {name: self._compare(answer, heard) for name, answer in self.truth.readings.items()}
        if not all(wrong.values()):
            return heard.astray
        return heard.astray + [f"{name}: {no}" if name else no for name, list_ in wrong.items() for no in list_]

    # ---- steps ---------------------------------------------------------------------------------------

    def _line(self, step: dict[str, Any]) -> WebSocket:
        name = str(step.get("on", "main"))
        who = self.room.account(step["as"]) if "as" in step else self.who
        if name == "main" and self.entry.get("socket") != "fresh":
            return self.room.socket(who)
        key = f"{name} of {who}"
        if key not in self.own:
            self.own[key] = self.room.open(who, self.entry.get("sign in", "basic"))
        return self.own[key]

    def _prepare(self, step: dict[str, Any], number: int) -> None:
        times = step.get("times", 1)
        for _ in range(times[self.generation] if isinstance(times, dict) else times):
            try:
                self._prepare_once(step, number)
            except Ended:
                if not step.get("may end"):
                    raise
                return
        if step.keys() & {"frame", "text"} and not step.keys() & {"until end"}:
            self._fence(self._line(step))

    def _prepare_once(self, step: dict[str, Any], number: int) -> None:
        if "frame" in step or "text" in step:
            line = self._line(step)
            sent = self._send(line, step)
            if isinstance(sent, dict) and "id" not in sent:
                return
            while _is_event(reply := json.loads(line.receive() or '{"method": "pong"}')):
                pass
            self._remember(step, line, sent, reply)
            if "error" in reply and not step.get("may fail"):
                raise Unprepared(f"step {number}: {json.dumps(sent)[:200]} answered {json.dumps(reply)}")
            if step.get("until end"):
                while True:
                    line.receive()
        elif "close" in step:
            self._close(self._line(step), step["close"])
        elif "upgrade" in step:
            head = self._upgrade(step)[0]
            if head.status != 101 and not step.get("may fail"):
                raise Unprepared(f"step {number}: the upgrade was answered {head.status}")
        elif "http" in step:
            who = self.room.account(step["as"]) if "as" in step else self.who
            head = self.room.http(self._fill(step["http"]), who, str(self.kept.get("cookie", "")))
            if "bind" in step:
                self.kept["cookie"] = head.headers.get("set-cookie", "").partition(";")[0]
            if head.status >= 400 and not step.get("may fail"):
                raise Unprepared(f"step {number}: answered {head.status} {head.text[:100]!r}")
        else:
            raise Unprepared(f"step {number}: nobody can {sorted(step)}")

    def _send(self, line: WebSocket, step: dict[str, Any]) -> Any:
        if "text" in step:
            line.send(step["text"].encode())
            return step["text"]
        frame = self._fill(step["frame"])
        line.send(json.dumps(frame, ensure_ascii=False).encode())
        return frame

    def _remember(self, step: dict[str, Any], line: WebSocket, sent: Any, reply: Any) -> None:
        if not isinstance(reply, dict) or not isinstance(sent, dict):
            return
        for name, path in step.get("bind", {}).items():
            value: Any = reply
            for word in path:
                value = value.get(word) if isinstance(value, dict) else None
            self.kept[name] = value
        if sent.get("method") == "xFeedback/Subscribe" and isinstance(reply.get("result"), dict):
            self.subscribed.append((line, reply["result"].get("Id")))

    def _fence(self, line: WebSocket) -> list[Any]:
        """Everything that came before the answer to a question that is sent now."""
        line.send(json.dumps(_FENCE).encode())
        before: list[Any] = []
        while True:
            text = line.receive()
            said = json.loads(text) if text else {"method": "pong"}
            if isinstance(said, dict) and said.get("id") == "fence":
                return before
            before.append(said)

    def _close(self, line: WebSocket, code: int) -> int | None:
        line.send(code.to_bytes(2, "big"), 8)
        try:
            while True:
                line.receive()
        except Ended:
            pass
        self.own = {name: one for name, one in self.own.items() if one is not line}
        line.close()
        return line.closed

    def _upgrade(self, step: dict[str, Any]) -> tuple[Head, str]:
        request, key = self._fill(step["upgrade"]), new_key()
        pipe = Pipe(self.room.place)
        try:
            pipe.send(upgrade_request(self.room.place, request["path"], request["headers"], key))
            head = pipe.answer()
            if head.status == 101:
                WebSocket(pipe).close()
            return head, key
        finally:
            pipe.close()

    # ---- questions -----------------------------------------------------------------------------------

    def _ask(self, step: dict[str, Any]) -> Heard:
        if "until" in step:
            return self._crowd(step)
        if "upgrade" in step:
            head, key = self._upgrade(step)
            self.kept["accept"] = accept_of(key)
            return Heard(facts={"head": head})
        if "http" in step:
            return Heard(
                facts={"head": self.room.http(self._fill(step["http"]), self.who, self.kept.get("cookie", ""))}
            )
        if "tls" in step:
            return self._look_at_tls(step["tls"])
        line = self._line(step)
        if "ping" in step:
            line.send(step["ping"].encode(), 9)
            line.receive()
            return Heard(facts={"pong": line.pongs[-1].decode()} if line.pongs else {})
        if "close" in step:
            return Heard(facts={"close": self._close(line, step["close"])})
        if any("ends" in answer for answer in self.truth.readings.values()):
            return self._listen_to_the_end(line, step)
        return self._converse(line, step)

    def _look_at_tls(self, wanted: dict[str, Any]) -> Heard:
        pipe = Pipe(self.room.place, ssl.TLSVersion.TLSv1_2 if wanted["version"] == "1.2" else None)
        try:
            shown = pipe.tls.getpeercert() or {}
            same = bool(shown) and shown.get("issuer") == shown.get("subject")
            return Heard(facts={"version": pipe.tls.version(), "self-signed": same})
        finally:
            pipe.close()

    def _listen_to_the_end(self, line: WebSocket, step: dict[str, Any]) -> Heard:
        self._send(line, step)
        heard = Heard()
        try:
            while True:
                self._keep(heard, line.receive())
        except Ended:
            heard.facts["ends"] = True
        return heard

    def _converse(self, line: WebSocket, step: dict[str, Any]) -> Heard:
        """Sends, hears what has to come, and then what comes before the answer to a last question."""
        answers = list(self.truth.readings.values())
        listening = self._line({"on": self.entry["listen"]}) if "listen" in self.entry else line
        replies = 0 if listening is not line else min(_replies(one) for one in answers)
        events = min(len(one.get("then", [])) for one in answers)
        heard, until = Heard(), time.monotonic() + WAIT_S
        sent: Any = None
        for frame in step.get("frames", [None]):
            sent = self._send(line, step if frame is None else {"frame": frame})
        if listening is not line:
            while _is_event(json.loads(line.receive())):
                pass
        try:
            while not self._enough(heard, answers, replies, events):
                self._keep(heard, listening.receive(max(until - time.monotonic(), 0.001)))
                if heard.frames and not _is_event(heard.frames[-1]):
                    self._remember(step, line, sent, heard.frames[-1])
        except Silent:
            heard.facts["silent"] = True
        for one in self._fence(listening):
            heard.extra.append(one)
        return heard

    def _enough(self, heard: Heard, answers: list[dict[str, Any]], replies: int, events: int) -> bool:
        if len(heard.frames) - len(heard.events) < replies:
            return False
        if any(one.get("more") for one in answers):
            return any(not self._compare(one, heard) for one in answers)
        return len(heard.events) >= events

    @staticmethod
    def _keep(heard: Heard, text: str) -> None:
        if text:
            said, astray = decode_frame(text)
            heard.frames.append(said)
            heard.astray += astray

    def _crowd(self, step: dict[str, Any]) -> Heard:
        """Many at once: all connected first, then all asking; counted until enough have their answer."""
        pipes = [Pipe(self.room.place) for _ in range(step["times"])]
        chosen, seen, waiting = selectors.DefaultSelector(), Counter[str](), len(pipes)
        opened: list[WebSocket] = []
        try:
            if "upgrade" in step:
                request = self._fill(step["upgrade"])
                asked = [
                    upgrade_request(self.room.place, request["path"], request["headers"], new_key()) for _ in pipes
                ]
            else:
                asked = [self.room.http_bytes(step["http"], self.who, "")] * len(pipes)
            for pipe, request in zip(pipes, asked, strict=True):
                pipe.send(request)
                chosen.register(pipe.tls, selectors.EVENT_READ, pipe)
            until = time.monotonic() + 3 * WAIT_S
            while waiting and time.monotonic() < until:
                for key, _ in chosen.select(0.1):
                    try:
                        key.data.more(0.0)
                        if b"\r\n\r\n" not in key.data.buffer:
                            continue
                        status = key.data.head().status
                        seen[str(status)] += 1
                        opened += [WebSocket(key.data)] if status == 101 else []
                    except Silent:  # a word of TLS, not of the device
                        continue
                    except Ended:
                        seen["ended"] += 1
                    chosen.unregister(key.fileobj)
                    waiting -= 1
                if all(seen[status] >= count for status, count in step["until"].items()):
                    break
        finally:
            chosen.close()
            for line in opened:
                line.close()
            for pipe in pipes:
                pipe.close()
        return Heard(facts={"statuses": dict(seen)})

    # ---- comparing -----------------------------------------------------------------------------------

    def _compare(self, answer: dict[str, Any], heard: Heard) -> list[str]:
        answer = self._fill(answer)
        head = heard.facts.get("head")
        found: list[str] = []
        checks: dict[str, Callable[[Any], list[str]]] = {
            "status": lambda want: mismatches(want, head.status, "status"),
            "headers": lambda want: _headers(want, head),
            "text": lambda want: mismatches(want, head.text, "text"),
            "xml": lambda want: xml_mismatches(want, head.text),
            "statuses": lambda want: mismatches(
                {**want, "...": "more"}, {"503": 0, **heard.facts["statuses"]}, "statuses"
            ),
            "reply": lambda want: _reply(want, heard),
            "replies": lambda want: _replied(want, heard),
            "then": lambda want: _events(want, heard, bool(answer.get("any order")), bool(answer.get("more"))),
            "reply comes": lambda want: _comes(want, heard),
        }
        for name, want in answer.items():
            if name in checks:
                found += checks[name](want)
            elif name in ("pong", "close", "self-signed", "version", "ends"):
                found += mismatches(want, heard.facts.get(name), name)
        if "reply" in answer and not answer.get("more"):
            spare = heard.events[len(answer.get("then", [])) :] + heard.extra
            found += [f"not expected: {json.dumps(one)[:300]}" for one in spare]
        return found

    def _fill(self, pattern: Any) -> Any:
        """The pattern or request with what was kept in its places."""
        if isinstance(pattern, dict):
            if "$" in pattern:
                return self.kept.get(pattern["$"])
            if "$json" in pattern:
                return json.dumps(self._fill(pattern["$json"]))
            if "$times" in pattern:
                before, one, behind = pattern["$times"]
                return before + one * pattern["count"] + behind
            return {name: self._fill(one) for name, one in pattern.items()}
        if isinstance(pattern, list):
            return [self._fill(one) for one in pattern]
        if isinstance(pattern, str) and "${" in pattern:
            head, _, rest = pattern.partition("${")
            name, _, tail = rest.partition("}")
            return head + self._credential(name) + tail
        return pattern

    def _credential(self, name: str) -> str:
        """`basic` or `token` of the one who asks; `.wrong`, `.nobody`, `.NAME` and `.NAME.wrong` of others."""
        kind, *rest = name.split(".")
        make = self.room.basic if kind == "basic" else self.room.token
        if rest == ["nobody"]:
            return make("nobody", "not the passphrase")
        phrase = "not the passphrase" if rest[-1:] == ["wrong"] else None
        names = [one for one in rest if one != "wrong"]
        return make(names[0] if names else self.who, phrase)

    # ---- afterwards ----------------------------------------------------------------------------------

    def _tidy(self, failed: bool) -> None:
        """Leaves the device as it was found, as far as it lets us; after a failure no socket is used again."""
        for step in self.entry.get("after", []):
            try:
                self._prepare_once({**step, "may fail": True}, 0)
            except (Ended, Silent, Unprepared, OSError):
                failed = True
        for line, id_ in self.subscribed:
            try:
                if line in self.room.shared.values():
                    self.room.ask(line, "xFeedback/Unsubscribe", {"Id": id_})
            except (Ended, Silent):
                failed = True
        for line in self.own.values():
            line.close()
        if failed:
            self.room.close()
            self.room.shared.clear()


def _replies(answer: dict[str, Any]) -> int:
    return len(answer["replies"]) if "replies" in answer else int(answer.get("reply") is not None)


def _headers(want: dict[str, Any], head: Head) -> list[str]:
    lower = {name.lower(): one for name, one in want.items()}
    return mismatches({**lower, "...": "more"}, head.headers, "headers")


def _reply(want: Any, heard: Heard) -> list[str]:
    if want is None:
        return [] if heard.reply is None else [f"there is a reply: {json.dumps(heard.reply)}"]
    if heard.reply is None:
        return ["there is no reply"]
    return mismatches(want, heard.reply, "reply")


def _replied(want: list[Any], heard: Heard) -> list[str]:
    rest = [one for one in heard.frames if not _is_event(one)]
    found = []
    for one in want:
        fits = [n for n, said in enumerate(rest) if not mismatches(one, said)]
        if fits:
            rest.pop(fits[0])
        else:
            found.append(f"no reply is {json.dumps(one)}")
    return found + [f"not expected: {json.dumps(one)}" for one in rest + heard.extra]


def _events(want: list[Any], heard: Heard, any_order: bool, more: bool) -> list[str]:
    events = list(heard.events)
    if more:  # those that are wanted, in their order, among others
        for one in want:
            while events and mismatches(one, events[0]):
                events.pop(0)
            if not events:
                return [f"no event is {json.dumps(one)}; there were {json.dumps(heard.events)[:1500]}"]
            events.pop(0)
        return []
    if len(events) < len(want):
        return [f"{len(events)} events, not {len(want)}: {json.dumps(events)[:600]}"]
    found = []
    for number, one in enumerate(want):
        if not any_order:
            found += mismatches(one, events[number], f"event {number + 1}")
        elif fits := [n for n, said in enumerate(events) if not mismatches(one, said)]:
            events.pop(fits[0])
        else:
            found.append(f"no event is {json.dumps(one)}; there were {json.dumps(heard.events)[:600]}")
    return found


def _comes(want: str, heard: Heard) -> list[str]:
    place = next((n for n, one in enumerate(heard.frames) if not _is_event(one)), None)
    holds = place == (0 if want == "first" else len(heard.frames) - 1)
    return [] if holds else [f"the reply does not come {want}"]
