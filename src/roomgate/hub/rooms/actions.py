"""Pure: what a room page's forms ask of the room, and which of them somebody's grants allow."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from roomgate.access.capability import Classes
from roomgate.access.grant import Grant
from roomgate.errors import BadInput
from roomgate.hub.console.visit import Form
from roomgate.hub.relay.asked import Wish
from roomgate.xapi.call import Verb
from roomgate.xapi.schema import Catalogue


def _number(form: Form, name: str) -> int:
    text = form.text(name)
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 100):
        raise BadInput("Give a whole number from 0 to 100.")
    return int(text)


def _dial(form: Form) -> Wish:
    if not form.text("number"):
        raise BadInput("Give the number or address to dial.")
    return Wish(Verb.COMMAND, "Dial", {"Number": form.text("number")}, reason=form.text("reason"))


def _on(form: Form, yes: str, no: str) -> Wish:
    return Wish(Verb.COMMAND, no if form.text("on") == "no" else yes, reason=form.text("reason"))


ACTIONS: dict[str, Callable[[Form], Wish]] = {
    "dial": _dial,
    "hang-up": lambda form: Wish(Verb.COMMAND, "Call.Disconnect"),
    "volume": lambda form: Wish(Verb.COMMAND, "Audio.Volume.Set", {"Level": _number(form, "level")}),
    "mute": lambda form: _on(form, "Audio.Microphones.Mute", "Audio.Microphones.Unmute"),
    "standby": lambda form: _on(form, "Standby.Activate", "Standby.Deactivate"),
    "default-volume": lambda form: Wish(
        Verb.SET, "Configuration/Audio/DefaultVolume", {"Value": _number(form, "default_volume")}
    ),
}
JOIN = "join"
BOOKINGS = Wish(Verb.COMMAND, "Bookings.List", {"Days": 1, "Limit": 50})
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


def build_may(grants: Iterable[Grant], catalogue: Catalogue) -> May:
    """``grants``: the live ones on this room. Each call must be covered by one of them."""
    held = [grant.capabilities for grant in grants]
    classes = Classes.shipped()

    def may(wish: Wish) -> bool:
        need = classes.need(wish.call(catalogue), catalogue)
        return any(need.met_by(one) for one in held)

    sample = Form({"number": ["1"], "level": ["1"], "default_volume": ["1"], "on": ["no"]})
    allowed = {name: may(build(sample)) for name, build in ACTIONS.items()}
    bookings = may(BOOKINGS)
    return May(
        any=bool(held), bookings=bookings, join=bookings and allowed["dial"], dial=allowed["dial"],
        hang_up=allowed["hang-up"], volume=allowed["volume"], mute=allowed["mute"], standby=allowed["standby"],
        settings=allowed["default-volume"], read_settings=may(DEFAULT_VOLUME),
    )  # fmt: skip
