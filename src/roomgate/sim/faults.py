"""What can go wrong on purpose, switched while the room runs: by its screen's listener, by a schedule, by a test."""

from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from roomgate.errors import BadInput


class Kind(StrEnum):
    """A fault by name. What is not done with in a moment holds until it is cleared, or for ``lasting`` seconds."""

    DROP = "drop"  # every connection is cut, without a closing word
    DELAY = "delay"  # every answer comes `seconds` late
    STALL = "stall"  # for `seconds` nothing is read and nothing sent; then everything goes on
    SILENT = "silent"  # requests are carried out and never answered
    REBOOT = "reboot"  # connections are cut, and the web server says 502 for `seconds`
    HALF_FRAME = "half-frame"  # half of the next answer is sent, and then the connection cut
    ANSWER_TWICE = "answer-twice"  # every answer comes twice
    WRONG_CERTIFICATE = "wrong-certificate"  # another name's and another authority's; open connections are cut
    CHANGED_CERTIFICATE = "changed-certificate"  # the right name and another key; open connections are cut
    SLOW_READER = "slow-reader"  # the room rests `seconds` after each request that it reads
    GARBAGE = "garbage"  # what comes instead of an answer is no document
    HUGE_DOCUMENT = "huge-document"  # an answer holds `size` MiB
    DEEP_DOCUMENT = "deep-document"  # an answer is `size` levels deep
    CLOCK_OFF = "clock-off"  # the room's clock is `seconds` ahead; behind where that is negative
    CLEAR = "clear"  # all is well again


_MOMENTARY = frozenset({Kind.DROP, Kind.CLEAR})
_CUTTING = frozenset({Kind.DROP, Kind.REBOOT, Kind.WRONG_CERTIFICATE, Kind.CHANGED_CERTIFICATE})
_FOR_ITS_SECONDS = frozenset({Kind.REBOOT, Kind.STALL})
SIZES = {Kind.HUGE_DOCUMENT: 16, Kind.DEEP_DOCUMENT: 10_000}
_MOST_SIZE = {Kind.HUGE_DOCUMENT: 1024, Kind.DEEP_DOCUMENT: 10_000_000}
_LONGEST_S = 3600.0
_FARTHEST_S = 315_576_000.0  # ten years, for a clock


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One switch, as it is posted to the screen's listener. What a number means, `Kind` says; ``size`` 0 is the
    kind's own, ``lasting`` 0 is until it is cleared."""

    kind: Kind
    seconds: float = 2.0
    lasting: float = 0.0
    size: int = 0


def parse_fault(body: bytes) -> Fault:
    """Read the switch; raises BadInput."""
    try:
        fault = msgspec.json.decode(body, type=Fault)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as bad:
        raise BadInput(f"not a fault: {bad}") from bad
    return check_fault(fault)


def check_fault(fault: Fault) -> Fault:
    """The fault with its own size filled in; raises BadInput for numbers that cannot be."""
    if fault.kind is Kind.CLOCK_OFF:
        if not abs(fault.seconds) <= _FARTHEST_S:
            raise BadInput("a clock is off by at most ten years")
    elif not 0 <= fault.seconds <= _LONGEST_S:
        raise BadInput("seconds takes 0–3600")
    if not 0 <= fault.lasting <= _LONGEST_S:
        raise BadInput("lasting takes 0–3600 seconds")
    most = _MOST_SIZE.get(fault.kind, 0)
    if not 0 <= fault.size <= most:
        raise BadInput(f"size takes 0–{most}" if most else f"{fault.kind} takes no size")
    return msgspec.structs.replace(fault, size=fault.size or SIZES.get(fault.kind, 0))


@dataclass(slots=True)
class Faults:
    """The switches as they stand. Moments are monotonic seconds."""

    _on: dict[Kind, tuple[Fault, float | None]] = field(default_factory=dict)  # None: until it is cleared

    def apply(self, fault: Fault, mono: float) -> bool:
        """Set a switch; true if the connections must be cut now."""
        if fault.kind is Kind.CLEAR:
            self._on.clear()
        elif fault.kind in _FOR_ITS_SECONDS:
            self._on[fault.kind] = (fault, mono + fault.seconds)
        elif fault.kind not in _MOMENTARY:
            self._on[fault.kind] = (fault, mono + fault.lasting if fault.lasting else None)
        return fault.kind in _CUTTING

    def find(self, kind: Kind, mono: float) -> Fault | None:
        """The fault of that kind, while it holds."""
        found = self._on.get(kind)
        if found is None:
            return None
        fault, until = found
        if until is not None and mono >= until:
            del self._on[kind]
            return None
        return fault

    def is_booting(self, mono: float) -> bool:
        return self.find(Kind.REBOOT, mono) is not None

    def seconds(self, kind: Kind, mono: float) -> float:
        """By how much; 0 while nothing of that kind holds."""
        found = self.find(kind, mono) if self._on else None
        return 0.0 if found is None else found.seconds

    def stalled_s(self, mono: float) -> float:
        """How long nothing is read or sent from here on; 0 while all goes on."""
        if self.find(Kind.STALL, mono) is None:
            return 0.0
        until = self._on[Kind.STALL][1]
        return 0.0 if until is None else until - mono

    @property
    def any(self) -> bool:
        """Whether anything may hold: a quick look, for what happens at every answer."""
        return bool(self._on)
