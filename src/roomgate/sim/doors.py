"""A door of one's own at the port that was asked for, or at the one from before."""

from collections.abc import Callable
from typing import TypeVar

from roomgate.listening import PortTaken, lasting_port

T = TypeVar("T")


def bind_again(make: Callable[[int], T], wanted: int, kept: int) -> T:
    """What ``make`` binds: at the port that was asked for; where any will do, at the one from before, since devices
    do not move. Raises PortTaken for a port that was asked for and is taken."""
    for port in (wanted,) if wanted else (kept or lasting_port(), lasting_port()):
        try:
            return make(port)
        except PortTaken:
            if wanted:
                raise
    return make(0)
