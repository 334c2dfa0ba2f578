import pytest

from roomgate.access.capability import Capability
from roomgate.errors import BadInput
from roomgate.hub.grants.wanted import parse_capabilities


def test_capabilities_are_known_words() -> None:
    assert parse_capabilities(["observe", "call"]) == {Capability.OBSERVE, Capability.CALL}
    with pytest.raises(BadInput) as bad:
        parse_capabilities(["observe", "everything"])
    assert "everything" in bad.value.message
    assert "av-control" in bad.value.hint
