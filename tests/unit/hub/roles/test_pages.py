"""Roles by the forms of the page of access."""

from pathlib import Path

import pytest

from roomgate.access.capability import Capability
from roomgate.access.principal import Right
from support.console import console, words

pytestmark = pytest.mark.asyncio


async def test_a_role_is_made_given_and_removed(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        bob, ada = await it.hub.person("bob"), await it.as_("ada")
        page = await ada.post(
            "/access/roles", name="av-team", words="our <b>people", rights=["see"], capabilities=["observe", "call"]
        )
        assert "There is a role av-team now." in words(page)
        assert "our &lt;b&gt;people" in page.text
        role = (await it.hub.parts.roles.get("av-team")).role
        assert (role.rights, role.gives) == ({Right.SEE}, {Capability.OBSERVE, Capability.CALL})
        page = await ada.post("/access/people/roles", person="bob", roles=["av-team", "member"])
        assert "bob has these roles now: av-team, Member." in words(page)
        assert 'value="av-team" checked' in (await ada.get("/access?person=bob")).text
        assert "Somebody has this role." in words(await ada.post("/access/roles/av-team/remove"))
        assert "None over the hub" in words(await ada.post("/access/people/roles", person="bob"))
        assert (await it.hub.parts.identity.get(bob.id)).roles == frozenset()
        assert "The role av-team is gone." in words(await ada.post("/access/roles/av-team/remove"))


@pytest.mark.parametrize(
    ("form", "fields", "says"),
    [
        ("/access/roles", {"name": "Bad Name"}, "A role's name has"),
        ("/access/roles", {"name": "x", "rights": ["rule"]}, "There is no right rule."),
        ("/access/people/roles", {"person": "nobody", "roles": ["member"]}, "nobody"),
        ("/access/people/roles", {"person": "bob", "roles": ["gone"]}, "There is no role gone."),
    ],
)
async def test_a_form_that_cannot_be_followed_says_why(tmp_path: Path, form, fields, says: str) -> None:
    async with console(tmp_path) as it:
        await it.hub.person("bob")
        page = words(await (await it.as_("ada")).post(form, **fields)).replace("&#39;", "'")
        assert "Refused" in page
        assert says in page


async def test_whoever_may_look_sees_what_roles_give_and_no_form(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.hub.person("al", "auditor")
        al = await it.as_("al")
        page = (await al.get("/access")).text
        assert "What a grant by it gives" in page
        assert 'action="/access/roles"' not in page
        assert (await al.post("/access/roles", name="mine")).status_code == 200
        assert "mine" not in [one.role.name for one in await it.hub.parts.roles.every()]
        await it.hub.person("bob")
        assert 'id="roles"' not in (await (await it.as_("bob")).get("/access")).text
