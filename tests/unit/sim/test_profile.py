import pytest

from roomgate.errors import BadInput
from roomgate.sim.profile import get_profile


def test_a_profile_is_found_by_its_name_and_an_unknown_one_is_refused() -> None:
    assert get_profile("2019").subscriptions == 38
    with pytest.raises(BadInput, match="26"):
        get_profile("12")
