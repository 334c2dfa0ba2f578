"""What a directory may do to its own people, what falls with whom it ends, and what it may not do at all."""

import asyncio
from contextlib import aclosing
from functools import partial
from pathlib import Path

import httpx
import pytest

from roomgate.access.principal import Kind
from roomgate.clock import HandClock
from roomgate.errors import BadInput, NotFound, PreconditionFailed
from roomgate.hub.app import Extension, build_app
from roomgate.hub.identity.person import Forbidden
from roomgate.hub.identity.scim.kept import KeptPerson, PersonWish
from roomgate.hub.identity.scim.service import BeyondDirectory
from roomgate.hub.parts import open_parts
from roomgate.hub.revocation import Cause
from support.hub import config
from support.scim import BASE, USER, Directory, Scim, refused, scim

pytestmark = pytest.mark.asyncio
AUDITORS = {"group_roles": {"Auditors": ["auditor"], "Desk": ["service-desk"]}}
HOUR = 3600


async def switched_off_with_everything(made: Scim, upstream: Directory, off: str) -> None:
    """Somebody of the directory's with a sign-in, a token, a grant, and a grant that they gave; then switched off."""
    hub, identity = made.hub, made.hub.parts.identity
    alice = await upstream.add("alice")
    await identity.set_password(alice["id"], "four unrelated words here", hub.admin)
    _, cookie = await hub.sign_in("alice")
    _, token = await hub.token("alice")
    await hub.rooms("oslo")
    grant = await hub.grant("alice", "oslo")
    hub.heard.clear()
    answer = await (
        upstream.switch(alice["id"], False) if off == "patch" else upstream.http.delete(f"/Users/{alice['id']}")
    )
    assert answer.status_code in (200, 204)
    # All of it before the answer: heard by whoever holds a channel, and nothing that was open opens again.
    assert [(one.cause, one.subject, one.by) for one in hub.heard] == [
        (Cause.PERSON_DEPROVISIONED, alice["id"], upstream.account.id)
    ]
    assert await identity.by_cookie(cookie) is None
    assert await identity.by_token(token) is None
    assert await hub.parts.grants.of_person(alice["id"]) == []
    if off == "patch":
        assert (await upstream.switch(alice["id"], True)).json()["active"] is True
        assert await identity.by_cookie(cookie) is None
        assert await identity.by_token(token) is None
        assert grant.id not in {one.grant.id for one in await hub.parts.grants.of_person(alice["id"])}
        assert (await hub.sign_in("alice"))[0].person.active


@pytest.mark.parametrize("off", ["patch", "delete"])
async def test_everything_falls_with_whom_the_directory_ends_and_nothing_comes_back(tmp_path: Path, off: str) -> None:
    async with scim(tmp_path) as made, made.directory() as upstream:
        await switched_off_with_everything(made, upstream, off)


async def test_given_grants_pause_when_their_giver_is_deprovisioned(tmp_path: Path) -> None:
    async with scim(tmp_path) as made, made.directory() as upstream:
        hub = made.hub
        alice = await upstream.add("alice")
        await hub.rooms("oslo")
        await hub.person("guest")
        await hub.parts.identity.change_roles(alice["id"], frozenset({"administrator"}), hub.admin)
        giver, _ = await hub.token("alice")
        grant = await hub.grant("guest", "oslo", by=giver)
        # With rights of her own she is out of the directory's hands: neither ended nor changed by it.
        for answer in (
            await upstream.switch(alice["id"], False),
            await upstream.http.delete(f"/Users/{alice['id']}"),
            await upstream.patch(f"/Users/{alice['id']}", {"op": "replace", "path": "userName", "value": "x"}),
        ):
            refused(answer, 403)
        assert [one.title for one in await hub.parts.findings.page()] == [
            "A directory wanted to change an account that it may not"
        ]
        await hub.parts.identity.change_roles(alice["id"], frozenset(), hub.admin)
        assert (await upstream.switch(alice["id"], False)).status_code == 200
        [kept] = await hub.parts.grants.of_person(grant.person)
        assert kept.paused


async def test_a_directory_sees_and_changes_its_own_alone(tmp_path: Path) -> None:
    async with scim(tmp_path) as made, made.directory("one") as one, made.directory("two") as two:
        theirs, group = await two.add("theirs", externalId="e"), await two.add_group("team")
        for id in (theirs["id"], made.hub.admin.person.id, one.account.id, "person_nowhere"):
            answers = [
                await one.http.get(f"/Users/{id}"), await one.http.delete(f"/Users/{id}"), await one.switch(id, False),
                await one.http.put(f"/Users/{id}", json={"schemas": [USER], "userName": "x"}),
            ]  # fmt: skip
            for answer in answers:
                refused(answer, 404)
            assert len({answer.content for answer in answers}) == 1
        refused(await one.http.get(f"/Groups/{group['id']}"), 404)
        refused(await one.http.delete(f"/Groups/{group['id']}"), 404)
        assert (await one.http.get("/Users", params={"filter": 'externalId eq "e"'})).json()["totalResults"] == 0
        assert (await one.http.get("/Groups")).json()["totalResults"] == 0
        body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "mine"}
        for id in (theirs["id"], "person_nowhere", made.hub.admin.person.id):
            refused(await one.http.post("/Groups", json={**body, "members": [{"value": id}]}), 400, "invalidValue")


async def test_a_name_that_somebody_has_is_taken(tmp_path: Path) -> None:
    async with scim(tmp_path) as made, made.directory("one") as one, made.directory("two") as two:
        await two.add("alice")
        bob = await one.add("bob")
        for name in ("ALICE", "ada", "two", "bob"):
            refused(await one.http.post("/Users", json={"schemas": [USER], "userName": name}), 409, "uniqueness")
        refused(
            await one.patch(f"/Users/{bob['id']}", {"op": "replace", "path": "userName", "value": "Ada"}),
            409,
            "uniqueness",
        )
        refused(await one.http.post("/Users", json={"schemas": [USER], "userName": "a:b"}), 400, "invalidValue")
        await one.add_group("team")
        await two.add_group("team")  # each directory has names of its own for its groups
        body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "TEAM"}
        refused(await one.http.post("/Groups", json=body), 409, "uniqueness")


async def test_whom_an_administrator_shut_out_no_directory_lets_in(tmp_path: Path) -> None:
    async with scim(tmp_path) as made, made.directory() as upstream:
        alice = await upstream.add("alice")
        await made.hub.parts.identity.set_active(alice["id"], False, made.hub.admin)
        refused(await upstream.switch(alice["id"], True), 403)
        assert not (await made.hub.parts.identity.get("alice")).active
        await made.hub.parts.identity.set_active(alice["id"], True, made.hub.admin)
        assert (await upstream.switch(alice["id"], False)).status_code == 200
        assert (await upstream.switch(alice["id"], True)).status_code == 200


async def test_groups_give_the_roles_that_the_configuration_says(tmp_path: Path) -> None:
    async with scim(tmp_path, **AUDITORS) as made, made.directory() as upstream:
        hub = made.hub

        async def roles(name: str) -> set[str]:
            return set((await hub.parts.identity.get(name)).roles)

        alice, bob = await upstream.add("alice"), await upstream.add("bob")
        await upstream.add_group("Administrators", alice["id"])
        assert await roles("alice") == set()
        hub.heard.clear()
        group = await upstream.add_group("auditors", alice["id"])
        assert await roles("alice") == {"auditor"}
        assert [(one.cause, one.subject) for one in hub.heard] == [(Cause.ROLE_CHANGED, alice["id"])]
        desk = await upstream.add_group("Desk", alice["id"], bob["id"])
        assert (await roles("alice"), await roles("bob")) == ({"auditor", "service-desk"}, {"service-desk"})
        path = f"/Groups/{group['id']}"
        swap = {"op": "replace", "path": "members", "value": [{"value": bob["id"]}]}
        assert (await upstream.patch(path, swap)).status_code == 200
        assert (await roles("alice"), await roles("bob")) == ({"service-desk"}, {"auditor", "service-desk"})
        assert (
            await upstream.patch(path, {"op": "replace", "path": "displayName", "value": "Others"})
        ).status_code == 200
        assert await roles("bob") == {"service-desk"}
        assert (await upstream.http.delete(f"/Groups/{desk['id']}")).status_code == 204
        assert (await roles("alice"), await roles("bob")) == (set(), set())
        # With a role from its own group somebody stays in the directory's hands; out of it with any other.
        await upstream.patch(path, {"op": "replace", "path": "displayName", "value": "Auditors"})
        await hub.parts.identity.change_roles("alice", frozenset({"security-officer"}), hub.admin)
        await upstream.patch(path, {"op": "add", "path": "members", "value": [{"value": alice["id"]}]})
        assert await roles("alice") == {"security-officer"}
        assert (await upstream.http.delete(f"/Users/{bob['id']}")).status_code == 204
        assert [one["value"] for one in (await upstream.http.get(path)).json()["members"]] == [alice["id"]]


async def fill(upstream: Directory, number: int) -> list[str]:
    async with asyncio.TaskGroup() as group:
        adding = [group.create_task(upstream.add(f"p{n}")) for n in range(number)]
    return [one.result()["id"] for one in adding]


async def test_many_at_once_are_braked_and_counted_as_people(tmp_path: Path) -> None:
    async with scim(tmp_path) as made, made.directory() as upstream:
        ids = await fill(upstream, 14)
        for id in ids[:9]:
            assert (await upstream.http.delete(f"/Users/{id}")).status_code == 204
        # The tenth goes by whichever way, off and on and off again: it is one.
        for active in (False, True, False, True, False):
            assert (await upstream.switch(ids[9], active)).status_code == 200
        assert (await upstream.http.delete(f"/Users/{ids[9]}")).status_code == 204
        off = {"schemas": [USER], "userName": "p10", "active": False}
        for answer in (
            await upstream.http.delete(f"/Users/{ids[10]}"),
            await upstream.switch(ids[10], False),
            await upstream.http.put(f"/Users/{ids[10]}", json=off),
        ):
            refused(answer, 429)
            assert int(answer.headers["retry-after"]) == HOUR
        assert (await made.hub.parts.identity.get("p10")).active
        [finding] = await made.hub.parts.findings.page()
        assert (finding.severity, finding.evidence["directory"]) == ("warning", "upstream")
        # All else goes on, and another directory is not concerned.
        await upstream.add("new")
        async with made.directory("other") as other:
            assert (await other.http.delete(f"/Users/{(await other.add('x'))['id']}")).status_code == 204
        made.hub.clock.advance(HOUR + 1)
        assert (await upstream.http.delete(f"/Users/{ids[10]}")).status_code == 204


async def test_the_brake_survives_a_restart_and_many_new_people(tmp_path: Path) -> None:
    async with scim(tmp_path) as made, made.directory() as upstream:
        ids = await fill(upstream, 12)
        for id in ids[:10]:
            await upstream.http.delete(f"/Users/{id}")
        token = upstream.token
    parts = await open_parts(config(tmp_path), HandClock())
    http = httpx.AsyncClient(transport=httpx.ASGITransport(build_app(parts, Extension())), base_url=BASE)
    http.headers["Authorization"] = f"Bearer {token}"
    async with http as upstream_http, aclosing(parts):
        refused(await upstream_http.delete(f"/Users/{ids[10]}"), 429)
        for n in range(100):  # who came within the hour does not make the tenth larger
            await upstream_http.post("/Users", json={"schemas": [USER], "userName": f"new{n}"})
        refused(await upstream_http.delete(f"/Users/{ids[10]}"), 429)


async def test_a_tenth_of_many_may_go(tmp_path: Path) -> None:
    async with scim(tmp_path) as made, made.directory() as upstream:
        ids = await fill(upstream, 110)
        made.hub.clock.advance(2 * HOUR)
        answers = [(await upstream.http.delete(f"/Users/{id}")).status_code for id in ids[:13]]
        assert answers == [204] * 11 + [429] * 2


async def test_an_administrator_releases_it_for_a_while(tmp_path: Path) -> None:
    async with scim(tmp_path) as made, made.directory() as upstream:
        directories, admin = made.hub.parts.directories, made.hub.admin
        ids = await fill(upstream, 14)
        for id in ids[:10]:
            await upstream.http.delete(f"/Users/{id}")
        assert [one.held for one in await directories.directories(admin)] == [True]
        for minutes in (0, -1, 24 * 60 + 1):
            with pytest.raises(BadInput):
                await directories.release("upstream", minutes, admin)
        with pytest.raises(Forbidden):
            await directories.release("upstream", 5, upstream.signed)
        with pytest.raises(NotFound):
            await directories.release("ada", 5, admin)
        assert not (await directories.release("upstream", 5, admin)).held
        assert (await upstream.http.delete(f"/Users/{ids[10]}")).status_code == 204
        made.hub.clock.advance(5 * 60)
        refused(await upstream.http.delete(f"/Users/{ids[11]}"), 429)


async def test_a_person_is_handed_over(tmp_path: Path) -> None:
    async with scim(tmp_path, **AUDITORS) as made, made.directory() as upstream, made.directory("other") as other:
        hub, directories = made.hub, made.hub.parts.directories
        bob = await hub.person("bob")
        refused(await upstream.http.get(f"/Users/{bob.id}"), 404)
        await directories.hand_over("bob", "upstream", hub.admin)
        assert (await upstream.http.get(f"/Users/{bob.id}")).json()["userName"] == "bob"
        await upstream.add_group("Auditors", bob.id)
        assert "auditor" in (await hub.parts.identity.get("bob")).roles
        await directories.hand_over("bob", "other", hub.admin)  # with it go the roles of the former one's groups
        assert (await hub.parts.identity.get("bob")).roles == frozenset()
        refused(await upstream.http.get(f"/Users/{bob.id}"), 404)
        assert (await other.switch(bob.id, False)).status_code == 200
        with pytest.raises(BeyondDirectory):
            await directories.hand_over("ada", "upstream", hub.admin)
        with pytest.raises(BadInput):
            await directories.hand_over("other", "upstream", hub.admin)
        with pytest.raises(NotFound):
            await directories.hand_over("bob", "ada", hub.admin)
        with pytest.raises(Forbidden):
            await directories.hand_over("bob", "upstream", upstream.signed)


async def test_a_directory_with_another_right_is_none(tmp_path: Path) -> None:
    async with scim(tmp_path) as made, made.directory() as upstream:
        await made.hub.parts.identity.change_roles(
            upstream.account.id, frozenset({"provisioner", "auditor"}), made.hub.admin
        )
        refused(await upstream.http.get("/Users"), 403)
        assert await made.hub.parts.directories.directories(made.hub.admin) == []
        assert upstream.account.kind is Kind.SERVICE


async def test_a_token_that_was_revoked_on_the_way_writes_nothing(tmp_path: Path) -> None:
    async with scim(tmp_path) as made, made.directory() as upstream:
        alice = await upstream.add("alice")
        assert upstream.signed.token is not None
        await made.hub.parts.identity.end_token(upstream.signed.token.id, made.hub.admin)
        with pytest.raises(Forbidden):  # who was let in at the door before that
            await made.hub.parts.directories.remove_person(alice["id"], upstream.signed)


async def test_what_is_changed_meanwhile_is_looked_at_again(tmp_path: Path) -> None:
    async with scim(tmp_path) as made, made.directory() as upstream:
        alice = await upstream.add("alice")
        identity, loop = made.hub.parts.identity, asyncio.get_running_loop()
        seen: list[int] = []

        def edit(kept: KeptPerson, times: int) -> PersonWish:
            seen.append(kept.version)
            if len(seen) <= times:
                roles = frozenset({"member"}) if len(seen) % 2 else frozenset()
                asyncio.run_coroutine_threadsafe(
                    identity.change_roles(alice["id"], roles, made.hub.admin), loop
                ).result(10)
            return PersonWish(kept.name, kept.active, f"seen {len(seen)} times")

        directories = made.hub.parts.directories
        kept = await directories.change_person(alice["id"], partial(edit, times=2), upstream.signed)
        assert (kept.display, seen) == ("seen 3 times", [1, 2, 3])
        seen.clear()
        with pytest.raises(PreconditionFailed):
            await directories.change_person(alice["id"], partial(edit, times=99), upstream.signed)


async def test_members_that_come_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    async with scim(tmp_path) as made, made.directory() as upstream:
        ids, group = await fill(upstream, 12), await upstream.add_group("team")
        async with asyncio.TaskGroup() as tasks:
            for id in ids:
                add = {"op": "add", "path": "members", "value": [{"value": id}]}
                tasks.create_task(upstream.patch(f"/Groups/{group['id']}", add))
        found = (await upstream.http.get(f"/Groups/{group['id']}")).json()["members"]
        assert {one["value"] for one in found} == set(ids)
