"""Who waits, and who goes first when too many do. The protocol itself is tested on real sockets."""

from typing import Any

from roomgate.hub.http.reception import PROVEN, Waiting, proven


class Transport:
    def __init__(self) -> None:
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True


def test_when_too_many_wait_the_one_that_has_waited_longest_is_shed() -> None:
    waiting = Waiting(3)
    wires: list[Any] = [Transport() for _ in range(5)]
    for wire in wires[:3]:
        waiting.add(wire)
    waiting.drop(wires[0])  # it has sent a request: whoever works is not shed
    for wire in wires[3:]:
        waiting.add(wire)
    assert [wire.aborted for wire in wires] == [False, True, False, False, False]
    assert len(waiting) == 3
    waiting.drop(wires[1])  # safe to repeat


def test_a_socket_is_told_once_its_peer_is_known() -> None:
    told: list[str] = []
    proven({"extensions": {PROVEN: {"tell": lambda: told.append("proven")}}})
    proven({})  # another server has no such extension
    assert told == ["proven"]
