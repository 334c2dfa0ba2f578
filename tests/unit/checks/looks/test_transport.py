"""Which places are looked at, and that no link goes over the wire in the clear."""

import httpx
import pytest

from roomgate.checks.looks.transport import LOOK, PLAIN, TLS, places, plain_addresses
from roomgate.checks.snapshot import Exchange, Fact
from support.checks import ONE, looked, target_of

LINK = '\n[[links]]\nurl = "https://links.example/d/secret-7f3a"\n'


def test_places_and_their_plain_twins():
    made = target_of(ONE + LINK)
    assert places(made) == [("target.example", 443), ("links.example", 443)]
    assert plain_addresses(made) == ["http://target.example/", "http://links.example/"]


def test_another_port_is_asked_on_that_port_and_an_address_in_brackets_keeps_them():
    assert plain_addresses(target_of(ONE.replace("target.example/", "target.example:8443/"))) == [
        "http://target.example:8443/"
    ]
    assert plain_addresses(target_of(ONE.replace("target.example/", "[2001:db8::1]/"))) == ["http://[2001:db8::1]/"]
    assert places(target_of(ONE.replace("target.example/", "[2001:db8::1]:99/"))) == [("2001:db8::1", 99)]


def test_a_link_that_was_issued_in_the_clear_is_asked_as_it_was():
    made = target_of(ONE + LINK.replace("https", "http"))
    assert plain_addresses(made)[-1] == "http://links.example/d/secret-7f3a"
    assert places(made) == [("target.example", 443)]


def test_somebody_elses_sign_in_is_not_looked_at_unless_it_is_in_the_clear():
    def signing_in_at(url):
        return target_of(ONE.replace("\n\n", f'\nsign_in = "{url}"\n\n', 1))

    assert places(signing_in_at("https://identity.example/")) == [("target.example", 443)]
    assert plain_addresses(signing_in_at("http://identity.example/"))[-1] == "http://identity.example/"


@pytest.mark.asyncio
async def test_it_follows_to_what_is_shown(tmp_path):
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.scheme == "http":
            return httpx.Response(301, headers={"Location": "https://target.example/"})
        return httpx.Response(200, text="Rooms")

    snapshot = (await looked(tmp_path, answer, only=["K09"]))[LOOK.id]
    assert [step.status for step in snapshot.of(Exchange, PLAIN)] == [301, 200]
    assert len(snapshot.of(Fact, TLS)) == 1
