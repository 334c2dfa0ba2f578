"""All that may be asked of a room: what its device offers, and what the connector itself does for it.

What the connector does by itself (a backup, a bundle of logs, the tunnel) is spelled as a command below
``Roomgate``, a word that no device has. So it goes the way of every other ask: one catalogue, one class of
right, one decision, one order, one policy, one never-list, one record on each side. It never reaches a device.
"""

from functools import lru_cache
from importlib.resources import files

from roomgate.xapi.call import Call, Verb
from roomgate.xapi.schema import Catalogue

OWN = "Roomgate"
_DAILY = frozenset({"Integrator", "User"})


@lru_cache(maxsize=1)
def offered() -> Catalogue:
    """The shipped catalogue of RoomOS with the connector's own commands; read once."""
    device = (files("roomgate.xapi") / "data" / "commands.tsv").read_text("utf-8")
    own = (files("roomgate.access") / "data" / "own-commands.tsv").read_text("utf-8")
    return Catalogue.shipped().replaced({"Command": device.rstrip("\n") + "\n" + own.split("\n", 1)[1]})


def own(call: Call) -> bool:
    """Whether the connector does this itself: then it must never be sent to a device."""
    return call.verb is Verb.COMMAND and call.path.words[:1] == (OWN,)


def needs_admin(call: Call, catalogue: Catalogue) -> bool:
    """Whether the device does this for its Admin alone, so that the daily account (Integrator, User) cannot.

    What no role is known for is left to the daily account, and so to the device's own no.
    """
    roles = catalogue.roles(call)
    return call.acts and bool(roles) and not roles & _DAILY
