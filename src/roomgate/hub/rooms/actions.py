"""Pure: what a room page's forms ask of the room, and which of them somebody's grants allow."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from roomgate.access.capability import Classes
from roomgate.access.grant import Grant
from roomgate.errors import BadInput
from roomgate.hub.console.visit import Form
from roomgate.hub.meetings.bookings import (
    MOST_MINUTES,
    build_book,
    build_check_in,
    build_end,
    build_extend,
    build_release,
)
from roomgate.hub.relay.asked import Wish
from roomgate.hub.rooms.controls import CONTROLS, READS, SAMPLE, read_number, switch
from roomgate.xapi.call import Verb
from roomgate.xapi.schema import Catalogue


def _level(form: Form, name: str) -> int:
    return read_number(form, name, 0, 100, "Give a whole number from 0 to 100.")


def _minutes(form: Form) -> int:
    return read_number(form, "minutes", 1, MOST_MINUTES, f"Give minutes from 1 to {MOST_MINUTES}.")


def _dial(form: Form) -> Wish:
    if not form.text("number"):
        raise BadInput("Give the number or address to dial.")
    return Wish(Verb.COMMAND, "Dial", {"Number": form.text("number")}, reason=form.text("reason"))


def _volume(form: Form) -> Wish:
    match form.text("way"):
        case "up":
            return Wish(Verb.COMMAND, "Audio.Volume.Increase")
        case "down":
            return Wish(Verb.COMMAND, "Audio.Volume.Decrease")
        case _:
            return Wish(Verb.COMMAND, "Audio.Volume.Set", {"Level": _level(form, "level")})


def _standby(form: Form) -> Wish:
    if form.text("on") == "half":
        return Wish(Verb.COMMAND, "Standby.Halfwake")
    return switch(form, "Standby.Activate", "Standby.Deactivate")


ACTIONS: dict[str, Callable[[Form], Wish]] = {
    "dial": _dial,
    "hang-up": lambda form: Wish(Verb.COMMAND, "Call.Disconnect"),
    "volume": _volume,
    "mute": lambda form: switch(form, "Audio.Microphones.Mute", "Audio.Microphones.Unmute"),
    "standby": _standby,
    "default-volume": lambda form: Wish(
        Verb.SET, "Configuration/Audio/DefaultVolume", {"Value": _level(form, "default_volume")}
    ),
    "book": lambda form: build_book(form.text("title"), _minutes(form)),
    "extend": lambda form: build_extend(form.text("booking"), _minutes(form)),
    "end": lambda form: build_end(form.text("booking")),
    "release": lambda form: build_release(form.text("booking")),
    "check-in": lambda form: build_check_in(form.text("booking")),
    **CONTROLS,
}
JOIN = "join"
# Two of the device's days, of which 24 hours are shown: at ten to midnight one of them has ten minutes left.
BOOKINGS = Wish(Verb.COMMAND, "Bookings.List", {"Days": 2, "Limit": 50})
DEFAULT_VOLUME = Wish(Verb.GET, "Configuration/Audio/DefaultVolume")


@dataclass(frozen=True, slots=True)
class May:
    """Which parts of the page do something for this person. The decision itself is made when it is asked."""

    any: bool
    bookings: bool
    join: bool
    dial: bool
    hang_up: bool
    volume: bool
    mute: bool
    standby: bool
    settings: bool
    read_settings: bool
    controls: frozenset[str]  # the names of those of `CONTROLS`
    reads: frozenset[str]  # the names of those of `READS` that one of them needs


def build_may(grants: Iterable[Grant], catalogue: Catalogue) -> May:
    """``grants``: the live ones on this room. Each call must be covered by one of them."""
    held = [grant.capabilities for grant in grants]
    classes = Classes.shipped()

    def may(wish: Wish) -> bool:
        need = classes.need(wish.call(catalogue), catalogue)
        return any(need.met_by(one) for one in held)

    sample = Form(
        {"number": ["1"], "minutes": ["1"], "booking": ["1"], "level": ["1"], "default_volume": ["1"], **SAMPLE}
    )
    allowed = {name: may(build(sample)) for name, build in ACTIONS.items()}
    bookings = may(BOOKINGS)
    controls = frozenset(name for name in CONTROLS if allowed[name])
    return May(
        any=bool(held), bookings=bookings, join=bookings and allowed["dial"], dial=allowed["dial"],
        hang_up=allowed["hang-up"], volume=allowed["volume"], mute=allowed["mute"], standby=allowed["standby"],
        settings=allowed["default-volume"], read_settings=may(DEFAULT_VOLUME),
        controls=controls, reads=frozenset(name for name, (wish, of) in READS.items() if of & controls and may(wish)),
    )  # fmt: skip
