"""The HTTP conversation with a device, without a socket: calls to requests, answers to facts.

Reads are ``GET /getxml``, all else is a document to ``POST /putxml``. Errors travel inside HTTP 200, and one document
may set many things or run several commands (roomos.cisco.com's xAPI pages; captures of RoomOS 11 and 26). Feedback is
posted by the device to a receiver (HttpFeedback), so a subscription is an entry in one of its few slots.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import (
    AuthenticationFailed,
    BadArgument,
    CommandFailed,
    DeviceFault,
    NotAllSet,
    NotOnThisTransport,
    NotReady,
    ProtocolError,
    RateLimited,
    TooManySubscriptions,
    UnknownPath,
    XapiError,
)
from roomgate.xapi.expressions import cover, expression, fixed, part_of, selected
from roomgate.xapi.markup import MAX_BYTES, parse, write
from roomgate.xapi.messages import Feedback, Reply
from roomgate.xapi.outcome import failure, refusal
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.shape import KINDS, Element, Shaper, at
from roomgate.xapi.tree import Document

# RoomOS 26.4.1: four slots, and as many expressions as the schema of HttpFeedback Register takes.
MAX_SLOTS = 4
MAX_EXPRESSIONS = 50
_DOCUMENTS = {"Command": ("/command.xml",), "Configuration": ("/configuration.xml", "/valuespace.xml")}


@dataclass(frozen=True, slots=True)
class Ask:
    """One HTTP request; ``body`` is None for a GET."""

    target: str
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole. Only a 200 that is XML has a body that counts."""

    status: int
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Exchange:
    """Requests that belong together: each is sent while ``goes_on`` says so of the answer before it."""

    number: int
    asks: tuple[Ask, ...]
    goes_on: Callable[[Answer], bool] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answered:
    """The answers of an exchange, in order; fewer than its requests where it did not go on."""

    number: int
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Posted:
    """A document that the device posted to the receiver for one of its slots."""

    slot: int
    body: bytes = field(repr=False)


@dataclass(slots=True)
class _Open:
    """A request without its answer: how that is read, and the subscription that it makes."""

    read: Callable[[tuple[Answer, ...]], Sequence[Reply | Feedback]]
    subscription: int | None = None


class Conversation:
    """One device over HTTP. Not to be shared between connections.

    ``receiver`` is the address that the device posts feedback to, the slot's number left to be added; without one
    there are no subscriptions. ``slots`` are the slots that may be taken, whatever is registered in them; slot 3 is
    by custom TMS's.
    """

    __slots__ = ("_addressed", "_next", "_open", "_receiver", "_shaper", "_slot_of", "_slots", "_subscriptions")

    def __init__(self, catalogue: Catalogue, *, receiver: str | None = None, slots: Sequence[int] = (4, 2, 1)) -> None:
        if len(set(slots)) != len(slots) or not all(1 <= slot <= MAX_SLOTS for slot in slots):
            raise BadArgument("A device has four feedback slots, 1 to 4")
        self._shaper = Shaper(catalogue)
        self._receiver = receiver
        self._slots = tuple(slots)
        self._next = 1
        self._open: dict[int, _Open] = {}
        self._subscriptions: dict[int, Path] = {}
        self._slot_of: dict[int, int] = {}
        self._addressed = False  # [@item='n'] was seen to work

    def request(self, call: Call, *, rooted: bool = False, current: bool = False) -> tuple[int, Exchange]:
        """A call's number and requests; see `conversation.Conversation`."""
        match call.verb:
            case Verb.GET:
                return self._get(call.path, rooted or call.path.is_pattern)
            case Verb.SUBSCRIBE:
                return self._subscribe(call.path, current)
            case Verb.SET | Verb.COMMAND:
                return self._exchange((put([call]),), lambda answers: self._done(answers[-1], call))

    def request_all(self, calls: Sequence[Call]) -> tuple[int, Exchange]:
        """Many settings, or several commands, in one document.

        The reply's result is one entry for each call, in order: what it gave back, or the error that it met. Where
        the device says that settings failed but not which, the reply is NotAllSet.
        """
        asked = tuple(calls)
        return self._exchange((put(asked),), lambda answers: self._all_done(answers[-1], asked))

    def describe(self, path: Path) -> tuple[int, Exchange]:
        """The documents in which the device says what it offers: ``Command``, or ``Configuration``, which come whole.

        The answer is the document as it is, attributes and all; with a configuration's, ``Valuespace``, to which it
        refers. Raises NotOnThisTransport for anything else.
        """
        targets = _DOCUMENTS.get(str(path))
        if targets is None:
            raise NotOnThisTransport(
                "Over HTTP a device describes its commands or configurations, each whole: doc('Command')"
            )

        def read(answers: tuple[Answer, ...]) -> Sequence[Reply]:
            found: Document = {}
            for answer in answers:
                found.update(_plain(_root(answer)))
            return [Reply(0, found)]

        return self._exchange(tuple(map(Ask, targets)), read)

    def unsubscribe(self, subscription: int) -> tuple[int, Exchange]:
        """The number and requests that end a subscription."""
        slot, before = self._slot_of.get(subscription, 0), self._registered()
        self._subscriptions.pop(subscription, None)
        self._slot_of.pop(subscription, None)
        return self._exchange(self._register(slot, before), lambda _answers: [Reply(0, True)])

    def forget(self, number: int) -> None:
        """Nobody waits for this answer any more."""
        gone = self._open.pop(number, None)
        if gone is not None and gone.subscription is not None:
            self._subscriptions.pop(gone.subscription, None)
            self._slot_of.pop(gone.subscription, None)

    def receive(self, frame: Answered | Posted) -> Sequence[Reply | Feedback]:
        """What an answer or a posted document says. Raises ProtocolError for anything that is not the protocol."""
        if isinstance(frame, Posted):
            return self._feedback(frame)
        asked = self._open.pop(frame.number, None)
        if asked is None:
            return ()
        told: list[Reply | Feedback] = []
        try:
            for answer in frame.answers:
                _check(answer)
            heard = asked.read(frame.answers)
        except ProtocolError:
            raise
        except XapiError as error:
            heard = [Reply(frame.number, error=error)]
        for one in heard:
            told.append(Reply(frame.number, one.result, one.error) if isinstance(one, Reply) else one)
        if asked.subscription is not None and any(isinstance(one, Reply) and one.error for one in told):
            self._subscriptions.pop(asked.subscription, None)
            self._slot_of.pop(asked.subscription, None)
        return told

    def farewell(self) -> tuple[Ask, ...]:
        """What frees the slots that are still taken: they outlive the connection, and even a reboot."""
        taken = dict.fromkeys(self._slot_of.values())
        self._subscriptions.clear()
        self._slot_of.clear()
        return tuple(put([_http_feedback("Deregister", slot)]) for slot in taken)

    def _get(self, path: Path, rooted: bool) -> tuple[int, Exchange]:
        def read(answers: tuple[Answer, ...]) -> Sequence[Reply]:
            if answers and _reached(answers[0]) and _has_index(path):
                self._addressed = True
            document = self._document(_root(answers[-1]))
            if path.is_pattern:
                return [Reply(0, selected(document, path))]
            if rooted:
                return [Reply(0, part_of(document, path))]
            found = at(document, path.parts)
            return [Reply(0, None if found in ([], {}) else found)]

        # Which lists take [@item='n'] is not established, nor whether [n] counts by number or by place: so where the
        # first form reaches nothing, the whole list is read, and the member is picked here by its number.
        base = fixed(path)
        asks: tuple[Ask, ...] = (location(base),)
        if _has_index(base) and not self._addressed:
            asks = (*asks, location(_unindexed(base)))
        return self._exchange(asks, read, lambda answer: not _reached(answer))

    def _subscribe(self, path: Path, current: bool) -> tuple[int, Exchange]:
        if self._receiver is None:
            raise NotOnThisTransport(
                "Feedback over HTTP needs a receiver that the device can post to; wss://HOST/ws needs none"
            )
        expression(path)
        before = self._registered()
        slot = next((one for one in self._slots if len(cover([*self._paths(one), path])) <= MAX_EXPRESSIONS), None)
        if slot is None:
            raise TooManySubscriptions(
                f"{len(self._slots)} slots of {MAX_EXPRESSIONS} expressions are all that there is"
            )
        subscription = self._next
        self._subscriptions[subscription], self._slot_of[subscription] = path, slot
        registering = self._register(slot, before)
        asks = registering
        if current and path.root != "Event":
            asks = (*asks, location(_unindexed(path)))

        def read(answers: tuple[Answer, ...]) -> Sequence[Reply | Feedback]:
            if registering:
                self._done(answers[0], _REGISTER)
            told: list[Reply | Feedback] = [Reply(0, {"Id": subscription})]
            for answer in answers[len(registering) :]:
                now = part_of(self._document(_root(answer)), path)
                if now is not None:
                    told.append(Feedback(subscription, path.root, now))
            return told

        number, exchange = self._exchange(asks, read, _well_done)
        self._open[number].subscription = subscription
        return number, exchange

    def _paths(self, slot: int) -> list[Path]:
        return [path for number, path in self._subscriptions.items() if self._slot_of[number] == slot]

    def _registered(self) -> dict[int, tuple[Path, ...]]:
        """What each slot holds, as it was last asked for."""
        return {slot: cover(self._paths(slot)) for slot in self._slots}

    def _register(self, slot: int, before: dict[int, tuple[Path, ...]]) -> tuple[Ask, ...]:
        """What brings a slot from what it held before to what its subscriptions need now; nothing where it does."""
        wanted = cover(self._paths(slot)) if slot else ()
        if wanted == before.get(slot, ()):
            return ()
        if not wanted:
            return (put([_http_feedback("Deregister", slot)]),)
        return (
            put(
                [
                    _http_feedback(
                        "Register",
                        slot,
                        ("Expression", tuple(expression(path) for path in wanted)),
                        ("Format", "XML"),
                        ("ServerUrl", f"{self._receiver}/{slot}"),
                    )
                ]
            ),
        )

    def _exchange(
        self,
        asks: tuple[Ask, ...],
        read: Callable[[tuple[Answer, ...]], Sequence[Reply | Feedback]],
        goes_on: Callable[[Answer], bool] = lambda _answer: True,
    ) -> tuple[int, Exchange]:
        number = self._next
        self._next += 1
        self._open[number] = _Open(read)
        return number, Exchange(number, asks, goes_on)

    def _document(self, root: Element) -> Document:
        if root.name in KINDS:
            return self._shaper.document(root)
        if root.name == "EmptyResult":
            return {}
        raise _no_result(root, Verb.GET)

    def _done(self, answer: Answer, call: Call) -> list[Reply]:
        """The one reply of a set or a command; raises what it was refused with."""
        (outcome,) = self._outcomes(_root(answer), (call,))
        if isinstance(outcome, XapiError):
            raise outcome
        return [Reply(0, outcome)]

    def _all_done(self, answer: Answer, calls: tuple[Call, ...]) -> list[Reply]:
        return [Reply(0, self._outcomes(_root(answer), calls))]

    def _outcomes(self, root: Element, calls: tuple[Call, ...]) -> list[object]:
        if calls[0].verb is Verb.SET:
            return _settings(root, calls)
        if root.name != "Command":
            raise _no_result(root, Verb.COMMAND)
        outcomes = list[object]()
        results = list(root.children)
        for call in calls:
            # One result a command, in order. Where some are missing, their names say which.
            expected = "".join(call.path.words[-2:]) + "Result"
            fits = len(results) == len(calls) - len(outcomes) or (results and results[0].name == expected)
            if not results or not fits:
                outcomes.append(BadArgument(f"The device gave no result for {call.path}; it may not know an argument"))
                continue
            result = results.pop(0)
            told = CommandFailed(result.says()) if result.name in ("Error", "Reason") else failure(result, call.verb)
            outcomes.append(told or self._shaper.result(result))
        return outcomes

    def _feedback(self, posted: Posted) -> list[Feedback]:
        root = parse(posted.body)
        if root.name not in KINDS:
            raise ProtocolError("a posted document that is no feedback")
        root.children = [child for child in root.children if child.name != "Identification"]
        document = self._shaper.document(root)
        told: list[Feedback] = []
        for number, path in self._subscriptions.items():
            if self._slot_of[number] == posted.slot and path.root == root.name:
                part = part_of(document, path)
                if part is not None:
                    told.append(Feedback(number, root.name, part))
        return told


def location(path: Path) -> Ask:
    """The request that reads a path; the numbers of list members as ``[@item='n']``."""
    steps = "".join(f"[@item='{part}']" if isinstance(part, int) else f"/{part}" for part in path.parts)
    return Ask("/getxml?location=" + quote(steps, safe="/"))


def put(calls: Sequence[Call]) -> Ask:
    """The request that sets values or runs commands, all of one kind, in one document.

    Raises BadArgument for a mixture, for what XML cannot hold, and above 8 MiB.
    """
    verbs = {call.verb for call in calls}
    if verbs == {Verb.SET}:
        root = Element("Configuration")
        for call in calls:
            value = call.argument("Value")
            if isinstance(value, tuple) or value is None:
                raise BadArgument(f"{call.path} takes one value")
            _descend(root, call.path.parts[1:], anew=False).text = str(value)
    elif verbs == {Verb.COMMAND}:
        root = Element("Command")
        for call in calls:
            _command(_descend(root, call.path.parts[1:], anew=True), call)
    else:
        raise BadArgument("A document takes settings or commands, not both")
    body = write(root).encode()
    if len(body) > MAX_BYTES:
        raise BadArgument("a call of more than 8 MiB")
    return Ask("/putxml", body)


def signed_out(answer: Answer) -> AuthenticationFailed | None:
    """The error of an answer to somebody who is not signed in: 401 and 403, and the sign-in page of old versions."""
    if answer.status in (401, 403):
        return AuthenticationFailed("The device refused the user or password")
    start = answer.body[:256].lstrip().lower() if answer.status == 200 else b""
    if 300 <= answer.status < 400 or start.startswith((b"<!doctype html", b"<html")):
        return AuthenticationFailed("The device shows its sign-in page: the session has ended")
    return None


_REGISTER = Call(Verb.COMMAND, Path(("Command", "HttpFeedback", "Register")))


def _http_feedback(verb: str, slot: int, *more: tuple[str, str | tuple[str, ...]]) -> Call:
    arguments = tuple(sorted([("FeedbackSlot", slot), *more]))
    return Call(Verb.COMMAND, Path(("Command", "HttpFeedback", verb)), arguments)


def _check(answer: Answer) -> None:
    """Raise what the status says; nothing for 200."""
    if (out := signed_out(answer)) is not None:
        raise out
    match answer.status:
        case 200:
            return
        case 400:
            said = " ".join(answer.body[:500].decode("utf-8", "replace").split())
            raise BadArgument(f"The device could not read what was sent: {said}")
        case 503:
            raise RateLimited("The device's web server asks to slow down")
        case 502:
            raise NotReady("The device's web server is up, the device behind it is not: it is starting")
        case 404:
            raise UnknownPath("The device's web server has nothing there")
        case status:
            raise DeviceFault(f"The device's web server answers HTTP {status}")


def _root(answer: Answer) -> Element:
    return parse(answer.body)


def _reached(answer: Answer) -> bool:
    """Whether a read found something; what is no document counts too, since asking again would not mend it."""
    try:
        return answer.status != 200 or _root(answer).name in KINDS
    except ProtocolError:
        return True


def _well_done(answer: Answer) -> bool:
    """Whether a document was put without a complaint."""
    try:
        _check(answer)
        root = _root(answer)
    except XapiError:
        return False
    return root.name == "Command" and all(failure(one, Verb.COMMAND) is None for one in root.children)


def _no_result(root: Element, verb: Verb) -> XapiError:
    """The error for a document that is an answer, but no result."""
    match root.name:
        case "ActionError" | "EmptyResult":
            return UnknownPath(root.says() or "The device knows no such thing")
        case "Fault":
            return UnknownPath(f"The device does not understand the path ({root.says()})")
        case "Status" | "Configuration" | "Command" | "Event":
            return CommandFailed(f"The device answered with a {root.name} document")
        case _:
            return refusal(root.says() or f"The device answered with {root.name[:64]}", verb)


def _settings(root: Element, calls: tuple[Call, ...]) -> list[object]:
    """What became of each setting. How an error names its setting is not established: every way that can be read."""
    if root.name != "Configuration":
        raise _no_result(root, Verb.SET)
    errors = list(_errors(root, ()))
    if not errors:
        if root.child("Success") is None:
            raise CommandFailed("The device said neither that it was set nor that it was not: read it back")
        return [True] * len(calls)
    told: dict[int, XapiError] = {}
    unnamed = list[XapiError]()
    for above, error in errors[: 4 * len(calls)]:
        held = [above, *(_words(text) for text in _texts(error))]
        refused = refusal(error.says() or "The device refused the value", Verb.SET)
        place = next((n for n, call in enumerate(calls) if n not in told and _named(call.path, held)), None)
        if place is None:
            unnamed.append(refused)
        else:
            told[place] = refused
    left = [place for place in range(len(calls)) if place not in told]
    if unnamed and len(unnamed) >= len(left):
        told.update({place: unnamed[n] for n, place in enumerate(left)})
    elif unnamed:
        raise NotAllSet(
            str(unnamed[0]),
            failed={calls[place].path: error for place, error in told.items()},
            unclear=tuple(calls[place].path for place in left),
        )
    return [told.get(place, True) for place in range(len(calls))]


def _errors(element: Element, above: tuple[str, ...]) -> Sequence[tuple[tuple[str, ...], Element]]:
    """Each Error with the names above it. The depth was bounded by the parser."""
    found = list[tuple[tuple[str, ...], Element]]()
    for child in element.children:
        if child.name == "Error" or "error" in child.attributes:
            found.append((tuple(name.lower() for name in (*above, child.name)), child))
        else:
            item = (child.attributes["item"],) if "item" in child.attributes else ()
            found.extend(_errors(child, (*above, child.name, *item)))
    return found


def _named(path: Path, held: list[tuple[str, ...]]) -> bool:
    """Whether an error speaks of this path: by where it stands, or by a path that it holds."""
    whole = tuple(str(part).lower() for part in path.parts[1:])
    bare = tuple(word.lower() for word in path.words)
    return any(_within(wanted, words) for words in held for wanted in (whole, bare))


def _texts(element: Element) -> list[str]:
    """The first few texts in an element."""
    found, left = list[str](), [element]
    while left and len(found) < 32:
        one = left.pop()
        found.extend([one.text or "", *one.attributes.values()])
        left.extend(reversed(one.children[:32]))
    return found


def _words(text: str) -> tuple[str, ...]:
    kept = "".join(letter if letter.isalnum() or letter in "_.-" else " " for letter in text[:500])
    return tuple(kept.lower().split())


def _within(wanted: tuple[str, ...], words: tuple[str, ...]) -> bool:
    return any(words[start : start + len(wanted)] == wanted for start in range(len(words) - len(wanted) + 1))


def _descend(element: Element, parts: Sequence[str | int], *, anew: bool) -> Element:
    """The element at a path below; made where it is not there, or all the way where it is ``anew``, which keeps the
    order of what is asked."""
    steps: list[tuple[str, dict[str, str]]] = []
    for part in parts:
        if isinstance(part, int):
            steps[-1] = (steps[-1][0], {"item": str(part)})
        else:
            steps.append((part, {}))
    for name, attributes in steps:
        found = None
        if not anew:
            found = next((one for one in element.children if (one.name, one.attributes) == (name, attributes)), None)
        if found is None:
            found = Element(name, attributes)
            element.children.append(found)
        element = found
    return element


def _command(element: Element, call: Call) -> None:
    element.attributes["command"] = "True"
    for name, value in call.arguments:
        if isinstance(value, tuple):
            element.children.extend(Element(name, {"item": str(n)}, str(one)) for n, one in enumerate(value, 1))
        else:
            element.children.append(Element(name, text=str(value)))
    if call.body is not None:
        element.children.append(Element("body", text=call.body))


def _has_index(path: Path) -> bool:
    return any(isinstance(part, int) for part in path.parts)


def _unindexed(path: Path) -> Path:
    """The path down to its first index: the list is read whole, and the member picked by its number."""
    at_index = next((place for place, part in enumerate(path.parts) if isinstance(part, int)), len(path.parts))
    return Path(path.parts[:at_index])


def _plain(element: Element) -> Document:
    """A document as it is: attributes and elements as members, a text as ``Value``."""
    return {element.name: _inside(element)}


def _inside(element: Element) -> Document:
    inside: Document = dict(element.attributes)
    if element.text and element.text.strip():
        inside["Value"] = element.text
    for child in element.children:
        value = _inside(child)
        before = inside.get(child.name)
        if before is None:
            inside[child.name] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            inside[child.name] = [before, value]
    return inside
