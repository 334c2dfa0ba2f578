import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.errors import BadInput
from roomgate.sim.faults import Fault, Faults, Kind, parse_fault


def test_switches_do_what_they_say_until_cleared() -> None:
    faults = Faults()
    assert faults.apply(Fault(Kind.DROP), 10)
    assert faults.apply(Fault(Kind.REBOOT, 3), 10)
    assert (faults.is_booting(12.9), faults.is_booting(13)) == (True, False)
    assert not faults.apply(Fault(Kind.DELAY, 1.5), 10)
    assert not faults.apply(Fault(Kind.SILENT), 10)
    assert (faults.delay_s, faults.silent) == (1.5, True)
    faults.apply(Fault(Kind.CLEAR), 10)
    assert faults == Faults()


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"kind":"melt"}', b'{"kind":"delay","seconds":-1}', b'{"kind":"drop","x":1}']
)
def test_an_unknown_fault_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        parse_fault(body)


@given(st.binary())
def test_rubbish_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        parse_fault(body)
