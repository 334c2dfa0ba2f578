"""The terminal conversation with a device (SSH), without a socket: the login, its JSON documents, and calls as text.

Driven as jsxapi drives it: wait for a line that is just ``OK``, switch the echo off, ask for JSON, then one line a
call, tagged with a ``resultId`` that comes back in its answer. A body is sent as its length in bytes, then the call
and the text. Every value comes as text, and feedback bears no number: both are mended here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from roomgate.xapi.call import Call, Value, Verb
from roomgate.xapi.errors import BadArgument, NotOnThisTransport, ProtocolError, TooManySubscriptions, XapiError
from roomgate.xapi.expressions import cover, expression, part_of
from roomgate.xapi.messages import Feedback, Reply
from roomgate.xapi.outcome import failure
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.shape import KINDS, Element, Shaper, at, from_json
from roomgate.xapi.tree import Document

MAX_DOCUMENT_BYTES = 8 * 1024 * 1024
MAX_GREETING_BYTES = 64 * 1024
MAX_DEPTH = 64
# The 11.x guides' cap for one connection. Older ones say 38, and then the device refuses.
MAX_EXPRESSIONS = 50
_MAX_FORGOTTEN = 1024
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,63}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ELSEWHERE = "A pattern is answered over WebSocket alone: wss://HOST/ws"
_decode = msgspec.json.Decoder().decode


class Greeting:
    """The first lines with a device, up to where calls may be sent.

    The banner names the system, and its ``OK`` is the only sign that the terminal is ready: there is no prompt.
    """

    __slots__ = ("_line", "_seen", "_steps", "ready")

    def __init__(self) -> None:
        self.ready = False
        self._line = bytearray()
        self._seen = 0
        self._steps = [b"echo off\n", b"xpreferences outputmode json\n"]

    def feed(self, heard: bytes) -> bytes:
        """What is to be sent for what came, maybe nothing. Raises ProtocolError for a greeting without end."""
        self._seen += len(heard)
        if self._seen > MAX_GREETING_BYTES:
            raise ProtocolError("a greeting of more than 64 KiB")
        said = b""
        self._line += heard
        *lines, rest = self._line.split(b"\n")
        self._line = bytearray(rest)
        for line in lines:
            if line.strip() == b"OK" and self._steps:
                said += self._steps.pop(0)
                self.ready = not self._steps
            elif line.strip() == b"ERROR":
                raise ProtocolError("the device refused the terminal's settings")
        return said


class DocumentStream:
    """Cuts what a terminal says into whole JSON documents, however it arrives.

    A document begins with a brace that is first on its line, or follows another document; all else between documents
    (``OK``, ``** end``) is passed over. What is kept is the one document that is not whole, at most 8 MiB of it.
    """

    __slots__ = ("_deep", "_escaped", "_fresh", "_parts", "_text")

    def __init__(self) -> None:
        self._parts = bytearray()
        self._deep = 0  # open braces: above none, this is within a document
        self._text = False  # within a string
        self._escaped = False  # right after a backslash
        self._fresh = True  # nothing but white space on this line

    def feed(self, heard: bytes) -> list[bytes]:
        """The documents that are whole now. Raises ProtocolError for one that is too large or too deep."""
        documents, place = list[bytes](), 0
        while place < len(heard):
            if not self._deep:
                place = self._seek(heard, place)
                continue
            place = self._walk(heard, place)
            if not self._deep:
                documents.append(bytes(self._parts))
                self._parts.clear()
                self._fresh = True
        return documents

    def _seek(self, heard: bytes, place: int) -> int:
        """Pass over what is between documents, up to behind the next one's first brace."""
        if self._fresh:
            place = _BLANK.match(heard, place).end()  # type: ignore[union-attr]  # it matches nothing, too
            if place == len(heard):
                return place
            if heard[place] == _OPENS:
                self._deep, self._text, self._escaped = 1, False, False
                self._parts += b"{"
                return place + 1
            self._fresh = False
        end = heard.find(b"\n", place)
        if end < 0:
            return len(heard)
        self._fresh = True
        return end + 1

    def _walk(self, heard: bytes, place: int) -> int:
        """Go on within a document, to behind its last brace or to the end of what there is."""
        start = place
        if self._escaped:
            place, self._escaped = place + 1, False
        while self._deep and place < len(heard):
            place = (_TEXT if self._text else _PLAIN).match(heard, place).end()  # type: ignore[union-attr]  # it matches nothing, too
            if place == len(heard):
                break
            match heard[place]:
                case 0x5C:  # in a string, the last byte so far
                    self._escaped = True
                case 0x22:  # the end of a string, or the beginning of one whose end is not here yet
                    self._text = not self._text
                case 0x7B:
                    self._deep += 1
                case _:
                    self._deep -= 1
            place += 1
        self._parts += heard[start:place]
        if len(self._parts) > MAX_DOCUMENT_BYTES:
            raise ProtocolError("a document of more than 8 MiB")
        if self._deep > MAX_DEPTH:
            raise ProtocolError(f"a document more than {MAX_DEPTH} deep")
        return place


_OPENS = ord("{")
_BLANK = re.compile(rb"[ \t\r\n]*")
_TEXT = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)  # a backslash takes the next byte's meaning away
# Up to the next brace, over whole strings.
_PLAIN = re.compile(rb'[^"{}]*+(?:"(?:[^"\\]++|\\.)*+"[^"{}]*+)*+', re.DOTALL)


@dataclass(slots=True)
class _Open:
    """A request: what it asked, and the tags of the answers that are still to come."""

    verb: Verb | None
    path: Path | None = None
    rooted: bool = False
    tags: list[int] = field(default_factory=list)
    result: Any = True
    error: XapiError | None = None
    subscription: int | None = None
    value_tag: int = 0  # of the read of a subscription's present value
    value: Document | None = None


class Conversation:
    """One session's requests, and what is open of them. Not to be shared between connections."""

    __slots__ = ("_chores", "_forgotten", "_next", "_of_tag", "_open", "_registered", "_shaper", "_subscriptions")

    def __init__(self, catalogue: Catalogue) -> None:
        self._shaper = Shaper(catalogue)
        self._next = 1
        self._open: dict[int, _Open] = {}
        self._of_tag: dict[int, int] = {}
        self._forgotten: dict[int, None] = {}
        self._subscriptions: dict[int, Path] = {}
        self._registered: dict[Path, None] = {}
        self._chores = list[str]()  # lines whose answers do not matter, to go out with the next request

    def request(self, call: Call, *, rooted: bool = False, current: bool = False) -> tuple[int, bytes]:
        """A call's number and lines; see `conversation.Conversation`."""
        path = call.path
        match call.verb:
            case Verb.GET:
                return self._send(_Open(Verb.GET, path, rooted), [_get(path)])
            case Verb.SET:
                value = call.argument("Value")
                if isinstance(value, tuple) or value is None:
                    raise BadArgument(f"{path} takes one value")
                return self._send(_Open(Verb.SET, path), [f'{_words("xConfiguration", path)}: "{_quoted(str(value))}"'])
            case Verb.COMMAND:
                given = [f"{_name(name)}: {one}" for name, value in call.arguments for one in _values(value)]
                return self._send(_Open(Verb.COMMAND, path), [" ".join([_words("xCommand", path), *given])], call.body)
            case Verb.SUBSCRIBE:
                return self._subscribe(path, current)

    def describe(self, path: Path) -> tuple[int, bytes]:
        """The number and line that ask what the device offers at a path (xDocument)."""
        if path.is_pattern:
            raise NotOnThisTransport(_ELSEWHERE)
        return self._send(_Open(None), [f'xDocument Format: "JSON" Path: "{Path.of(*path.parts)}" Schema: "True"'])

    def unsubscribe(self, subscription: int) -> tuple[int, bytes]:
        """The number and lines that end a subscription."""
        self._subscriptions.pop(subscription, None)
        wanted = cover(self._subscriptions.values())
        if len(wanted) > MAX_EXPRESSIONS:  # what covered many of them stays
            return self._send(_Open(Verb.SUBSCRIBE), [_NOTHING])
        lines = [f"xfeedback register {expression(path)}" for path in wanted if path not in self._registered]
        lines += [f"xfeedback deregister {expression(path)}" for path in self._registered if path not in wanted]
        self._registered = dict.fromkeys(wanted)
        return self._send(_Open(Verb.SUBSCRIBE), lines or [_NOTHING])

    def forget(self, number: int) -> None:
        """Nobody waits for this answer any more; when it comes late, it is passed over."""
        gone = self._open.pop(number, None)
        if gone is None:
            return
        for tag in gone.tags:
            self._pass_over(tag)
        if gone.subscription is not None:
            self._subscriptions.pop(gone.subscription, None)

    def receive(self, frame: bytes) -> Sequence[Reply | Feedback]:
        """What one document says. Raises ProtocolError for anything that is not the protocol."""
        if len(frame) > MAX_DOCUMENT_BYTES:
            raise ProtocolError("a document of more than 8 MiB")
        try:
            document = _decode(frame)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as bad:
            raise ProtocolError("a document that does not parse") from bad
        if not isinstance(document, dict):
            raise ProtocolError("a document that is no object")
        if "ResultId" not in document:
            return self._feedback(document)
        tag = _tag(document.pop("ResultId"))
        if tag in self._forgotten:
            del self._forgotten[tag]
            return ()
        number = self._of_tag.pop(tag, None)
        asked = self._open.get(number) if number is not None else None
        if number is None or asked is None:
            raise ProtocolError("an answer to no request")
        asked.tags.remove(tag)
        self._answer(asked, tag, document)
        if asked.tags:
            return ()
        del self._open[number]
        return self._replies(number, asked)

    def _subscribe(self, path: Path, current: bool) -> tuple[int, bytes]:
        words = expression(path)
        lines = [_NOTHING]
        if not any(one.covers(path) for one in self._registered):
            if len(self._registered) >= MAX_EXPRESSIONS:
                raise TooManySubscriptions(f"{MAX_EXPRESSIONS} expressions are all that one connection may register")
            lines = [f"xfeedback register {words}"]
        subscription = self._next
        asked = _Open(Verb.SUBSCRIBE, path, subscription=subscription)
        if current and path.root != "Event":
            lines.append(_get(path))
            asked.value_tag = -1
        self._subscriptions[subscription] = path
        return self._send(asked, lines)

    def _send(self, asked: _Open, lines: list[str], body: str | None = None) -> tuple[int, bytes]:
        chores, self._chores = self._chores, []
        text = b""
        for line in chores:
            tag = self._take_tag()
            self._pass_over(tag)
            text += f'{line} | resultId="{tag}"\n'.encode()
        number = 0
        for line in lines:
            tag = self._take_tag()
            number = number or tag
            asked.tags.append(tag)
            self._of_tag[tag] = number
            tagged = f'{line} | resultId="{tag}"\n'.encode()
            if body is not None:
                tagged += _lines(body).encode()
                tagged = b"{%d} \n" % len(tagged) + tagged
            if len(tagged) > MAX_DOCUMENT_BYTES:
                self._of_tag.pop(tag)
                raise BadArgument("a call of more than 8 MiB")
            text += tagged
        if asked.value_tag:
            asked.value_tag = asked.tags[-1]
        self._open[number] = asked
        return number, text

    def _take_tag(self) -> int:
        self._next += 1
        return self._next - 1

    def _pass_over(self, tag: int) -> None:
        self._of_tag.pop(tag, None)
        self._forgotten[tag] = None
        while len(self._forgotten) > _MAX_FORGOTTEN:
            del self._forgotten[next(iter(self._forgotten))]

    def _answer(self, asked: _Open, tag: int, document: dict[str, Any]) -> None:
        """Note what one answer says."""
        try:
            if tag == asked.value_tag:
                if asked.path is not None:
                    asked.value = part_of(self._read(document), asked.path)
            elif asked.verb is Verb.GET and asked.path is not None:
                found = self._read(document)
                asked.result = part_of(found, asked.path) if asked.rooted else at(found, asked.path.parts)
                if asked.result in ([], {}):
                    asked.result = None
            elif asked.verb is None:
                asked.result = document
            else:
                asked.result = self._done(document, asked.verb)
        except ProtocolError:
            raise
        except XapiError as error:
            if tag != asked.value_tag:  # no present value is no reason not to be told of the next one
                asked.error = asked.error or error

    def _replies(self, number: int, asked: _Open) -> Sequence[Reply | Feedback]:
        subscription = asked.subscription
        if subscription is None or asked.path is None:
            return (Reply(number, error=asked.error) if asked.error else Reply(number, asked.result),)
        if asked.error is not None:
            self._subscriptions.pop(subscription, None)
            return (Reply(number, error=asked.error),)
        if not any(one.covers(asked.path) for one in self._registered):
            # What lies under the new expression needs one of its own no more, and might be told twice.
            kept = cover([*self._registered, asked.path])
            self._chores += [f"xfeedback deregister {expression(one)}" for one in self._registered if one not in kept]
            self._registered = dict.fromkeys(kept)
        reply = Reply(number, {"Id": subscription})
        if asked.value is None:
            return (reply,)
        return reply, Feedback(subscription, asked.path.root, asked.value)

    def _read(self, document: dict[str, Any]) -> Document:
        """The rooted document of a read; raises what it was refused with."""
        wrapped = document.get("CommandResponse")
        inside = wrapped if isinstance(wrapped, dict) else document
        for name in KINDS:
            if name in inside:
                root = from_json(name, inside[name])
                if (error := failure(root, Verb.GET)) is not None:
                    raise error
                return self._shaper.document(root)
        self._done(document, Verb.GET)  # another wrapper around an error
        return {}

    def _done(self, document: dict[str, Any], verb: Verb) -> Any:
        """The result of anything but a read; raises what it was refused with."""
        answer = from_json("", document)
        wrapped = answer.child("CommandResponse")
        if wrapped is not None and wrapped.children:
            result = wrapped.children[0]
            if (error := failure(result, verb)) is not None:
                raise error
            return self._shaper.result(result) if verb is Verb.COMMAND else True
        for root in answer.children:
            if (error := failure(root, verb)) is not None:
                raise error
            if (wrong := _marked(root)) is not None:
                raise BadArgument(wrong.says() or "The device refused the value")
        return {} if verb is Verb.COMMAND else True

    def _feedback(self, document: dict[str, Any]) -> Sequence[Feedback]:
        told = list[Feedback]()
        for kind in KINDS:
            if kind in document:
                heard = self._shaper.document(from_json(kind, document[kind]))
                for number, path in self._subscriptions.items():
                    if path.root == kind and (part := part_of(heard, path)) is not None:
                        told.append(Feedback(number, kind, part))
        return told


# What every account may read, for a request that needs no answer but must have one.
_NOTHING = "xStatus SystemUnit Uptime"


def _get(path: Path) -> str:
    if path.is_pattern:
        raise NotOnThisTransport(_ELSEWHERE)
    return _words("xStatus" if path.root == "Status" else "xConfiguration", path)


def _words(verb: str, path: Path) -> str:
    return " ".join([verb, *map(str, Path.of(*path.parts).parts[1:])])  # whatever made the path, its words are words


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise BadArgument(f"{name[:64]!r} is not a name")
    return name


def _values(value: Value) -> list[str]:
    many = value if isinstance(value, tuple) else (value,)
    return [str(one) if isinstance(one, int) else f'"{_quoted(one)}"' for one in many]


def _quoted(text: str) -> str:
    """A text between quotation marks. A line break would be the end of the call, and the start of another."""
    if _CONTROL.search(text):
        raise BadArgument("A value is one line of text, without control characters; only a body has lines")
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _lines(body: str) -> str:
    if "\x00" in body:
        raise BadArgument("A body is text, without NUL")
    return body if body.endswith("\n") else body + "\n"


def _tag(said: object) -> int:
    text = str(said) if isinstance(said, str | int) and not isinstance(said, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise ProtocolError("an answer without our tag")
    return int(text)


def _marked(element: Element) -> Element | None:
    """The first element that the device marks as wrong."""
    left = [element]
    while left:
        one = left.pop()
        if one.attributes.get("error", "").lower() == "true":
            return one
        left.extend(reversed(one.children))
    return None
