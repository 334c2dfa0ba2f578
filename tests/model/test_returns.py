"""Nothing comes back: not by an old cookie, token or frame, not by a restart, a lifted lock or a restored backup."""

import pytest

from support.cutting.causes import CAUSES, Cause
from support.cutting.returning import Return


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_nothing_comes_back(cause: Cause) -> None:
    assert Return(cause).run().complaints == []
