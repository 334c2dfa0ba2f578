from datetime import UTC, datetime

from roomgate.access.principal import Kind
from roomgate.hub.identity.http import show_person, show_token
from roomgate.hub.identity.person import Person, Token
from roomgate.ids import PersonId, TokenId

AT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def test_a_person_is_shown_without_what_is_secret() -> None:
    person = Person(PersonId("person_1"), "ada", Kind.PERSON, frozenset({"member", "auditor"}), True, AT, 1)
    shown = show_person(person)
    assert (shown.roles, shown.kind, shown.created) == (["auditor", "member"], "person", "2026-03-10T09:00:00.000Z")
    assert not hasattr(shown, "password")


def test_a_token_is_shown_without_its_text() -> None:
    token = Token(TokenId("token_1"), PersonId("person_1"), "ci", AT, AT, PersonId("person_2"), 1)
    shown = show_token(token)
    assert (shown.id, shown.made_by) == ("token_1", "person_2")
    assert "token" not in shown.__struct_fields__
