"""The device's own codes: ours, the guide's, and those that the client library expects, from two sources that share nothing."""

import pytest

from roomgate.errors import RoomgateError
from roomgate.sim import refusal
from roomgate.sim.refusal import Refused
from roomgate.xapi.errors import WIRE_CODES

KINDS = [
    one for one in vars(refusal).values() if isinstance(one, type) and issubclass(one, Refused) and one is not Refused
]
# "xAPI over WebSocket" guide, the table of error codes.
GUIDE = {-32700, -32600, -32601, -32602, -32603, 1, -31999, -31998, -31997}


def test_each_refusal_has_a_number_of_its_own():
    assert len(KINDS) == 9
    assert {one.number for one in KINDS} == GUIDE


def test_the_client_knows_every_number_that_a_device_says():
    assert set(WIRE_CODES) == GUIDE


@pytest.mark.parametrize("kind", KINDS)
def test_a_refusal_carries_a_sentence_and_what_comes_beside_it(kind):
    made = kind("No such thing.", data={"xpath": "/Status/X"})
    assert (str(made), made.data, made.code) == ("No such thing.", {"xpath": "/Status/X"}, "sim.refused")
    assert isinstance(made, RoomgateError)
    assert kind("x").data is None


def test_a_bare_refusal_is_an_internal_error():
    assert Refused("x").number == -32603
