"""REST: invitations, and taking away what somebody signs in with."""

from pathlib import Path

import pytest

from roomgate.hub.identity.signin import Visitor
from support.api import api, pages
from support.factors import with_app
from support.hub import PASSWORD

pytestmark = pytest.mark.asyncio


async def test_an_invitation_is_made_listed_and_cut(tmp_path: Path) -> None:
    async with api(tmp_path) as it:
        ada = await it.client("ada")
        made = [(await ada.post("/invitations", json={"name": name, "roles": ["auditor"]})).json() for name in "xyz"]
        assert {"id", "person", "name", "until", "code"} == set(made[0])
        listed = await pages(ada, "/invitations")
        assert {one["id"] for one in listed} == {one["id"] for one in made}
        assert "code" not in listed[0]
        assert (await ada.delete(f"/invitations/{made[0]['id']}")).status_code == 204
        assert (await ada.delete(f"/invitations/{made[0]['id']}")).status_code == 404
        assert await it.hub.parts.invitations.accept(made[1]["code"], PASSWORD, Visitor("192.0.2.9"))
        assert [one["id"] for one in await pages(ada, "/invitations")] == [made[2]["id"]]
        assert (await ada.post("/invitations", json={"name": "w", "hours": 1000})).status_code == 400


async def test_factors_are_reset_and_a_person_begins_anew(tmp_path: Path) -> None:
    async with api(tmp_path) as it:
        ada = await it.client("ada")
        await with_app(it.hub, "cleo")
        cleo = await it.client("cleo")
        assert (await ada.delete("/people/cleo/factors")).status_code == 204
        assert (await cleo.get("/whoami")).status_code == 401
        assert await it.hub.parts.identity.sign_in("cleo", PASSWORD, "192.0.2.1")
        made = await ada.post("/people/cleo/reset", json={"hours": 1})
        assert (made.status_code, made.json()["name"]) == (201, "cleo")
        assert (await ada.delete("/people/ada/factors")).status_code == 409
        assert (await ada.delete("/people/nobody/factors")).status_code == 404


async def test_somebody_without_the_right_learns_nothing(tmp_path: Path) -> None:
    async with api(tmp_path) as it:
        await it.hub.person("guest")
        guest = await it.client("guest")
        for method, path in (
            ("GET", "/invitations"), ("POST", "/invitations"), ("DELETE", "/invitations/x"),
            ("POST", "/people/ada/reset"), ("POST", "/people/nobody/reset"), ("DELETE", "/people/ada/factors"),
            ("DELETE", "/people/nobody/factors"),
        ):  # fmt: skip
            body = {"name": "x"} if path == "/invitations" else {}
            answer = await guest.request(method, path, json=body if method == "POST" else None)
            assert (path, answer.status_code) == (path, 403)


async def test_the_own_password_by_rest(tmp_path: Path) -> None:
    async with api(tmp_path) as it:
        await it.hub.person("guest")
        guest = await it.client("guest")
        new = {"password": "five other unrelated words"}
        refused = await guest.patch("/people/guest", json=new)
        assert (refused.status_code, refused.json()["code"]) == (403, "signin.again")
        assert (await guest.patch("/people/guest", json=new | {"present": "wrong"})).status_code == 400
        assert (await guest.patch("/people/guest", json=new | {"present": PASSWORD})).status_code == 200
        assert (await guest.get("/whoami")).status_code == 401
