import re

import pytest

from roomgate.design.sheets import SHEETS, load_sheet


@pytest.mark.parametrize("name", SHEETS)
def test_a_shared_sheet_needs_nothing_from_elsewhere(name):
    text = load_sheet(name).decode()
    assert "@import" not in text
    assert re.findall(r"url\((?!['\"]?data:)", text) == []


def test_every_colour_that_a_component_uses_is_a_token():
    tokens = set(re.findall(r"(--[a-z0-9-]+)\s*:", load_sheet("tokens.css").decode()))
    components = load_sheet("components.css").decode()
    own = set(re.findall(r"(--[a-z0-9-]+)\s*:", components))
    used = set(re.findall(r"var\((--[a-z0-9-]+)", components))
    assert used - tokens - own == set()
