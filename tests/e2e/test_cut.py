"""Access ends, and what has to fall falls within a second, and nothing else: the causes that spare something.

The causes that end everything of a person or a room are in test_cut_matrix.py, under every condition.

The guest holds every kind of channel open, in other processes, and has started a call. Times are read in those
processes and in the device's journal, from the commit: that is, from the time in the revocation's own ledger
entry, which is taken just before. ``pytest -s`` shows the table of what was measured.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from roomgate.cli.demo import invitations
from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.people import Caller, Visitor
from roomgate.cli.demo.world import MUSEUM, password
from roomgate.clock import SystemClock, parse_iso
from roomgate.connector.local import ask_local
from support.channels import EVERY, Held, Machine, all_say, machine
from support.world import RunningWorld, Somebody, in_world

pytestmark = in_world("world-2")  # a second world, so that both workers have one

Measured = list[tuple[str, dict[str, float]]]
PROMISED_S = 1.0
CALL = "the call"
BY_TOKEN = tuple(name for name in EVERY if name != "page")
MAY = ("observe", "call", "web")


@pytest.fixture(scope="module")
def measured() -> Iterator[Measured]:
    """Milliseconds from cause to end, by cause and channel; shown at the end."""
    rows: Measured = []
    yield rows
    columns = [*EVERY, CALL]
    print("\n" + f"{'cut, in ms':<34}" + "".join(f"{name:>10}" for name in columns))
    for cause, ends in rows:
        shown = [f"{ends[name] * 1000:>10.0f}" if name in ends else f"{'-':>10}" for name in columns]
        print(f"{cause:<34}" + "".join(shown))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clients(world: RunningWorld) -> AsyncIterator[Machine]:
    async with machine(world.hub, world.ca) as running:
        yield running


@dataclass(slots=True)
class Scene:
    """A guest in a room, with everything open and a call that they started."""

    world: RunningWorld
    clients: Machine
    measured: Measured
    room: Inside
    guest: Somebody
    began: float = field(default_factory=time.monotonic)
    held: dict[str, Held] = field(default_factory=dict)

    @property
    def admin(self) -> Caller:
        return self.world.admin

    async def open(self, channels: Sequence[str] = EVERY) -> None:
        for name in channels:
            self.held[name] = self.clients.begin(
                name, self.room.name, self.guest.token, user=self.guest.name, password=self.guest.password
            )
        await all_say([self.held[name] for name in channels], "open", within_s=30)

    async def dial(self) -> None:
        """The guest dials, somebody in the room touches Yes."""
        calling = self.clients.begin("dial", self.room.name, self.guest.token)
        await self.room.say_yes()
        assert (await calling.says("open", within_s=20))["outcome"] == "done"
        await self.room.journal_says("call.connected", after=self.began)

    async def falls(
        self, cause: str, act: Callable[[], Awaitable[Any]], channels: Sequence[str] = EVERY, *, call: bool = True
    ) -> None:
        """Do it: these channels end, and the call; each in time; all others go on, and say so."""
        asked, began = SystemClock().now(), time.monotonic()
        await act()
        await self.fell(cause, await self._committed(asked), channels, call=call, began=began)

    async def _committed(self, asked: datetime) -> float:
        """When the first revocation since then was written, on the machine's monotonic clock."""
        page = await self.admin.call("GET", "/api/v1/ledger?kind=revocation&limit=20")
        times = [parse_iso(entry["event"]["at"]) for entry in page["items"]]
        first = min(at for at in times if at >= asked - timedelta(milliseconds=1))
        return time.monotonic() - (SystemClock().now() - first).total_seconds()

    async def fell(
        self, cause: str, at: float, channels: Sequence[str], *, call: bool = True, began: float | None = None
    ) -> None:
        """``at``: the commit; what the site ends by itself (call, tunnel) may end before that, since ``began``."""
        ends = await all_say([self.held[name] for name in channels], "closed", after=began or at, within_s=10)
        took = {name: line["at"] - at for name, line in ends.items()}
        if call:
            ended = await self.room.journal_says("call.ended", after=began or at)
            took[CALL] = ended["mono_ms"] / 1000 - at
            said = await self.room.shows(lambda state: state["alert"] and state["alert"]["text"])
            assert said.startswith("Access from outside ended: ")
        self.measured.append((cause, took))
        assert {name: seconds for name, seconds in took.items() if seconds > PROMISED_S} == {}
        await self.go_on(set(self.held) - set(channels))

    async def go_on(self, channels: set[str]) -> None:
        """They are still alive: each hears of what happens in the room now."""
        at = time.monotonic()
        await self.room.touch("mute")
        await all_say([self.held[name] for name in channels if name != "page"], "news", after=at)
        assert [name for name in channels if self.held[name].said("closed")] == []

    async def asks(self, wish: dict[str, Any] | None = None) -> int:
        """The status that a new ask gets, by the guest's token."""
        async with self.world.caller(self.guest.token) as caller:
            return (await caller.ask(self.room.name, wish or {"get": "Status/Audio/Volume"}))[0]

    async def sessions(self) -> list[dict[str, Any]]:
        page = await self.admin.call("GET", f"/api/v1/sessions?room={self.room.name}")
        return [one for one in page["items"] if one["person"] == self.guest.id]


@pytest_asyncio.fixture(loop_scope="session")
async def scene(world: RunningWorld, clients: Machine, measured: Measured) -> AsyncIterator[Scene]:
    async with world.room() as room:
        made = Scene(world, clients, measured, room, await world.guest(room.name, MAY, minutes=30))
        await made.open()
        await made.dial()
        yield made


# ---- the grant ------------------------------------------------------------------------------------


async def test_grant_narrowed_to_other_rooms(scene: Scene) -> None:
    async with scene.world.room() as other:
        both = {"person": scene.guest.id, "rooms": [scene.room.name, other.name], "capabilities": MAY}
        wide = await scene.admin.call("POST", "/api/v1/grants", both | {"minutes": 30, "reason": "two rooms"})
        # The first grant ends, and nothing falls but the page, which shows what grants give: the other covers it all.
        await scene.falls(
            "one of two grants revoked",
            lambda: scene.admin.call("DELETE", f"/api/v1/grants/{scene.guest.grant}"),
            ["page"],
            call=False,
        )
        await scene.open(["page"])
        await scene.falls(
            "grant narrowed to other rooms",
            lambda: scene.admin.call("PATCH", f"/api/v1/grants/{wide['id']}", {"rooms": [other.name]}),
        )
    assert await scene.asks() == 404


async def test_the_room_loses_the_tag_that_the_grant_goes_by(scene: Scene) -> None:
    tags = f"/api/v1/rooms/{scene.room.name}/tags"
    await scene.admin.call("PUT", tags, {"tags": ["boards"]})
    by_tag = {"person": scene.guest.id, "tags": ["boards"], "capabilities": MAY}
    await scene.admin.call("POST", "/api/v1/grants", by_tag | {"minutes": 30, "reason": "all board rooms"})
    await scene.falls(
        "grant revoked beside one by tag",
        lambda: scene.admin.call("DELETE", f"/api/v1/grants/{scene.guest.grant}"),
        ["page"],
        call=False,
    )
    await scene.open(["page"])
    await scene.falls("the room loses a tag", lambda: scene.admin.call("PUT", tags, {"tags": []}))
    assert await scene.asks() == 404


async def test_the_booking_that_the_grant_goes_by_is_over(world: RunningWorld, clients: Machine) -> None:
    async with world.room() as room:
        guest = await world.person()
        terms = {"person": guest.id, "rooms": [room.name], "capabilities": ["observe"], "only_booked": True}
        await world.admin.call("POST", "/api/v1/grants", terms | {"minutes": 30, "reason": "a visiting speaker"})
        async with world.caller(guest.token) as caller:

            async def asks(status: int) -> dict[str, Any]:
                async with asyncio.timeout(30):
                    while (answer := await caller.ask(room.name, {"get": "Status/Audio/Volume"}))[0] != status:
                        await asyncio.sleep(0.1)
                return dict(answer[1])

            assert (await asks(403))["rule"] == "not-booked"
            folder = world.folder / "calendar" / room.name
            text = invitations.sip(SystemClock().now() - timedelta(minutes=1))
            (folder / ".new").write_text(text, "utf-8", newline="")
            (folder / ".new").rename(folder / "speaker.ics")
            await asks(200)
            stream = clients.begin("events", room.name, guest.token, user=guest.name, password=guest.password)
            await all_say([stream], "open", within_s=30)
            (folder / "speaker.ics").unlink()
            await all_say([stream], "closed", within_s=30)
            assert (await asks(403))["rule"] == "not-booked"


async def test_grant_narrowed_to_looking_ends_the_call_and_lets_look(scene: Scene) -> None:
    del scene.held["rest"]  # an ask that is under way in that moment may be refused or not: both are right
    await scene.falls(
        "grant narrowed to observe",
        lambda: scene.admin.call("PATCH", f"/api/v1/grants/{scene.guest.grant}", {"capabilities": ["observe"]}),
        ["page", "tunnel"],
    )
    assert await scene.asks() == 200
    assert await scene.asks({"command": "Dial", "arguments": {"Number": "friend@example.com"}}) == 403


# ---- the person -----------------------------------------------------------------------------------


async def own_change(visitor: Visitor, who: Somebody, new: str) -> None:
    csrf = (await visitor.http.get("/api/v1/whoami")).json()["csrf"]
    answer = await visitor.http.patch(
        f"/api/v1/people/{who.id}", json={"password": new, "present": who.password}, headers={"X-CSRF-Token": csrf}
    )
    assert answer.status_code == httpx.codes.OK, answer.text


async def test_password_changed_by_the_person_spares_only_the_browser_that_did_it(scene: Scene) -> None:
    async with scene.world.visitor(scene.guest) as visitor:
        cookie = "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.items())
        own = await scene.clients.open("page", scene.room.name, cookie=cookie)
        await scene.falls("password changed by the person", lambda: own_change(visitor, scene.guest, password()))
        assert own.said("closed") is None
        assert (await visitor.http.get("/api/v1/whoami")).json()["id"] == scene.guest.id
    assert await scene.asks() == 401


async def test_role_changed_is_judged_anew_and_the_grant_still_covers_it(scene: Scene) -> None:
    await scene.falls(
        "role changed",
        lambda: scene.admin.call("PATCH", f"/api/v1/people/{scene.guest.id}", {"roles": ["auditor"]}),
        ["page"],
        call=False,
    )
    assert await scene.asks() == 200


# ---- who gave the grant ---------------------------------------------------------------------------


async def test_deleting_who_gave_the_grant_closes_the_socket_with_4403_and_the_grant_waits(
    world: RunningWorld, clients: Machine, measured: Measured
) -> None:
    async with world.room() as room:
        giver, guest = await world.person(roles=["administrator"]), await world.person()
        async with world.caller(giver.token) as giving:
            wish = {"person": guest.id, "rooms": [room.name], "capabilities": MAY, "minutes": 10}
            given = await giving.call("POST", "/api/v1/grants", wish | {"reason": "a favour"})
        scene = Scene(world, clients, measured, room, guest)
        await scene.open()
        await scene.dial()
        await scene.falls("giver deleted", lambda: world.admin.call("DELETE", f"/api/v1/people/{giver.id}"))
        assert (scene.held["jsxapi"].said("closed") or {})["last"] == "4403"
        assert await scene.asks() == 404
        shown = await world.admin.call("GET", f"/api/v1/grants/{given['id']}")
        assert shown["paused"], "until another administrator confirms it"
        await world.admin.call("POST", f"/api/v1/grants/{given['id']}/confirm", {})
        assert await scene.asks() == 200


# ---- the token and the sign-in --------------------------------------------------------------------


async def test_token_revoked_spares_what_was_opened_by_password(scene: Scene) -> None:
    await scene.falls(
        "token revoked", lambda: scene.admin.call("DELETE", f"/api/v1/tokens/{scene.guest.token_id}"), BY_TOKEN
    )
    assert await scene.asks() == 401


async def test_signed_out_ends_that_browsers_pages_and_no_token(scene: Scene) -> None:
    async with scene.world.visitor(scene.guest) as visitor:
        cookie = "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.items())
        other = scene.held["page"]
        scene.held["page"] = await scene.clients.open("page", scene.room.name, cookie=cookie)

        async def sign_out() -> None:
            csrf = (await visitor.http.get("/api/v1/whoami")).json()["csrf"]
            answer = await visitor.http.post("/signout", data={"csrf": csrf})
            assert answer.status_code == httpx.codes.SEE_OTHER

        await scene.falls("signed out", sign_out, ["page"], call=False)
        assert other.said("closed") is None


# ---- locks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["room", "connector"])
async def test_lock(scene: Scene, kind: str) -> None:
    world = scene.world.world
    subjects = {"room": scene.room.name, "connector": world.connectors["connector"]}
    made: list[dict[str, Any]] = []

    async def lock() -> None:
        made.append(await scene.admin.call("POST", "/api/v1/locks", {kind: subjects[kind], "reason": "a test"}))

    await scene.falls(f"lock on the {kind}", lock)
    assert await scene.asks() in (401, 403, 404)
    await scene.admin.call("DELETE", f"/api/v1/locks/{made[0]['id']}")
    at = time.monotonic()
    await scene.room.touch("mute")
    # What fell stays fallen.
    assert [name for name, held in scene.held.items() if held.said("news", after=at)] == []
    if kind == "connector":
        async with scene.world.caller(scene.guest.token) as caller:
            await scene.world.answers(caller, scene.room.name)  # its link ended too, and is dialled anew
    assert await scene.asks() == 200


async def test_lock_on_a_session_ends_that_one_and_its_call(scene: Scene) -> None:
    del scene.held["rest"]  # its asks and the call are one session
    calling: list[str] = []
    async with asyncio.timeout(10):
        while not calling:  # the connector's next heartbeat tells what lasts
            calling = [one["id"] for one in await scene.sessions() if one["effects"]]
    assert len(calling) == 1
    lock = {"session": calling[0], "reason": "a test"}
    await scene.falls("lock on the session", lambda: scene.admin.call("POST", "/api/v1/locks", lock), [])


# ---- rooms, sessions, connectors ------------------------------------------------------------------


# ---- at the site ----------------------------------------------------------------------------------


SECOND = "second"
NOTICED_S = 3.0  # a changed file, until the last channel fell


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def second(world: RunningWorld) -> AsyncIterator[Inside]:
    """The room of a second connector, in a site of its own, so that the others may stay."""
    room = world.world.inside[MUSEUM]
    await room.change_password(room.user, room.password)  # another file's test, in the same world, may have changed it
    await world.world.start_connector(SECOND, SECOND, [MUSEUM])
    try:
        yield world.world.inside[MUSEUM]
    finally:
        await world.world.programs.stop(SECOND)


@pytest_asyncio.fixture(loop_scope="session")
async def beside(second: Inside, world: RunningWorld, clients: Machine, measured: Measured) -> AsyncIterator[Scene]:
    """Everything open at the second site, and one stream at the first."""
    await world.fine([MUSEUM])
    async with world.room() as room:
        scene = Scene(world, clients, measured, second, await world.guest(MUSEUM, MAY))
        await scene.open()
        await scene.dial()
        elsewhere = Scene(world, clients, measured, room, await world.guest(room.name))
        await elsewhere.open(["events"])
        yield scene
        await elsewhere.go_on({"events"})  # what one site ends is nothing to another


AT_SITE = [name for name in EVERY if name != "rest"]  # a person with a grant may ask anew


async def test_the_site_cuts_all(beside: Scene) -> None:
    del beside.held["rest"]
    config = str(beside.world.folder / f"{SECOND}.toml")

    async def cut_all() -> None:
        words = "connector", "cut-all", "--config", config, "--reason", "board meeting", "--json"
        code, out, err = await beside.world.cli(*words)
        assert code == 0, err
        assert len(json.loads(out)["undone"]) == 2  # the call, and the tunnel is shut

    await beside.falls("cut-all at the site", cut_all, AT_SITE)
    assert await beside.asks() == 200


async def test_the_sites_policy_changed(beside: Scene) -> None:
    del beside.held["rest"]
    policy = beside.world.folder / f"{SECOND}-policy.toml"
    began = time.monotonic()

    async def change() -> None:
        policy.write_text(policy.read_text() + "commands_per_minute = 59\n")
        await all_say([beside.held["events"]], "closed", after=began, within_s=NOTICED_S)

    await beside.falls("the site's policy changed", change, AT_SITE)
    assert time.monotonic() - began < NOTICED_S + 1
    assert await beside.asks() == 200


async def test_a_policy_that_now_forbids_it_lets_nobody_dial_again(beside: Scene) -> None:
    del beside.held["rest"]  # the new policy lets people look
    policy = beside.world.folder / f"{SECOND}-policy.toml"
    allowed, before = policy.read_text(), await digest(beside)
    began = time.monotonic()

    async def change() -> None:
        policy.write_text(allowed.replace('cedar = "site.cedar"', 'cedar = "meetings-only"'))
        await all_say([beside.held["events"]], "closed", after=began, within_s=NOTICED_S)

    try:
        await beside.falls("a policy that forbids it", change, AT_SITE)
        assert await beside.asks() == 200
        assert await beside.asks({"command": "Dial", "arguments": {"Number": "friend@example.com"}}) == 403
    finally:
        policy.write_text(allowed)
        async with asyncio.timeout(NOTICED_S):
            while await digest(beside) != before:
                await asyncio.sleep(0.05)


async def digest(scene: Scene) -> str:
    """Of the policy that the second site's connector goes by now."""
    status = await ask_local(scene.world.folder / SECOND / "connector.sock", {"do": "status"})
    return str(status["policy"]["digest"])


async def test_connector_disabled(beside: Scene) -> None:
    id = beside.world.world.connectors[SECOND]
    await beside.falls("connector disabled", lambda: beside.admin.call("POST", f"/api/v1/connectors/{id}/disable"))
    assert await beside.asks() == 404
