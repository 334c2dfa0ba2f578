"""Passkeys against an authenticator of the test's own: what is taken, and everything that is not."""

import json
from collections.abc import Callable

import pytest

from roomgate.hub.identity.passkeys import (
    BadPasskey,
    Party,
    build_creation,
    build_request,
    check_new,
    check_shown,
    parse_credential,
    party_of,
)
from roomgate.ids import PersonId
from support.passkey import Authenticator, text

HERE = Party("hub.example.com", "https://hub.example.com:8443")
ADA = PersonId("person_ada")
CHALLENGE, OTHER = b"c" * 32, b"d" * 32


def enrolled() -> tuple[Authenticator, bytes]:
    mine = Authenticator(HERE.origin)
    made = check_new(mine.make(build_creation(HERE, ADA, "ada", CHALLENGE, [])), HERE, CHALLENGE)
    assert made.credential == text(mine.credential)
    return mine, made.public_key


def test_what_a_browser_is_asked() -> None:
    asked = json.loads(build_creation(HERE, ADA, "ada", CHALLENGE, ["YWJj"]))
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert [one["id"] for one in asked["excludeCredentials"]] == ["YWJj"]
    assert asked["rp"]["id"] == "hub.example.com"
    shown = json.loads(build_request(HERE, CHALLENGE))
    assert (shown["userVerification"], shown.get("allowCredentials", [])) == ("required", [])


def test_a_passkey_is_made_and_shown() -> None:
    mine, public = enrolled()
    mine.counter = 7
    answer = mine.show(build_request(HERE, CHALLENGE))
    assert parse_credential(answer) == text(mine.credential)
    assert check_shown(answer, HERE, CHALLENGE, public, ADA) == 7


def _lie(**what: object) -> Callable[[Authenticator], None]:
    def tell(mine: Authenticator) -> None:
        for name, value in what.items():
            setattr(mine, name, value)

    return tell


@pytest.mark.parametrize(
    "lie", [_lie(origin="https://evil.example"), _lie(origin="https://hub.example.com"), _lie(verifies=False)]
)
def test_a_lie_is_refused_when_it_is_made_and_when_it_is_shown(lie: Callable[[Authenticator], None]) -> None:
    mine = Authenticator(HERE.origin)
    lie(mine)
    with pytest.raises(BadPasskey):
        check_new(mine.make(build_creation(HERE, ADA, "ada", CHALLENGE, [])), HERE, CHALLENGE)
    mine, public = enrolled()
    lie(mine)
    with pytest.raises(BadPasskey):
        check_shown(mine.show(build_request(HERE, CHALLENGE)), HERE, CHALLENGE, public, ADA)


def test_another_challenge_party_key_or_owner_is_refused() -> None:
    mine, public = enrolled()
    _, others_key = enrolled()
    asked = build_request(HERE, CHALLENGE)
    with pytest.raises(BadPasskey):
        check_shown(mine.show(build_request(HERE, OTHER)), HERE, CHALLENGE, public, ADA)
    with pytest.raises(BadPasskey):
        check_shown(mine.show(asked, party="example.com"), HERE, CHALLENGE, public, ADA)
    with pytest.raises(BadPasskey):
        check_shown(mine.show(asked), HERE, CHALLENGE, others_key, ADA)
    with pytest.raises(BadPasskey):
        check_shown(mine.show(asked), HERE, CHALLENGE, public, PersonId("person_eve"))
    with pytest.raises(BadPasskey):
        check_new(mine.make(build_creation(HERE, ADA, "ada", OTHER, [])), HERE, CHALLENGE)


@pytest.mark.parametrize(
    "rubbish",
    ["", "{}", "[]", "null", "\ud800", '{"id": 1}', '{"id": "x"}', '{"id": "x", "rawId": "x", "response": []}',
     '{"id": "x", "rawId": "é", "type": "public-key", "response": {"clientDataJSON": "e30"}}'],
)  # fmt: skip
def test_rubbish_raises_only_ours(rubbish: str) -> None:
    _, public = enrolled()
    with pytest.raises(BadPasskey):
        check_new(rubbish, HERE, CHALLENGE)
    with pytest.raises(BadPasskey):
        check_shown(rubbish, HERE, CHALLENGE, public, ADA)


@pytest.mark.parametrize("damage", range(0, 900, 23))
def test_a_damaged_answer_raises_only_ours(damage: int) -> None:
    mine, public = enrolled()
    answer = mine.show(build_request(HERE, CHALLENGE))
    cut = answer[: damage % len(answer)]
    with pytest.raises(BadPasskey):
        check_shown(cut, HERE, CHALLENGE, public, ADA)
    with pytest.raises(BadPasskey):
        parse_credential(cut)


@pytest.mark.parametrize(
    ("public_url", "listener", "party", "usable"),
    [
        ("https://hub.example.com", None, Party("hub.example.com", "https://hub.example.com"), True),
        ("https://hub.example.com:443/", None, Party("hub.example.com", "https://hub.example.com"), True),
        ("https://Hub.Example.com:8443", ("::1", 9), Party("hub.example.com", "https://hub.example.com:8443"), True),
        ("", ("localhost", 8443), Party("localhost", "https://localhost:8443"), True),
        ("", ("hub", None), Party("hub", "https://hub"), True),
        ("", ("127.0.0.1", 8443), Party("127.0.0.1", "https://127.0.0.1:8443"), False),
        ("", None, Party("", "https://"), False),
    ],
)
def test_who_a_passkey_is_for(public_url: str, listener: tuple[str, int] | None, party: Party, usable: bool) -> None:
    assert (party_of(public_url, listener), party.usable) == (party, usable)
