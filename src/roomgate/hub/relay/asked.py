"""What somebody wishes, and what has become of it."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from roomgate.access.capability import Classes
from roomgate.access.principal import Principal
from roomgate.clock import Clock
from roomgate.errors import BadInput
from roomgate.hub.channels import IDLE, Cutoff, Session
from roomgate.ids import AskId, OrderId, SessionId
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

LONGEST_REASON = 500
MOST_REMEMBERED = 10_000
REMEMBER_S = 900.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of a room, in their own spelling."""

    verb: Verb
    path: Path | str
    arguments: Mapping[str, object] = field(default_factory=dict)
    body: str | None = None
    reason: str = ""

    def call(self, catalogue: Catalogue) -> Call:
        """The canonical call; raises XapiError for what the catalogue does not know, BadInput for the reason."""
        if len(self.reason) > LONGEST_REASON:
            raise BadInput(f"A reason has at most {LONGEST_REASON} characters.")
        return catalogue.canonical(self.verb, self.path, self.arguments, self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """``outcome``: done, refused, failed, unknown, or waiting while the room is asked or the device works."""

    ask: AskId
    order: OrderId | None
    outcome: str
    result: Any = None
    rule: str = ""
    words: str = ""
    code: int = 0  # the device's own error code, where there was one
    receipt: Mapping[str, Any] | None = None  # what proves that it was permitted: the entry of the record


@dataclass(slots=True, eq=False)
class Asked:
    """One permitted ask on its way."""

    id: AskId
    order: OrderId
    principal: Principal
    room: str
    call: Call
    session: Session
    asked: float  # monotonic
    digest: str = field(init=False)  # of the call
    intrusive: bool = field(init=False)  # what the call causes may last
    outcome: str = "waiting"
    result: Any = None
    rule: str = ""
    words: str = ""
    code: int = 0
    entry: int | None = None
    sent: bool = False
    sent_in: SessionId | None = None  # the session's id at that moment
    fallen: Cutoff | None = None  # why its answer is the asker's no more, though the session goes on
    deadline: asyncio.TimerHandle | None = None  # after it the outcome is awaited no more
    consent: asyncio.Event = field(default_factory=asyncio.Event)  # the room is being asked
    over: asyncio.Event = field(default_factory=asyncio.Event)  # there is a final outcome, or the asker was cut

    def __post_init__(self) -> None:
        self.digest = self.call.digest()
        self.intrusive = Classes.shipped().intrusive(self.call)

    def settle(self, outcome: str, *, result: Any = None, rule: str = "", words: str = "", code: int = 0) -> None:
        self.outcome, self.result, self.rule, self.words, self.code = outcome, result, rule, words, code
        self.over.set()

    def fall(self, why: Cutoff) -> None:
        """What it was permitted by is gone: whoever waits waits no more, and its result is not told."""
        self.fallen = why
        self.over.set()

    def answer(self) -> Answer:
        """For the asker. Whoever was cut off meanwhile learns no more than that."""
        receipt = None
        if self.entry is not None:
            receipt = {"entry": self.entry, "order": self.order, "digest": self.digest}
        why = self.session.ended or self.fallen
        if why is not None and why.cause != IDLE:
            outcome = self.outcome
            if outcome == "waiting":
                outcome = "unknown" if self.sent and not self.consent.is_set() else "refused"
            return Answer(self.id, self.order, outcome, rule=why.cause, words=why.words, receipt=receipt)
        return Answer(self.id, self.order, self.outcome, self.result, self.rule, self.words, self.code, receipt)


class Asks:
    """The asks of the last minutes, so that whoever was told to wait can come back for the outcome."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: OrderedDict[AskId, Asked] = OrderedDict()
        self._by_order: dict[OrderId, Asked] = {}
        self._under_way: defaultdict[Session, set[Asked]] = defaultdict(set)

    def add(self, asked: Asked) -> None:
        self._all[asked.id] = asked
        self._by_order[asked.order] = asked
        self._under_way[asked.session].add(asked)

    def ended(self, asked: Asked) -> None:
        """It is under way no more."""
        self._under_way[asked.session].discard(asked)
        if not self._under_way[asked.session]:
            del self._under_way[asked.session]

    def in_question(self) -> list[Asked]:
        """Those that wait for somebody in the room to say yes, the oldest first."""
        waiting = (one for some in self._under_way.values() for one in some)
        found = [one for one in waiting if one.consent.is_set() and not one.over.is_set()]
        return sorted(found, key=lambda one: one.asked)

    def find(self, id: str) -> Asked | None:
        return self._all.get(AskId(id))

    def by_order(self, order: str) -> Asked | None:
        return self._by_order.get(OrderId(order))

    def under_way(self, session: Session) -> list[Asked]:
        """Those of a session that have no outcome yet."""
        return list(self._under_way.get(session, ()))

    def release(self, session: Session) -> list[str]:
        """The session was cut: whoever waits for its answers waits no more. Gives what each was waiting for."""
        waiting = []
        for asked in self._under_way.get(session, ()):
            if not asked.over.is_set():
                waiting.append("consent" if asked.consent.is_set() else "ask" if asked.sent else "queued")
            asked.over.set()
        return waiting

    def sweep(self) -> None:
        """Forget what is old; the database has how it ended."""
        oldest = self._clock.monotonic() - REMEMBER_S
        while self._all:
            first = next(iter(self._all.values()))
            if len(self._all) <= MOST_REMEMBERED and (first.asked > oldest or first.outcome == "waiting"):
                return
            del self._all[first.id], self._by_order[first.order]
