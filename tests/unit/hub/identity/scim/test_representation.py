"""What directories send, as they send it: the standard's spellings, Entra's, Okta's, and rubbish."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scim2_models import Context, InvalidValueException, SCIMException

from roomgate.errors import BadInput
from roomgate.hub.identity.scim import representation as scim
from roomgate.hub.identity.scim.kept import GroupWish, KeptGroup, KeptPerson, PersonWish
from roomgate.hub.identity.scim.store import Wanted
from roomgate.ids import PersonId
from support.scim import GROUP, PATCH, USER

AT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
BASE = "https://hub.example.com/scim/v2"
ALICE = KeptPerson(PersonId("person_1"), "alice", True, "Alice A.", "alice@example.com", "ext-1", AT, 3)
TEAM = KeptGroup("group_1", "team", frozenset({"person_1", "person_2"}), "ext-9", AT, AT, 7)
# Two fuller names of the schemas that Entra sends along.
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def patched(*operations: dict[str, Any], kept: KeptPerson = ALICE) -> PersonWish:
    return scim.patch_user({"schemas": [PATCH], "Operations": list(operations)}, BASE)(kept)


def regrouped(*operations: dict[str, Any]) -> GroupWish:
    return scim.patch_group({"schemas": [PATCH], "Operations": list(operations)}, BASE)(TEAM)


def test_a_person_is_shown_with_what_is_kept() -> None:
    shown = scim.dump(scim.build_user(ALICE, BASE), Context.RESOURCE_QUERY_RESPONSE)
    assert shown == {
        "schemas": [USER], "id": "person_1", "externalId": "ext-1", "userName": "alice", "displayName": "Alice A.",
        "active": True, "emails": [{"value": "alice@example.com", "type": "work"}],
        "meta": {
            "resourceType": "User", "created": "2026-03-10T09:00:00Z", "location": f"{BASE}/Users/person_1",
            "version": 'W/"3"',
        },
    }  # fmt: skip


def test_a_group_is_shown_with_its_members() -> None:
    shown = scim.dump(scim.build_group(TEAM, BASE), Context.RESOURCE_QUERY_RESPONSE)
    assert shown["members"][0] == {"value": "person_1", "$ref": f"{BASE}/Users/person_1", "type": "User"}
    assert (shown["displayName"], shown["meta"]["version"]) == ("team", 'W/"7"')


def test_a_person_as_entra_creates_one() -> None:
    payload = {
        "schemas": [USER, ENTERPRISE],
        "externalId": "alice",
        "userName": "alice@example.com",
        "active": True,
        "emails": [{"primary": False, "type": "home", "value": "b@example.com"},
                   {"primary": True, "type": "work", "value": "a@example.com"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Alice Ant", "familyName": "Ant", "givenName": "Alice"},
        "roles": [],
        ENTERPRISE: {"department": "Facilities"},
        "password": "never kept",
        "id": "person_of_theirs",
    }  # fmt: skip
    assert scim.parse_user(payload) == PersonWish("alice@example.com", True, "Alice Ant", "a@example.com", "alice")


@pytest.mark.parametrize(
    ("name", "display"),
    [({"givenName": "Ann", "familyName": "Bee"}, "Ann Bee"), ({"givenName": "Ann"}, "Ann"), ({}, None), ("Ann", None)],
)
def test_a_name_stands_in_for_a_display_name(name: object, display: str | None) -> None:
    assert scim.parse_user({"schemas": [USER], "userName": "ann", "name": name}).display == display


@pytest.mark.parametrize("value", [False, "False", "false"])
@pytest.mark.parametrize("op", ["replace", "Replace", "add"])
def test_a_person_is_switched_off_in_every_spelling(op: str, value: object) -> None:
    off = PersonWish("alice", False, "Alice A.", "alice@example.com", "ext-1")
    assert patched({"op": op, "path": "active", "value": value}) == off
    assert patched({"op": op, "value": {"active": value}}) == off  # without a path
    assert patched({"op": op, "path": f"{USER}:active", "value": value}) == off


def test_a_patch_changes_what_it_names_alone() -> None:
    wish = patched(
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "new@example.com"},
        {"op": "Add", "path": "name.givenName", "value": "Alicia"},
        {"op": "replace", "value": {"displayName": "A.", "name.familyName": "B"}},
        {"op": "remove", "path": "externalId"},
        {"op": "add", "path": f"{ENTERPRISE}:department", "value": "Facilities"},
    )
    assert wish == PersonWish("alice", True, "A.", "new@example.com", None)
    bare = KeptPerson(ALICE.id, "alice", True, None, None, None, AT, 1)
    mail = patched({"op": "add", "path": 'emails[type eq "work"].value', "value": "n@example.com"}, kept=bare).mail
    assert mail == "n@example.com"


def test_the_switch_is_never_taken_away() -> None:
    with pytest.raises(InvalidValueException):
        patched({"op": "remove", "path": "active"})


def test_what_a_put_leaves_out_goes_but_the_switch_stays() -> None:
    off = KeptPerson(ALICE.id, "alice", False, "Alice A.", None, None, AT, 1)
    payload = {"schemas": [USER], "userName": "alice"}
    assert scim.replace_user(payload)(ALICE) == PersonWish("alice", True)
    assert scim.replace_user(payload)(off) == PersonWish("alice", False)


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ({"op": "add", "path": "members", "value": [{"value": "person_3"}]}, {"person_1", "person_2", "person_3"}),
        ({"op": "remove", "path": 'members[value eq "person_1"]'}, {"person_2"}),
        ({"op": "Remove", "path": "members", "value": [{"value": "person_1"}]}, {"person_2"}),
        ({"op": "remove", "path": "members"}, set()),
        ({"op": "replace", "path": "members", "value": [{"value": "person_9"}]}, {"person_9"}),
        ({"op": "replace", "value": {"id": "group_1", "displayName": "team"}}, {"person_1", "person_2"}),
    ],
)
def test_members_come_and_go(operation: dict[str, Any], members: set[str]) -> None:
    assert regrouped(operation) == GroupWish("team", frozenset(members), "ext-9")


def test_a_group_is_read_whole() -> None:
    payload = {"schemas": [GROUP], "displayName": "team", "members": [{"value": "person_1"}]}
    wish = GroupWish("team", frozenset({"person_1"}))
    assert scim.parse_group(payload) == scim.replace_group(payload)(TEAM) == wish


@pytest.mark.parametrize(("text", "version"), [('W/"3"', 3), ('"3"', 3), ("*", None), ("", None)])
def test_a_version_is_read(text: str, version: int | None) -> None:
    assert scim.parse_version(text) == version


@pytest.mark.parametrize("text", ["3", 'W/"x"', '"3", "4"', 'W/"-1"'])
def test_a_version_of_somebody_elses_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueException):
        scim.parse_version(text)


@pytest.mark.parametrize(
    ("filter", "wanted", "rest"),
    [
        ('userName eq "Alice"', Wanted(name="Alice"), False),
        (f'{USER}:userName Eq "Alice"', Wanted(name="Alice"), False),
        ('externalId eq "e"', Wanted(external_id="e"), False),
        ('displayName eq "x"', Wanted(), True),
        ('userName eq "a" and active eq true', Wanted(), True),
        ('emails[type eq "work" and value co "@example.com"]', Wanted(), True),
    ],
)
def test_what_the_database_looks_up_and_what_is_asked_of_each(filter: str, wanted: Wanted, rest: bool) -> None:
    found, left = scim.plan_search(scim.parse_asked(scim.User, {"filter": filter}))
    assert (found, left is not None) == (wanted, rest)


def test_a_group_is_not_looked_up_by_a_name_that_it_does_not_have() -> None:
    with pytest.raises(ValidationError):
        scim.parse_asked(scim.Group, {"filter": 'userName eq "x"'})


def test_what_refuses_is_explained() -> None:
    assert scim.explain(InvalidValueException(detail="no")) == (400, "no", "invalidValue")
    with pytest.raises(ValidationError) as rubbish:
        scim.parse_user({"schemas": [USER], "userName": 7, "active": []})
    explained = scim.explain(rubbish.value)
    assert explained is not None
    assert (explained[0], explained[2]) == (400, "invalidValue")
    assert scim.explain(ValueError("other")) is None


def test_what_is_announced_is_what_is_kept() -> None:
    user, group = scim.build_schemas(BASE)
    named = {attribute.name: attribute for attribute in user.attributes or []}
    assert set(named) == {"userName", "displayName", "active", "emails"}
    assert [part.name for part in named["emails"].sub_attributes or []] == ["value", "type"]
    assert {attribute.name for attribute in group.attributes or []} == {"displayName", "members"}
    offered = scim.dump(scim.build_config(BASE), Context.RESOURCE_QUERY_RESPONSE)
    on = {name: offered[name]["supported"] for name in ("patch", "bulk", "filter", "sort", "etag", "changePassword")}
    assert on == {"patch": True, "bulk": False, "filter": True, "sort": False, "etag": True, "changePassword": False}


# -- rubbish: only refusals that have a form, and never a wish that was not checked ------------------------------

_ours = (SCIMException, ValidationError, BadInput)
_leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
_words = st.sampled_from(
    ["active", "userName", "emails", "members", "displayName", "schemas", "value", "meta", "id", "name"]
)
_value = st.recursive(_leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=4))
_path = st.none() | st.text(max_size=30) | _words | st.builds(
    "{}[{} eq {}].{}".format, _words, _words, st.sampled_from(['"work"', "true", "1", '"person_1"']), _words
)  # fmt: skip
_operation = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "Replace", "remove", "move"])}, optional={"path": _path, "value": _value}
)


@settings(max_examples=80, deadline=None)
@given(st.lists(_operation, max_size=3), st.booleans())
def test_a_patch_of_rubbish_is_refused_or_a_wish(operations: list[dict[str, Any]], people: bool) -> None:
    try:
        wish = patched(*operations) if people else regrouped(*operations)
    except _ours:
        return
    assert isinstance(wish, PersonWish | GroupWish)
    assert isinstance(wish.name, str)


@settings(max_examples=80, deadline=None)
@given(_value, st.booleans())
def test_a_resource_of_rubbish_is_refused_or_a_wish(payload: object, people: bool) -> None:
    if isinstance(payload, dict):
        payload = {"schemas": [USER if people else GROUP], **payload}
    try:
        wish = scim.parse_user(payload) if people else scim.parse_group(payload)
    except _ours:
        return
    assert isinstance(wish, PersonWish | GroupWish)


@settings(max_examples=120, deadline=None)
@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            [
                "userName",
                "active",
                "emails",
                "eq",
                "pr",
                "co",
                "and",
                "or",
                "not",
                "(",
                ")",
                "[",
                "]",
                '"a"',
                "true",
                ".",
                "1",
            ]
        ),
        max_size=12,
    ).map(" ".join)
)
def test_a_filter_of_rubbish_is_refused_or_answers(filter: str) -> None:
    try:
        _, left = scim.plan_search(scim.parse_asked(scim.User, {"filter": filter}))
        fits = left is None or left.match(scim.build_user(ALICE, BASE))
    except _ours:
        return
    assert isinstance(fits, bool)


def test_a_filter_has_an_end() -> None:
    with pytest.raises(SCIMException):
        scim.parse_asked(scim.User, {"filter": "not (" * 300 + "userName pr" + ")" * 300})
