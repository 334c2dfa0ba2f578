"""Values of a settings file, each no in words."""

from pathlib import Path

import pytest

from roomgate.connector.reading import address_reader, read_path, read_text, suggestion
from roomgate.errors import BadInput


def test_the_nearest_name_is_suggested_and_else_all_are_said():
    assert suggestion("calender", ["calendar", "proxy"]) == "; did you mean calendar?"
    assert suggestion("zzz", ["calendar", "proxy"]) == "; known are calendar, proxy"


def test_paths_are_beside_the_file():
    assert read_path("secrets/dav", Path("/srv")) == Path("/srv/secrets/dav")
    assert read_path(Path("/else"), Path("/srv")) == Path("/else")


@pytest.mark.parametrize("value", [None, 3, "", " ", ["x"]])
def test_a_text_is_one(value):
    with pytest.raises(BadInput):
        read_text(value)


@pytest.mark.parametrize("value", ["ftp://x", "https://", "https://[::1", "https://ada:pw@x", "x", 3])
def test_an_address_is_of_the_web_and_holds_no_password(value):
    with pytest.raises(BadInput) as told:
        address_reader("https")(value)
    assert "pw" not in str(told.value)


def test_an_address_loses_its_last_slash():
    assert address_reader("https")("https://x.example/") == "https://x.example"
