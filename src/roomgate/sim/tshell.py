"""One SSH connection's conversation with the device: the terminal shell. Pure: bytes in, bytes out.

There is no prompt; a line that is exactly ``OK`` (or ``ERROR``) says that the next command may come. Three forms of
output: *terminal* for people (``*s``, ``*c``, ``*r``, ``*e`` before each line, ``** end`` behind the last), *json* as
the vendor's own client reads it (every value in a ``Value`` of its own and as text, ids as text), and *xml*. A body
comes as ``{N}`` and N bytes, of which the first line is the command; or behind the command, up to a line that holds a
full stop alone. What a device says behind ``xPreferences outputmode json`` is not established; this one says nothing,
since clients wait for nothing and read JSON from there on.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from roomgate.sim.accounts import Account
from roomgate.sim.asked import stamp
from roomgate.sim.device import Device
from roomgate.sim.refusal import CommandError, Denied, InvalidParams, MethodNotFound, Refused, TooManySubscriptions
from roomgate.sim.session import concerning
from roomgate.sim.state import Change
from roomgate.sim.wires import Wires
from roomgate.sim.xmlapi import XmlApi
from roomgate.sim.xmldoc import build_xml
from roomgate.xapi.errors import XapiError
from roomgate.xapi.path import Path
from roomgate.xapi.values import Text

BODY_LIMIT = 8 << 20
_LINE_LIMIT = 1 << 16
_ATTRIBUTES = ("id", "ghost", "status", "error")
_FRAMED = re.compile(rb"\{([0-9]{1,9})\}\s*")
_RESULT_ID = re.compile(r"\|\s*resultId\s*[=:]\s*\"?([^\"]*?)\"?\s*$", re.IGNORECASE)
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_NAMED = re.compile(r"([A-Za-z][A-Za-z0-9_.\-]*(?:\[[0-9]+\])?):(.*)", re.DOTALL)
_VERBS = ("bye", "echo", "help", "xcommand", "xconfiguration", "xdocument", "xfeedback", "xgetxml", "xpreferences")
_ALL_VERBS = sorted([*_VERBS, "log", "systemtools", "xevent", "xstatus", "xtransaction"])


class TooLong(Exception):
    """More than a device takes on one line, or as one body: it ends the connection."""


@dataclass(frozen=True, slots=True)
class Said:
    """A command line, read: words before the first name with a colon, names with their values, and its number."""

    verb: str
    words: tuple[str, ...]
    named: tuple[tuple[str, str], ...]
    result_id: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """What is answered, in no form yet. ``quiet`` answers say only that all went well; ``whole`` is left unwrapped
    in JSON; ``text`` is an answer that is XML in every form."""

    document: dict[str, Any] = field(default_factory=dict)
    ok: bool = True
    whole: bool = False
    text: str = ""


@dataclass(slots=True)
class Shell:
    """``id`` is the device's own session id. ``ended`` is true once somebody said ``bye``."""

    device: Device
    account: Account
    id: str
    wires: Wires = field(default_factory=Wires)
    newline: str = "\n"
    mode: str = "terminal"
    echo: bool = True
    ended: bool = False
    expressions: dict[str, Path] = field(default_factory=dict)
    _buffer: bytearray = field(default_factory=bytearray)
    _awaiting: int | None = None  # bytes of a framed command that are still to come
    _command: str | None = None  # a command whose body is being read, line by line
    _lines: list[bytes] = field(default_factory=list)

    def greet(self, last: tuple[str, datetime] | None = None) -> bytes:
        """What stands at the start: the banner, unless NetworkServices WelcomeText is off, and ``OK``."""
        read = self.device.state.read
        lines = ["*r Login successful"]
        if read("Configuration", "NetworkServices", "WelcomeText") != "Off":
            release, _, build = self.device.profile.release.removeprefix("ce").rpartition(".")
            name = read("Configuration", "SystemUnit", "Name")
            lines = [
                f"Welcome to {name}",
                f"Cisco Codec Release RoomOS {release} {build}",
                f"SW Release Date: {self.device.profile.released}",
                *lines,
            ]
        if last is not None and read("Configuration", "Security", "Session", "ShowLastLogon") == "On":
            lines.append(f"Last login from {last[0]} at {stamp(last[1])}")
        return self._lines_of(*lines, "", "OK", "")

    def feed(self, data: bytes, now: datetime) -> list[bytes]:
        """Take bytes as they come; one answer for each command that they complete, and what is echoed.

        Raises TooLong, and nothing else.
        """
        answers = [data.replace(b"\r\n", b"\n").replace(b"\n", self.newline.encode())] if self.echo and data else []
        self._buffer += data
        while not self.ended:
            if self._awaiting is not None:
                if len(self._buffer) < self._awaiting:
                    break
                framed = bytes(self._buffer[: self._awaiting])
                del self._buffer[: self._awaiting]
                self._awaiting = None
                line, _, body = framed.partition(b"\n")
                answers.append(self._answer(_text(line), _text(body).removesuffix("\n"), now))
                continue
            end = min((at for at in (self._buffer.find(b"\n"), self._buffer.find(b"\r")) if at >= 0), default=-1)
            if end < 0:
                if len(self._buffer) > _LINE_LIMIT:
                    raise TooLong
                break
            line = bytes(self._buffer[:end])
            del self._buffer[: end + (2 if self._buffer[end : end + 2] == b"\r\n" else 1)]
            answers += self._take(line, now)
        return [one for one in answers if one]

    def notify(self, changes: list[Change]) -> list[bytes]:
        """What the changes are, for those that something registered here concerns."""
        told = []
        for change in changes:
            heard = (concerning(self.device, self.account, change, path) for path in self.expressions.values())
            document = next((one for one in heard if one is not None), None)
            if document is not None:
                told.append(self._feedback(document))
        return told

    def _take(self, line: bytes, now: datetime) -> list[bytes]:
        """One line: of a body, or a command."""
        if self._command is not None:
            if line.strip() != b".":
                self._lines.append(line)
                if sum(map(len, self._lines)) > BODY_LIMIT:
                    raise TooLong
                return []
            command, body = self._command, _text(b"\n".join(self._lines))
            self._command, self._lines = None, []
            return [self._answer(command, body, now)]
        if framed := _FRAMED.fullmatch(line):
            self._awaiting = int(framed[1])
            if self._awaiting > BODY_LIMIT + _LINE_LIMIT:
                raise TooLong
            return []
        text = _text(line).strip()
        if not text:
            return []
        if self._takes_body(_read(text)):
            self._command = text
            return []
        return [self._answer(text, None, now)]

    def _takes_body(self, said: Said) -> bool:
        try:
            return said.verb == "xcommand" and self.device.offer.catalogue.command(_command_path(said)).multiline
        except XapiError:
            return False

    def _answer(self, line: str, body: str | None, now: datetime) -> bytes:
        said = _read(line)
        if said.verb == "xpreferences":
            return self._prefer(said)
        try:
            told = self._do(said, body, now)
        except Refused as refused:
            told = Told(
                {"CommandResponse": {"Result": {"Reason": refused.message, "status": "Error"}}},
                ok=False,
            )
        return self._told(told, said.result_id)

    def _do(self, said: Said, body: str | None, now: datetime) -> Told:
        match said.verb:
            case "xstatus":
                return self._look("Status", said, now)
            case "xconfiguration":
                return self._set(said, now) if said.named else self._look("Configuration", said, now)
            case "xcommand":
                return self._run(said, body, now)
            case "xfeedback":
                return self._register(said)
            case "xdocument":
                return self._describe(dict(said.named))
            case "xgetxml":
                location = " ".join(said.words) or next((value for _, value in said.named), "")
                return Told(text=XmlApi(self.device, self.wires).get(self.account, location, now).partition("\n")[2])
            case "echo":
                self.echo = said.words[:1] != ("off",)
                return Told()
            case "help" | "?":
                return Told({"Help": dict.fromkeys(_ALL_VERBS, "")}, whole=True)
            case "bye":
                self.ended = True
                return Told()
            case _:
                raise MethodNotFound("Unknown command")

    def _describe(self, asked: dict[str, str]) -> Told:
        """`xDocument`: a tree from the root, which is StatusSchema where a schema of status was asked for."""
        parts = [str(part) for part in _parts((asked.get("Path", ""),))]
        found = self.device.describe(self.account, parts)
        if not parts or not isinstance(found, dict) or not found:
            return Told(whole=True)
        if self.device.profile.doc_rooted:
            return Told(found, whole=True)
        root = parts[0].capitalize()
        for part in reversed(parts[1:]):
            found = {part: found}
        return Told({"StatusSchema" if root == "Status" and asked.get("Schema") == "True" else root: found}, whole=True)

    def _prefer(self, said: Said) -> bytes:
        words = [word.lower() for word in said.words] + [word.lower() for pair in said.named for word in pair]
        if words[:1] == ["outputmode"] and words[1:] and words[1] in ("json", "terminal", "xml"):
            self.mode = words[1]
            return b"" if self.mode == "json" else self._told(Told(), said.result_id)
        return self._told(_refusal("PreferencesResult", "ParameterError"), said.result_id)

    def _look(self, root: str, said: Said, now: datetime) -> Told:
        try:
            return Told(self.device.query(self.account, [root, *_parts(said.words)], now))
        except (InvalidParams, Denied) as refused:
            where = "/".join([root, *map(str, _parts(said.words))])
            reason = "No match on address expression" if isinstance(refused, InvalidParams) else refused.message
            inside = {"Reason": reason, "XPath": where, "status": "Error"}
            return Told({"CommandResponse": {root: inside}}, ok=False)

    def _set(self, said: Said, now: datetime) -> Told:
        (name, value), *more = said.named
        parts = _parts((*said.words, name))
        if more:
            raise InvalidParams("Bad usage: Missing or invalid parameter(s).")
        try:
            self.device.set(self.account, ["Configuration", *parts], value, now)
        except InvalidParams as bad:
            if bad.data is None:  # no such setting, rather than a value that it does not take
                inside = {"Reason": "No match on address expression", "XPath": "/".join(map(str, parts))}
                return Told({"CommandResponse": {"Configuration": {**inside, "status": "Error"}}}, ok=False)
            refused: Any = {"Value": "Illegal value", "error": "True"}
            for part in reversed(parts):
                refused = [{**refused, "id": part}] if isinstance(part, int) else {part: refused}
            return Told({"Configuration": refused}, ok=False)
        return Told()

    def _run(self, said: Said, body: str | None, now: datetime) -> Told:
        arguments: dict[str, Any] = {}
        for name, value in said.named:
            earlier = arguments.get(name)
            arguments[name] = (
                value if earlier is None else [*(earlier if isinstance(earlier, list) else [earlier]), value]
            )
        if body is not None:
            arguments["body"] = body
        path = [part for part in _parts(said.words) if isinstance(part, str)]
        try:
            spec = self.device.offer.catalogue.command(_command_path(said))
        except XapiError:
            reason = {"Reason": "Unknown command", "XPath": "/" + "/".join(path), "status": "Error"}
            return Told({"CommandResponse": {"Result": reason}}, ok=False)
        result = "".join(spec.path.words[-2:]) + "Result"
        try:
            answer = self.device.command(self.account, path, arguments, self.id, now)
        except InvalidParams:
            return _refusal(result, "ParameterError")
        except (CommandError, Denied, MethodNotFound) as refused:
            return _refusal(result, "Error", Reason=refused.message)
        return Told({"CommandResponse": {result: {**answer, "status": "OK"}}})

    def _register(self, said: Said) -> Told:
        act, *words = said.words or ("",)
        parts = _parts(words)
        expression = "/".join(map(str, parts))
        match act.lower():
            case "register":
                path = self.device.subscription(self.account, list(parts))
                if expression not in self.expressions and len(self.expressions) >= self.device.profile.subscriptions:
                    raise TooManySubscriptions("Subscriber count exceeded")
                self.expressions[expression] = path
            case "deregister":
                if self.expressions.pop(expression, None) is None:
                    raise InvalidParams("No match on address expression")
            case "deregisterall":
                self.expressions.clear()
            case "list":
                rows = [{"id": n, "Expression": "/" + one} for n, one in enumerate(self.expressions, 1)]
                return Told({"CommandResponse": {"FeedbackListResult": {"Feedback": rows, "status": "OK"}}})
            case _:
                return _refusal("FeedbackResult", "ParameterError")
        return Told()

    # ---- the three forms ---------------------------------------------------------------------------

    def _told(self, told: Told, result_id: str | None) -> bytes:
        if self.mode == "json":
            document = told.document if told.whole else _wrapped(told.document)
            if told.text:
                document = {"CommandResponse": {"XmlDoc": {"Value": told.text}}}
            if result_id is not None:
                document = {**document, "ResultId": result_id}
            return self._lines_of(json.dumps(document))
        if self.mode == "xml":
            tag = "" if result_id is None else f' resultId="{_attribute(result_id)}"'
            return self._lines_of(f"<XmlDoc{tag}>", told.text or self._xml(told), "</XmlDoc>")
        lines = told.text.splitlines() if told.text else self._terminal(told.document, whole=told.whole)
        if result_id is not None:
            lines.append(f'** resultId: "{result_id}"')
        return self._lines_of(*lines, "** end", "", "OK" if told.ok else "ERROR", "")

    def _feedback(self, document: dict[str, Any]) -> bytes:
        if self.mode == "json":
            return self._lines_of(json.dumps(_wrapped(document)))
        if self.mode == "xml":
            return self._lines_of(*(build_xml(root, below, count=False) for root, below in document.items()))
        return self._lines_of(*self._terminal(document), "** end")

    def _xml(self, told: Told) -> str:
        if not told.document:
            return "<Success/>" if told.ok else ""
        document = told.document.get("CommandResponse", told.document)
        return "".join(build_xml(root, below, count=False) for root, below in document.items())

    def _terminal(self, document: dict[str, Any], *, whole: bool = False) -> list[str]:
        if whole:
            return [f"*? {line}" for line in json.dumps(document, indent=1).splitlines()]
        lines: list[str] = []
        for root, below in document.items():
            match root:
                case "Status":
                    self._write(lines, "*s", below, (), "Status")
                case "Configuration":
                    self._write(lines, "*c xConfiguration", below, (), "Configuration")
                case "Event":
                    self._write(lines, "*e", below, (), "Event")
                case _:
                    for name, inside in below.items():
                        lines.append(f"*r {name} (status={inside.get('status', 'OK')}):")
                        self._write(lines, f"*r {name}", inside, (), "")
        return lines

    def _write(self, lines: list[str], before: str, node: Any, parts: tuple[str | int, ...], root: str) -> None:
        here = " ".join([before, *map(str, parts)])
        if isinstance(node, dict):
            if node.get("ghost") == "True":
                lines.append(f"{here} (ghost=True):")
                return
            if node.get("error") == "True":
                lines.append(f'{here} (error=True): "{node.get("Value")}"')
                return
            inside = [(name, value) for name, value in node.items() if name not in _ATTRIBUTES]
            if not inside and root == "Event":
                lines.append(here)
            for name, value in inside:
                self._write(lines, before, value, (*parts, name), root)
        elif isinstance(node, list):
            for position, one in enumerate(node, 1):
                number = one.get("id", position) if isinstance(one, dict) else position
                self._write(lines, before, one, (*parts, number), root)
        else:
            lines.append(f"{here}: {self._value(node, (root, *parts))}")

    def _value(self, value: Any, parts: tuple[str | int, ...]) -> str:
        """Text stands in quotes, numbers and the words of a value space do not."""
        leaf = self.device.offer.leaf(Path(parts)) if parts[0] in ("Status", "Configuration") else None
        bare = isinstance(value, int) or (leaf is not None and not isinstance(leaf.space, Text))
        return str(value) if bare else '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'

    def _lines_of(self, *lines: str) -> bytes:
        text = "\n".join(lines) + "\n"
        return text.replace("\n", self.newline).encode("utf-8", "replace")


def _refusal(result: str, status: str, **more: str) -> Told:
    return Told({"CommandResponse": {result: {**more, "status": status}}}, ok=False)


def _wrapped(node: Any) -> Any:
    """A document as JSON over SSH has it: every value as text in a ``Value``, what was an attribute as text."""
    if isinstance(node, dict):
        if node.get("error") == "True":
            return {name: str(value) for name, value in node.items()}
        return {name: str(value) if name in _ATTRIBUTES else _wrapped(value) for name, value in node.items()}
    if isinstance(node, list):
        return [_wrapped(one) for one in node]
    return {"Value": "" if node is None else str(node)}


def _read(line: str) -> Said:
    """A command line; any text is one."""
    found = _RESULT_ID.search(line)
    result_id = None if found is None else found[1]
    if found is not None:
        line = line[: found.start()]
    words: list[str] = []
    named: list[tuple[str, list[str]]] = []
    for token in _TOKEN.finditer(line):
        quoted, plain = token[1], token[2]
        if quoted is not None:
            (named[-1][1] if named else words).append(re.sub(r"\\(.)", r"\1", quoted))
            continue
        name = _NAMED.fullmatch(plain)
        if name is not None and words and (not named or named[-1][1]):
            rest = name[2].removeprefix('"').removesuffix('"')
            named.append((name[1], [rest] if rest else []))
        else:
            (named[-1][1] if named else words).append(plain)
    verb, *rest_words = words or [""]
    return Said(verb.lower(), tuple(rest_words), tuple((name, " ".join(value)) for name, value in named), result_id)


def _parts(words: list[str] | tuple[str, ...]) -> list[str | int]:
    """The parts of an address, however it is spelled: ``Call 2 Status``, ``/Call[2]/Status``."""
    found = [part for word in words for part in re.findall(r"[^\s/\[\]]+", word)]
    return [int(part) if part.isascii() and part.isdecimal() and len(part) < 10 else part for part in found]


def _command_path(said: Said) -> Path:
    return Path.of("Command", *_parts(said.words))


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
