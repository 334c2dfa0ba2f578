import pytest

from roomgate.listening import PortTaken
from roomgate.sim.doors import bind_again


def taken(*ports: int):  # type: ignore[no-untyped-def]  # a maker, as the doors are
    def make(port: int) -> int:
        if port in ports:
            raise PortTaken(str(port))
        return port

    return make


def test_the_port_that_is_asked_for_or_none() -> None:
    assert bind_again(taken(), 4000, 5000) == 4000
    with pytest.raises(PortTaken):
        bind_again(taken(4000), 4000, 5000)


def test_else_the_port_from_before_or_a_lasting_one() -> None:
    assert bind_again(taken(), 0, 5000) == 5000
    assert bind_again(taken(5000), 0, 5000) in range(20_000, 32_000)
    assert bind_again(taken(*range(20_000, 32_000), 5000), 0, 5000) == 0
