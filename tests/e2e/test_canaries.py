"""What must never be where: the devices' passwords at the hub, people's passwords and tokens at the site.

The passwords of this world's devices and people are random, so each is a canary of its own. Everything that
could carry one is used first; then files, logs, answers and the memory of the processes are searched.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest_asyncio

from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.people import Visitor, app_code
from roomgate.cli.demo.world import password
from roomgate.ids import mint
from support.channels import EVERY, machine
from support.traces import Names, forms, in_folder, in_memory
from support.world import RunningWorld, Somebody, in_world

pytestmark = in_world()


@dataclass(frozen=True, slots=True)
class Canaries:
    devices: Names
    people: Names
    who: Somebody
    room: Inside


def of_devices(rooms: list[Inside]) -> Names:
    found = {}
    for room in rooms:
        found[f"{room.name}, daily"] = forms(room.password, room.user)
        found[f"{room.name}, privileged"] = forms(room.privileged_password, room.privileged_user)
        found[f"{room.name}, owner"] = forms(room.admin_password, room.admin_user)
    return Names(found)


async def use_everything(world: RunningWorld, who: Somebody, room: Inside) -> None:
    """Reads, commands, a refused one, one that needs the privileged account, a dial, every channel, every sign-in."""
    async with world.caller(who.token) as caller:
        for wish in (
            {"get": "Status"},
            {"get": "Configuration"},
            {"command": "Audio/Volume/Set", "arguments": {"Level": 40}},
            {"command": "UserManagement/User/Get", "arguments": {"Username": room.user}},
            {"command": "Bookings/List"},
            {"command": "Nothing/Of/The/Kind"},
        ):
            await caller.ask(room.name, wish)
        dialling = asyncio.create_task(
            caller.ask(room.name, {"command": "Dial", "arguments": {"Number": "friend@example.com"}}, wait_s=20)
        )
        await room.say_yes()
        assert (await dialling)[1]["outcome"] == "done"
        await caller.ask(room.name, {"command": "Call/Disconnect"})
        # An answer that carries a secret, kept so that it can be given twice.
        key = {"Idempotency-Key": mint("key")}
        first = await caller.http.post("/api/v1/tokens", json={"minutes": 5}, headers=key)
        again = await caller.http.post("/api/v1/tokens", json={"minutes": 5}, headers=key)
        assert first.json()["token"] == again.json()["token"]
    async with machine(world.hub, world.ca) as clients:
        for channel in EVERY:
            await clients.open(channel, room.name, who.token, user=who.name, password=who.password)
    trust = ssl.create_default_context(cafile=world.ca)
    async with httpx.AsyncClient(base_url=world.hub, verify=trust) as stranger:
        wrong = await stranger.post("/signin", data={"user": who.name, "password": who.password + "?"})
        assert wrong.status_code == httpx.codes.UNAUTHORIZED


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def canaries(world: RunningWorld) -> AsyncIterator[Canaries]:
    async with world.room() as room:
        who = await world.guest(
            room.name, ["observe", "call", "av-control", "configure", "users", "bookings", "system", "web"]
        )
        await use_everything(world, who, room)
        # A new password, so that a change has been through the hub as well.
        new = password()
        await world.admin.call("PATCH", f"/api/v1/people/{who.id}", {"password": new})
        admin = world.world.admin
        invited = await world.admin.call("POST", "/api/v1/invitations", {"name": f"{who.name}-invited"})
        people = {
            "the first password": forms(who.password, who.name),
            "the second password": forms(new, who.name),
            "the token": forms(who.token, room.name),
            "the administrator's password": forms(admin["password"], admin["user"]),
            "the administrator's token": forms(admin["token"]),
            "the administrator's app": forms(admin["totp"]),
            "a recovery code": forms(admin["recovery"][0]),
            "an invitation": forms(invited["code"]),
        }
        async with world.visitor(Somebody(who.id, who.name, new, "", "")) as visitor:
            people["the cookie"] = forms(visitor.http.cookies["__Host-roomgate"])
        yield Canaries(of_devices(list(world.world.inside.values())), Names(people), who, room)


async def test_the_search_finds_what_is_there(world: RunningWorld, canaries: Canaries) -> None:
    """Else the other tests here would say nothing."""
    room = canaries.room
    at_site = in_memory(world.pid("connector"), of_devices([room]))
    assert f"{room.name}, daily" in at_site
    assert "the hub's name" in in_memory(world.pid("hub"), Names({"the hub's name": forms(world.hub)}))
    assert in_folder(world.data("sim") / room.name, of_devices([room]))["accounts.json"]
    assert "room" in set().union(*in_folder(world.data("hub"), Names({"room": forms(room.name)})).values())


async def test_no_device_password_in_the_hubs_folder_or_logs(world: RunningWorld, canaries: Canaries) -> None:
    assert in_folder(world.data("hub"), canaries.devices) == {}
    assert in_folder(world.folder / "logs", canaries.devices) == {}


async def test_no_device_password_in_the_hubs_memory(world: RunningWorld, canaries: Canaries) -> None:
    assert in_memory(world.pid("hub"), canaries.devices) == set()


async def test_no_device_password_in_the_witness(world: RunningWorld, canaries: Canaries) -> None:
    assert in_folder(world.data("witness"), canaries.devices | canaries.people) == {}


async def test_device_passwords_are_sealed_at_the_site(world: RunningWorld, canaries: Canaries) -> None:
    """In the connector's folder, which has to open them, they are not to be read."""
    assert in_folder(world.data("connector"), canaries.devices) == {}


async def test_peoples_secrets_are_not_in_the_hubs_folder_or_logs(world: RunningWorld, canaries: Canaries) -> None:
    assert in_folder(world.data("hub"), canaries.people) == {}
    assert in_folder(world.folder / "logs", canaries.people) == {}


async def test_peoples_secrets_never_reach_the_site(world: RunningWorld, canaries: Canaries) -> None:
    assert in_folder(world.data("connector"), canaries.people) == {}
    assert in_memory(world.pid("connector"), canaries.people) == set()


async def test_no_answer_and_no_page_shows_one(world: RunningWorld, canaries: Canaries) -> None:
    """Everything that an administrator can read, and what is said of requests that cannot be."""
    every = canaries.devices | canaries.people
    room = canaries.room.name
    async with world.caller(world.world.admin["token"]) as admin:
        await world.grant(world.world.admin["id"], room, ["observe", "call", "users", "security", "network", "system"])
        described = (await admin.http.get("/openapi.json")).json()["paths"]
        for path, verbs in described.items():
            if "get" in verbs and not path.endswith("/events"):
                answer = await admin.http.get(re.sub(r"\{[^}]*\}", room, path))
                assert every.within(answer.content) == set(), path
        for wish in ({"get": "Status"}, {"get": "Configuration"}, {"command": "UserManagement/User/List"}):
            answer = await admin.http.post(f"/api/v1/rooms/{room}/asks", json=wish)
            assert every.within(answer.content) == set(), wish
        for broken in bad_requests(room):
            answer = await admin.http.request(**broken)
            assert answer.is_client_error, answer.text
            assert every.within(answer.content) == set(), broken
    one = world.world.admin
    visitor = await Visitor.sign_in(world.hub, world.ca, one["user"], one["password"], app_code(one["totp"]))
    try:
        for page in ("/rooms", f"/rooms/{room}", "/access", "/settings", "/rooms.json", "/rooms/nowhere", "/nothing"):
            answer = await visitor.http.get(page)
            assert every.within(answer.content) == set(), page
    finally:
        await visitor.close()


def bad_requests(room: str) -> list[dict[str, Any]]:
    asks = f"/api/v1/rooms/{room}/asks"
    return [
        {"method": "POST", "url": asks, "content": b"{"},
        {"method": "POST", "url": asks, "json": {"command": "Dial", "arguments": {"Number": ["x"]}}},
        {"method": "POST", "url": asks, "json": {"get": "Status/../../etc"}},
        {"method": "POST", "url": asks, "json": {"set": "Configuration/SystemUnit/Name"}},
        {"method": "GET", "url": f"/api/v1/rooms/{room}/events?path=Nothing"},
        {"method": "PATCH", "url": "/api/v1/people/nobody", "json": {"password": "x"}},
        {"method": "POST", "url": "/api/v1/grants", "json": {"person": "nobody"}},
        {"method": "GET", "url": "/api/v1/ledger?cursor=x"},
    ]
