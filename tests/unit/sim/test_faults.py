import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.errors import BadInput
from roomgate.sim.faults import Fault, Faults, Kind, check_fault, parse_fault


def test_switches_do_what_they_say_until_cleared() -> None:
    faults = Faults()
    assert faults.apply(Fault(Kind.DROP), 10)
    assert faults.apply(Fault(Kind.REBOOT, 3), 10)
    assert (faults.is_booting(12.9), faults.is_booting(13)) == (True, False)
    assert not faults.apply(Fault(Kind.DELAY, 1.5), 10)
    assert not faults.apply(Fault(Kind.SILENT), 10)
    assert (faults.seconds(Kind.DELAY, 99), faults.find(Kind.SILENT, 99)) == (1.5, Fault(Kind.SILENT))
    faults.apply(Fault(Kind.CLEAR), 10)
    assert faults == Faults()
    assert not faults.any


def test_a_fault_that_lasts_ends_by_itself() -> None:
    faults = Faults()
    faults.apply(Fault(Kind.GARBAGE, lasting=5), 10)
    assert faults.find(Kind.GARBAGE, 14.9)
    assert faults.find(Kind.GARBAGE, 15) is None


def test_a_stall_says_how_long_it_still_is() -> None:
    faults = Faults()
    assert faults.stalled_s(10) == 0
    faults.apply(Fault(Kind.STALL, 4), 10)
    assert (faults.stalled_s(11), faults.stalled_s(14)) == (3, 0)


@pytest.mark.parametrize("kind", [Kind.WRONG_CERTIFICATE, Kind.CHANGED_CERTIFICATE, Kind.DROP, Kind.REBOOT])
def test_what_a_client_must_see_anew_cuts_its_connection(kind: Kind) -> None:
    assert Faults().apply(Fault(kind), 0)


def test_a_size_is_the_kinds_own_unless_it_is_said() -> None:
    assert check_fault(Fault(Kind.HUGE_DOCUMENT)).size == 16
    assert check_fault(Fault(Kind.DEEP_DOCUMENT, size=7)).size == 7
    assert parse_fault(b'{"kind":"clock-off","seconds":-86400}').seconds == -86400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"kind":"melt"}',
        b'{"kind":"delay","seconds":-1}',
        b'{"kind":"drop","x":1}',
        b'{"kind":"delay","lasting":-1}',
        b'{"kind":"delay","size":3}',
        b'{"kind":"huge-document","size":99999}',
        b'{"kind":"clock-off","seconds":1e12}',
    ],
)
def test_an_unknown_fault_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        parse_fault(body)


@given(st.binary())
def test_rubbish_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        parse_fault(body)
