from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from roomgate.hub.console.local import local_path

HOME = "https://hub.example"
sly = st.lists(
    st.sampled_from(
        ["/", "\\", ":", "//", "http:", "evil.example", "@", "?", "#", "%2f", "\t", "\n", "rooms", ".", " "]
    )
)


@given(st.text() | sly.map("".join))
@example("//evil.example")
@example("/\\evil.example")
@example("https://evil.example")
@example("/\t/evil.example")
@example("javascript:alert(1)")
@example("/rooms@evil.example")
def test_a_form_never_leads_elsewhere(text: str) -> None:
    to = local_path(text)
    landed = urlsplit(urljoin(HOME, to))
    assert (landed.scheme, landed.netloc) == ("https", "hub.example")
    assert to.startswith("/")
    assert not to.startswith(("//", "/\\"))
    assert to.isascii()
    assert to.isprintable()


@pytest.mark.parametrize("path", ["/rooms", "/access?q=a%20b", "/rooms/oslo?ask=1&at=dial", "/access#give"])
def test_paths_of_ours_are_kept(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize("path", ["", "rooms", "//x", "///evil.example", "/a b", "/ö", "/" + "a" * 500, "/\\x"])
def test_anything_doubtful_leads_home(path: str) -> None:
    assert local_path(path) == "/rooms"
    assert local_path(path, "/access") == "/access"
