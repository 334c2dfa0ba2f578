from datetime import UTC, datetime
from pathlib import Path

import pytest

from roomgate.access.principal import Kind
from roomgate.hub.identity.http import show_person, show_token
from roomgate.hub.identity.person import Person, Token
from roomgate.ids import PersonId, TokenId
from support.api import api
from support.hub import PASSWORD

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


@pytest.mark.asyncio
async def test_browsers_are_listed_for_their_owner_and_cut(tmp_path: Path) -> None:
    async with api(tmp_path) as made:
        await made.hub.person("guest")
        await made.hub.person("desk", "service-desk")
        guest, cookie = await made.hub.sign_in("guest")
        assert guest.web is not None
        own, admin, desk = await made.client("guest"), await made.client("ada"), await made.client("desk")
        (shown,) = (await own.get("web-sessions")).json()["items"]
        assert (shown["id"], shown["source"], shown["how"], shown["strong"], shown["asks"]) == (
            guest.web.id, "192.0.2.1", "password", False, False,
        )  # fmt: skip
        for other in (admin, desk):
            assert (await other.get("web-sessions", params={"person": "guest"})).json()["items"] == [shown]
        assert made.hub.admin.web is not None
        told = [await own.get("web-sessions", params={"person": name}) for name in ("ada", "nobody")]
        assert [answer.status_code for answer in told] == [404, 404]
        assert told[0].content == told[1].content
        told = [await own.delete(f"web-sessions/{id}") for id in (made.hub.admin.web.id, "web_none")]
        assert [answer.status_code for answer in told] == [404, 404]
        assert told[0].content == told[1].content
        assert (await desk.delete(f"web-sessions/{guest.web.id}")).status_code == 204
        assert await made.hub.parts.identity.by_cookie(cookie) is None
        assert (await own.get("web-sessions")).json()["items"] == []
        assert (await desk.delete(f"web-sessions/{guest.web.id}")).status_code == 404


@pytest.mark.asyncio
async def test_a_token_with_a_scope_is_made_shown_and_holds_in_the_api(tmp_path: Path) -> None:
    async with api(tmp_path) as made:
        await made.hub.rooms("oslo", "rome")
        admin = await made.client("ada")
        wish = {"minutes": 60, "name": "wall", "scope": ["read", "room:oslo"]}
        answer = (await admin.post("tokens", json=wish)).json()
        assert answer["scope"] == ["read", "room:oslo"]
        weak = {"Authorization": f"Bearer {answer['token']}"}
        me = (await admin.get("whoami", headers=weak)).json()
        assert (me["rights"], me["scope"], me["how"]) == (["audit", "see"], ["read", "room:oslo"], "token")
        assert (await admin.get("people", headers=weak)).status_code == 200
        assert (await admin.get("ledger", headers=weak)).status_code == 200
        for path, body in (("people", {"name": "eve"}), ("sites", {"name": "s"}), ("locks", {"room": "oslo"})):
            assert (await admin.post(path, json=body, headers=weak)).status_code == 403, path
        assert (await admin.patch("people/ada", json={"password": PASSWORD}, headers=weak)).status_code == 403
        wider = await admin.post("tokens", json={"minutes": 60, "scope": ["hub"]}, headers=weak)
        assert (wider.status_code, wider.json()["code"]) == (403, "right.missing")
        assert (await admin.post("tokens", json={"minutes": 60, "scope": ["x"]})).status_code == 400
        listed = {one["id"]: one for one in (await admin.get("tokens")).json()["items"]}
        assert (listed[answer["id"]]["scope"], listed[answer["id"]]["name"]) == (["read", "room:oslo"], "wall")
