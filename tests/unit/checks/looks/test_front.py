"""Which hosts are the target's own; and the front is asked little."""

import httpx
import pytest

from roomgate.checks.looks.front import LOOK, SECURE, WELL_KNOWN, is_own, own_answers
from roomgate.checks.snapshot import Exchange
from support.checks import ONE, looked, target_of


@pytest.mark.parametrize(("url", "own"), [
    ("https://target.example/", True),
    ("https://TARGET.example:8443/x", True),
    ("https://auth.target.example/", True),
    ("https://identity.example/", False),
    ("https://target.example.evil.example/", False),
    ("https://", False),
    ("http://[", False),
])  # fmt: skip
def test_whose_an_address_is(url, own):
    assert is_own(url, target_of()) is own


def test_siblings_below_what_somebody_registered_are_own_and_neighbours_are_not():
    made = target_of(ONE.replace("target.example", "rooms.vendor.example"))
    assert is_own("https://login.vendor.example/", made)
    assert not is_own("https://login.identity.example/", made)
    assert not is_own("https://b.co.uk/", target_of(ONE.replace("target.example", "a.co.uk")))
    assert not is_own("https://10.0.0.2/", target_of(ONE.replace("target.example", "10.0.0.1")))


@pytest.mark.asyncio
async def test_a_sign_in_elsewhere_is_seen_and_is_not_its_own(tmp_path):
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "target.example" and request.url.path == "/":
            return httpx.Response(302, headers={"Location": "https://identity.example/login"})
        return httpx.Response(404 if "security" in request.url.path else 200, text="Sign in")

    text = ONE + '[permitted]\nhosts = ["identity.example"]\n'
    snapshot = (await looked(tmp_path, answer, text, only=["K10"]))[LOOK.id]
    assert [step.url for step in snapshot.of(Exchange, SECURE)] == [
        "https://target.example/",
        "https://identity.example/login",
    ]
    assert [step.url for step in own_answers(snapshot, target_of(text))] == ["https://target.example/"]
    assert len(snapshot.of(Exchange, WELL_KNOWN)) == 2
