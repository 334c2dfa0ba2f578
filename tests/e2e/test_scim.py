"""SCIM against the whole hub behind its door: the standard's own checks, and what a stolen token cannot do."""

import asyncio
from collections import Counter

import pytest
from scim2_client import BaseSyncSCIMClient
from scim2_client.engines.asgi import ASGISCIMClient
from scim2_tester import Status, check_server

from roomgate.access.principal import Kind
from roomgate.hub.identity.person import Proof
from support.scim import BASE, USER, Scim, in_thread, refused, scim

pytestmark = [pytest.mark.asyncio, pytest.mark.e2e]


class Bridge(BaseSyncSCIMClient):
    """The checks wait for each answer in a thread of theirs; the hub lives in the loop."""

    def __init__(self, inner: ASGISCIMClient, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._inner, self._loop = inner, loop

    def _stays_under_base_url(self, endpoint):
        return self._inner._stays_under_base_url(endpoint)

    def _parse_json(self, response):
        return self._inner._parse_json(response)

    def request(self, method, url, **kwargs):
        asked = self._inner.request(method, url, **kwargs)
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result(30)


async def test_the_standards_own_checks_find_no_error(tmp_path):
    async with scim(tmp_path) as made, made.directory() as upstream:
        await made.hub.parts.directories.release("upstream", 60, made.hub.admin)  # the checks end all that they make
        inner = ASGISCIMClient(made.app, BASE, {"Authorization": f"Bearer {upstream.token}"})
        results = await in_thread(check_server, Bridge(inner, asyncio.get_running_loop()))
    wrong = (Status.ERROR, Status.CRITICAL, Status.DEVIATION)
    assert [(found.title, found.reason) for found in results if found.status in wrong] == []
    passed = {found.title for found in results if found.status is Status.SUCCESS}
    assert len(results) > 40, passed


async def test_whoever_signs_in_while_being_switched_off_is_out_afterwards(tmp_path):
    async with scim(tmp_path) as made, made.directory() as upstream:
        identity = made.hub.parts.identity
        await made.hub.parts.directories.release("upstream", 60, made.hub.admin)
        opened_first = 0
        for n in range(12):
            alice = await upstream.add(f"alice{n}")
            async with asyncio.TaskGroup() as group:
                if n % 2:
                    off = group.create_task(upstream.switch(alice["id"], False))
                signs_in = [
                    group.create_task(identity.open_web(alice["id"], Proof(), "192.0.2.1")) for _ in range(1 + n % 5)
                ]
                if not n % 2:
                    off = group.create_task(upstream.switch(alice["id"], False))
            assert off.result().status_code == 200
            opened = [done.result() for done in signs_in if done.result() is not None]
            opened_first += bool(opened)
            assert (await upstream.switch(alice["id"], True)).status_code == 200
            for _, cookie in opened:  # and nothing of it comes back
                assert await identity.by_cookie(cookie.reveal()) is None
        assert opened_first  # in some rounds the sign-in came first, so it is a race


# -- a stolen token ---------------------------------------------------------------------------------


async def attempts(made: Scim, token: str, victim: str) -> list[tuple[str, int]]:
    """Everything by which somebody would make themselves at home; gives what got through."""
    grant = {"person": "mallory", "rooms": ["oslo"], "capabilities": ["observe"], "minutes": 60, "reason": "x"}
    asks = [
        (
            "POST",
            "/api/v1/people",
            {"name": "eve", "password": "four unrelated words here", "roles": ["administrator"]},
        ),
        ("POST", "/api/v1/people", {"name": "eve", "password": "four unrelated words here"}),
        ("POST", "/api/v1/service-accounts", {"name": "eve2", "roles": ["provisioner"]}),
        ("PATCH", "/api/v1/people/mallory", {"roles": ["administrator"]}),
        ("PATCH", "/api/v1/people/mallory", {"password": "four other words here"}),
        ("PATCH", "/api/v1/service-accounts/upstream", {"roles": ["administrator"]}),
        ("PATCH", f"/api/v1/people/{victim}", {"active": False}),
        ("DELETE", f"/api/v1/people/{victim}", None),
        ("POST", "/api/v1/tokens", {"person": "mallory", "minutes": 60}),
        ("POST", "/api/v1/tokens", {"person": "ada", "minutes": 60}),
        ("POST", "/api/v1/grants", grant),
        ("POST", "/api/v1/locks", {"person": "ada", "reason": "x"}),
        ("POST", "/api/v1/sites", {"name": "evil"}),
        ("POST", "/api/v1/directories/upstream/release", {"minutes": 60}),
        ("POST", "/api/v1/directories/upstream/people", {"person": victim}),
        ("GET", "/api/v1/people", None),
        ("GET", "/api/v1/directories", None),
        ("GET", f"/api/v1/people/{victim}", None),
        ("GET", "/api/v1/ledger", None),
        ("GET", "/api/v1/findings", None),
        ("GET", "/scim/v2/Users/" + victim, None),
        ("DELETE", "/scim/v2/Users/" + victim, None),
        ("DELETE", "/scim/v2/Users/" + made.hub.admin.person.id, None),
    ]
    async with made.client(token) as thief:
        root = BASE.removesuffix("/scim/v2")
        answers = [(f"{verb} {path}", await thief.request(verb, root + path, json=body)) for verb, path, body in asks]
    return [(what, answer.status_code) for what, answer in answers if answer.status_code < 400]


async def test_a_stolen_token_makes_nobody_an_administrator_and_reaches_nobody_elses_people(tmp_path):
    async with scim(tmp_path) as made, made.directory() as upstream, made.directory("other") as other:
        await made.hub.rooms("oslo")
        await upstream.add("mallory")
        victim = await other.add("victim")
        assert await attempts(made, upstream.token, victim["id"]) == []
        more = {"roles": [{"value": "administrator"}], "entitlements": ["administrator"], "managed_by": "x"}
        await upstream.add("eve", **more, **{"urn:roomgate": {"roles": ["administrator"]}})
        for operation in (
            {"op": "add", "path": "roles", "value": [{"value": "administrator"}]},
            {"op": "add", "value": {"roles": ["administrator"], "password": "four unrelated words here"}},
        ):
            await upstream.patch(f"/Users/{(await upstream.add(f'e{len(operation)}'))['id']}", operation)
        people = await made.hub.parts.identity.people(Kind.PERSON)
        assert {one.name for one in people if one.roles} == {"ada"}
        assert (await made.hub.parts.identity.get("victim")).active


async def test_a_stolen_token_does_not_shut_everybody_out(tmp_path):
    async with scim(tmp_path) as made, made.directory() as upstream:

        async def add(n: int) -> str:
            answer = await upstream.http.post("/Users", json={"schemas": [USER], "userName": f"p{n}"})
            return answer.json()["id"]

        async with asyncio.TaskGroup() as group:
            adding = [group.create_task(add(n)) for n in range(125)]
        made.hub.clock.advance(2 * 3600)
        answers = []
        for _ in range(4):
            async with asyncio.TaskGroup() as group:
                going = [group.create_task(upstream.http.delete(f"/Users/{one.result()}")) for one in adding]
            answers += [one.result() for one in going]
        assert len(answers) == 500
        assert Counter(one.status_code for one in answers) == {204: 12, 404: 36, 429: 452}
        refused(next(one for one in answers if one.status_code == 429), 429)
        [standing] = await made.hub.parts.directories.directories(made.hub.admin)
        assert (standing.people, standing.held) == (113, True)
        assert len(await made.hub.parts.findings.page()) == 1
