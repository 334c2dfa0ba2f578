"""What can go wrong on purpose, switched while the room runs."""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from roomgate.errors import BadInput


class Kind(StrEnum):
    DROP = "drop"  # every socket is cut, without a closing word
    DELAY = "delay"  # every answer comes `seconds` late
    SILENT = "silent"  # requests are carried out and never answered
    REBOOT = "reboot"  # sockets are cut, and the web server says 502 for `seconds`
    CLEAR = "clear"


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """One switch, as it is posted to the panel's listener."""

    kind: Kind
    seconds: float = 2.0


def parse_fault(body: bytes) -> Fault:
    """Read the switch; raises BadInput."""
    try:
        fault = msgspec.json.decode(body, type=Fault)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as bad:
        raise BadInput(f"not a fault: {bad}") from bad
    if not 0 <= fault.seconds <= 3600:
        raise BadInput("seconds takes 0–3600")
    return fault


@dataclass(slots=True)
class Faults:
    """The switches as they stand."""

    delay_s: float = 0.0
    silent: bool = False
    booting_until: float = 0.0  # monotonic seconds

    def is_booting(self, mono: float) -> bool:
        return mono < self.booting_until

    def apply(self, fault: Fault, mono: float) -> bool:
        """Set a switch; true if the sockets must be cut now."""
        match fault.kind:
            case Kind.DROP:
                return True
            case Kind.DELAY:
                self.delay_s = fault.seconds
            case Kind.SILENT:
                self.silent = True
            case Kind.REBOOT:
                self.booting_until = mono + fault.seconds
                return True
            case Kind.CLEAR:
                self.delay_s, self.silent, self.booting_until = 0.0, False, 0.0
        return False
