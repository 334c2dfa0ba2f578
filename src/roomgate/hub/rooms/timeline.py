"""Pure: the record's entries of one room, told as a story: who did what, and what became of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from roomgate.clock import parse_iso
from roomgate.hub.console.words import Words
from roomgate.ledger.event import Event, OutcomeKnown, Permitted, Refused, Unknown

MOST = 12
# The longest beginning that fits says what was done.
_DID = {
    "Command/Dial": "line.dialled",
    "Command/Call/Disconnect": "line.hung-up",
    "Command/Call/Accept": "line.accepted",
    "Command/Audio/Volume": "line.volume",
    "Command/Audio/Microphones/Mute": "line.muted",
    "Command/Audio/Microphones/Unmute": "line.unmuted",
    "Command/Standby": "line.standby",
    "Command/Message": "line.said",
    "Configuration/": "line.set",
}
_LOOKS = ("List", "Show", "Get", "Search", "Export", "Status")  # the last word of a command that only looks
_ASKS_OTHERS = "Command/HttpClient/"  # whose Get makes the device ask a server
_SIGNS = {"done": "ok", "waiting": "void", "unknown": "warn"}


@dataclass(frozen=True, slots=True)
class Line:
    kind: str  # the sign: ok, call, warn, bad, void
    at: datetime
    who: str
    did: str
    what: str
    note: str
    id: str


def build_timeline(newest_first: Iterable[Event | Unknown], names: Mapping[str, str], t: Words) -> list[Line]:
    """At most `MOST` lines, the newest first. Reads are left out: they change nothing."""
    outcomes: dict[str, OutcomeKnown] = {}
    lines: list[Line] = []
    for event in newest_first:
        if len(lines) == MOST:
            break
        match event:
            case OutcomeKnown():
                outcomes.setdefault(event.order, event)
            case Permitted() if not is_read(event.call):
                lines.append(_permitted(event, outcomes.get(event.order), names, t))
            case Refused() if not is_read(event.call):
                path, what = _parts(event.call)
                lines.append(
                    Line(
                        "bad", parse_iso(event.at), names.get(event.principal, ""), t("line.refused"),
                        f"{path} {what}".strip(), t("line.rule", rule=event.rule), event.ask,
                    )
                )  # fmt: skip
            case _:
                pass  # everything else is in the ledger
    return lines


def is_read(call: str) -> bool:
    path = call.partition(" ")[0]
    match path.split("/")[0]:
        case "Status" | "Event":
            return True
        case "Configuration":
            return "Value=" not in call
        case _:
            return path.rpartition("/")[2] in _LOOKS and not path.startswith(_ASKS_OTHERS)


def _permitted(event: Permitted, outcome: OutcomeKnown | None, names: Mapping[str, str], t: Words) -> Line:
    key = next((did for start, did in _DID.items() if event.call.startswith(start)), "line.did")
    path, what = _parts(event.call)
    became = outcome.outcome if outcome else "waiting"
    sign = _SIGNS.get(became, "bad")
    if sign == "ok" and key in ("line.dialled", "line.accepted"):
        sign = "call"
    said = t(f"line.became.{became}") if t.has(f"line.became.{became}") else became
    if outcome and outcome.detail and became != "done":
        said = f"{said} {outcome.detail}"
    if event.reason:
        said = f"{said} {t('who.why', reason=event.reason)}"
    shown = f"{path.removeprefix('Configuration/')} {what}" if key == "line.set" else what
    if became != "done":  # what was not done is told as what was asked
        key = "line.asked"
    if key in ("line.did", "line.asked"):
        shown = f"{path.removeprefix('Command/')} {what}"
    who = names.get(event.principal, event.principal)
    return Line(sign, parse_iso(event.at), who, t(key), shown.strip(), said.strip(), event.order)


def _parts(call: str) -> tuple[str, str]:
    """The path, and the arguments' values without what is only for the machine."""
    path, _, arguments = call.partition(" ")
    shown = [part for part in arguments.split(" ") if not part.startswith("BookingId=")]
    return path, " ".join(part.partition("=")[2] or part for part in shown)
