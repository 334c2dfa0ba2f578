"""The parity page is what the three clients do today."""

import pytest

from support import parity


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return parity.tried(tmp_path_factory.mktemp("parity"))


@pytest.mark.e2e
def test_ours_does_every_row_as_expected(told):
    assert parity.differing({"jsxapi": {}, "xows": {}, "roomgate.xapi": told["roomgate.xapi"]}) == []
    assert set(told["roomgate.xapi"]) == {one.id for one in parity.FEATURES}


@pytest.mark.e2e
def test_no_client_tries_what_is_no_row(told):
    known = {one.id for one in parity.FEATURES}
    assert [name for name, found in told.items() if set(found) - known] == []


@pytest.mark.e2e
def test_the_page_says_what_was_found(told):
    assert parity.PAGE.read_text("utf-8") == parity.build(told)


def test_a_wrong_answer_is_a_cross_and_an_absent_one_a_dash():
    told = {"jsxapi": {"wss": 49}, "xows": {}, "roomgate.xapi": {"wss": 50}}
    assert "| WebSocket, Basic account | ✗ | – | ✓ |" in parity.build(told)
    assert parity.differing(told) == ["jsxapi, wss: 49 is not 50"]
