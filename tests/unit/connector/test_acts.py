import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from roomgate.access.offered import offered
from roomgate.clock import HandClock
from roomgate.connector import effects as effects_module
from roomgate.connector import unproven as unproven_module
from roomgate.connector.acts import Acts
from roomgate.connector.consent import Panel, Question
from roomgate.connector.effects import Effects
from roomgate.connector.fence import Fence
from roomgate.connector.own import OwnCommands, judge_beforehand
from roomgate.connector.room import RoomCondition
from roomgate.connector.site_policy import SitePolicy, SiteRules
from roomgate.connector.unproven import Unproven
from roomgate.ids import mint
from roomgate.link.messages import Outcome
from roomgate.link.order import JUDGE_WITHIN_S, LeaseBook, Order, Renewal
from roomgate.storage import record as record_module
from roomgate.storage.database import Database, StorageFailed
from roomgate.storage.record import Record
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import CommandFailed, DeviceGone, DeviceUnreachable, PermissionDenied, XapiError
from roomgate.xapi.path import Path
from support.rooms import MemoryRoom
from support.waiting import until

CATALOGUE = offered()
LINK = b"n" * 16


@dataclass
class Wires:
    """What would go up the link."""

    outcomes: list[Outcome] = field(default_factory=list)
    sent: list[Any] = field(default_factory=list)

    def outcome(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def send(self, message: Any) -> None:
        self.sent.append(message)

    def last(self, order: Order) -> Outcome | None:
        return next((o for o in reversed(self.outcomes) if o.order == order.id and o.outcome != "waiting"), None)


class Booked:
    numbers: frozenset[str] = frozenset()

    def booked(self, room: str, call: Call) -> bool:
        return call.argument("Number") in self.numbers


@dataclass
class Site:
    acts: Acts
    room: MemoryRoom
    wires: Wires
    clock: HandClock
    leases: LeaseBook
    record: Record
    bookings: Booked
    file: File
    db: Database
    policies: list[SitePolicy]
    _sequence: int = 0

    def use(self, policy: str, **rules: Any) -> None:
        """The site changes its policy."""
        self.policies[:] = [SitePolicy.build(SiteRules(name=policy, **rules), SitePolicy.shipped_text(policy))]

    def lease(self, *sessions: str) -> None:
        self._sequence += 1
        self.leases.beat(self._sequence, self.clock.monotonic())
        self.leases.renew(Renewal(LINK, self._sequence, self._sequence, list(sessions) or ["ses_1"]))

    def order(
        self,
        verb: Verb,
        path: str,
        *,
        session: str = "ses_1",
        held: list[str] | None = None,
        body: str | None = None,
        **arguments: object,
    ) -> Order:
        call = CATALOGUE.canonical(verb, path, {k.replace("_", "."): v for k, v in arguments.items()}, body)
        return Order(
            id=mint("ord"), link=LINK, sequence=0, session=session, site="site_1", connector="con_1", room="oslo",
            device="dev_oslo", verb=call.verb.value, path=list(call.path.parts),
            arguments=[(n, list(v) if isinstance(v, tuple) else v) for n, v in call.arguments], body=call.body,
            digest=call.digest(), principal="per_1", principal_name="Ada", principal_kind="person", grant="grant_1",
            reason="weekly call", held=held or ["observe"],
        )  # fmt: skip

    async def do(self, order: Order) -> Outcome:
        await self.acts.order(order, self.clock.monotonic())
        await until(lambda: self.wires.last(order))
        found = self.wires.last(order)
        assert found
        return found

    async def kinds(self) -> list[str]:
        await self.record.checkpoint()  # a write: what waits for the next commit is committed with it
        return [entry.event.kind for entry in await self.record.entries(0, 100)]


Opened = Callable[..., Any]


@pytest.fixture
def site(tmp_path: File) -> Opened:
    @asynccontextmanager
    async def opened(policy: str = "service-desk") -> AsyncIterator[Site]:
        db = Database.open(tmp_path / "connector.db", record_module.metadata, again_s=3600)
        await db.write(effects_module.metadata.create_all)
        await db.write(unproven_module.metadata.create_all)
        record = Record(db, "roomgate.connector/con_1", Ed25519PrivateKey.generate())
        room, wires, clock, leases, booked = MemoryRoom(), Wires(), HandClock(), LeaseBook(LINK), Booked()

        class One:
            def by_device(self, device: str) -> MemoryRoom | None:
                return room if device == room.device else None

        policies: list[SitePolicy] = []
        acts = Acts(
            "site_1", One(), lambda: policies[0], booked, record, await Effects.open(db), Panel(CATALOGUE), CATALOGUE, clock,
            wires, leases, OwnCommands({"Allowed Get": judge_beforehand}),
            Fence(record, clock, CATALOGUE, await Unproven.open(db), within_s=0.05, settle_s=0.0, again_s=0.01),
            follow_again_s=0.01,
        )  # fmt: skip
        made = Site(acts, room, wires, clock, leases, record, booked, tmp_path / "connector.db", db, policies)
        made.use(policy)
        made.lease()
        async with asyncio.TaskGroup() as group:
            running = group.create_task(acts.run())
            await until(lambda: acts.ready)
            try:
                yield made
            finally:
                running.cancel()
        await db.aclose()

    return opened


@pytest.mark.asyncio
async def test_a_dial_waits_for_the_rooms_yes_and_dials_once(site: Opened) -> None:
    async with site() as s:
        order = s.order(Verb.COMMAND, "Command/Dial", Number="a@example.com")
        await s.acts.order(order, s.clock.monotonic())
        await until(lambda: s.room.prompts)
        assert not s.room.done("Dial")
        text = str(s.room.prompts[0].argument("Text"))
        assert "Ada" in text
        assert "a@example.com" in text
        assert "weekly call" in text
        s.room.press(1)
        await until(lambda: s.wires.last(order))
        assert s.wires.last(order).outcome == "done"
        assert len(s.room.done("Dial")) == 1
        assert {"consent.asked", "consent.answered", "order.about"} <= set(await s.kinds())


@pytest.mark.asyncio
async def test_a_service_account_asks_the_room_like_anybody(site: Opened) -> None:
    async with site() as s:
        s.room.answer = 2
        order = s.order(Verb.COMMAND, "Command/Dial", Number="a@example.com")
        outcome = await s.do(msgspec.structs.replace(order, principal_kind="service"))
        assert (outcome.rule, len(s.room.prompts), s.room.done("Dial")) == ("consent.no", 1, [])


@pytest.mark.asyncio
async def test_no_is_no(site: Opened) -> None:
    async with site() as s:
        s.room.answer = 2
        outcome = await s.do(s.order(Verb.COMMAND, "Command/Dial", Number="a@example.com"))
        assert (outcome.outcome, outcome.rule) == ("refused", "consent.no")
        assert not s.room.done("Dial")


@pytest.mark.asyncio
async def test_silence_is_no(site: Opened) -> None:
    async with site() as s:
        assert (
            await s.acts.panel.ask(s.room, Question("Ada", "call a@example.com", "why"), wait_s=0.01)
        ).value == "silence"


@pytest.mark.asyncio
async def test_a_cut_while_the_room_is_being_asked_stops_the_ask(site: Opened) -> None:
    async with site() as s:
        order = s.order(Verb.COMMAND, "Command/Dial", Number="a@example.com")
        await s.acts.order(order, s.clock.monotonic())
        await until(lambda: s.room.prompts)
        await s.acts.end(["ses_1"], "grant.revoked", "The grant was revoked.")
        assert s.wires.last(order).rule == "session.cut"  # before anybody in the room answers
        await until(lambda: s.room.cleared)
        s.room.press(1)
        assert not s.room.done("Dial")
        assert not s.room.heard("Event/UserInterface/Message/Prompt")


@pytest.mark.asyncio
async def test_what_the_site_forbids_while_the_room_thinks_is_not_done(site: Opened) -> None:
    async with site() as s:
        order = s.order(Verb.COMMAND, "Command/Dial", Number="a@example.com")
        await s.acts.order(order, s.clock.monotonic())
        await until(lambda: s.room.prompts)
        s.use("meetings-only")
        s.room.press(1)
        await until(lambda: s.wires.last(order))
        assert s.wires.last(order).rule == "policy"
        assert not s.room.done("Dial")


@pytest.mark.asyncio
async def test_a_panel_that_cannot_be_asked_has_not_said_yes(site: Opened) -> None:
    async with site() as s:
        s.room.broken_panel = DeviceUnreachable("The device is not connected.")
        outcome = await s.do(s.order(Verb.COMMAND, "Command/Dial", Number="a@example.com"))
        assert (outcome.outcome, outcome.rule) == ("refused", "consent.unasked")
        assert not s.room.done("Dial")


@pytest.mark.asyncio
async def test_a_subscription_hears_its_leaves_until_the_cut(site: Opened) -> None:
    async with site() as s:
        order = s.order(Verb.SUBSCRIBE, "Status/Call")
        assert (await s.do(order)).outcome == "done"
        s.room.feedback("status", {"Status": {"Call": [{"id": 7, "RemoteNumber": "sip:x@y", "Status": "Idle"}]}})
        assert [(one.order, one.document) for one in s.wires.sent] == [
            (order.id, {"Status": {"Call": [{"id": 7, "Status": status}]}}) for status in ("Connected", "Idle")
        ]
        await s.acts.end(["ses_1"], "lock", "Locked.")
        assert not s.room.heard("Status/Call")
        s.room.feedback("status", {"Status": {"Call": [{"id": 7, "Status": "Dialling"}]}})
        assert len(s.wires.sent) == 2


@pytest.mark.asyncio
async def test_a_subscription_that_nobody_wants_any_more_is_let_go(site: Opened) -> None:
    async with site() as s:
        order = s.order(Verb.SUBSCRIBE, "Status/Audio/Volume")
        await s.do(order)
        await s.acts.unsubscribe(order.id)
        assert not s.room.heard("Status/Audio/Volume")


@pytest.mark.asyncio
async def test_a_pattern_carries_only_permitted_leaves(site: Opened) -> None:
    async with site() as s:
        call = {"id": 7, "Status": "Connected", "RemoteNumber": "sip:secret@example.com"}
        s.room.document = {"Status": {"Call": [call]}}
        for held, left in ((["observe", "call"], call), (["observe"], {"id": 7, "Status": "Connected"})):
            outcome = await s.do(s.order(Verb.GET, "Status/Call/*", held=held))
            assert outcome.result == {"Status": {"Call": [left]}}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (Call(Verb.COMMAND, Path.of("Command", "Nothing")), "unknown"),
        (Call(Verb.COMMAND, Path.of("Command", "Audio", "Volume", "Set"), (("Level", 900),)), "unknown"),
        (Call(Verb.COMMAND, Path.of("Command", "AUDIO", "Volume", "Set"), (("Level", 10),)), "order.form"),
        (Call(Verb.COMMAND, Path.of("Command", "Audio", "Volume", "Set"), (("Level", "10"),)), "order.form"),
        (Call(Verb.COMMAND, Path.of("Command", "UserInterface", "Message", "Prompt", "Clear")), "never"),
    ],
)
async def test_a_call_that_is_unknown_or_spelt_otherwise_reaches_no_device(site: Opened, call: Call, rule: str) -> None:
    async with site() as s:
        order = msgspec.structs.replace(
            s.order(Verb.COMMAND, "Command/Audio/Volume/Set", Level=10), path=list(call.path.parts),
            arguments=list(call.arguments), digest=call.digest(),
        )  # fmt: skip
        outcome = await s.do(order)
        assert (outcome.outcome, outcome.rule) == ("refused", rule)
        assert not s.room.calls


@pytest.mark.asyncio
async def test_a_room_takes_only_so_many_commands_a_minute(site: Opened) -> None:
    async with site() as s:
        s.use("service-desk", commands_per_minute=2)
        outcomes = [
            await s.do(s.order(Verb.COMMAND, "Command/Audio/Volume/Set", Level=level)) for level in (10, 20, 30)
        ]
        assert [outcome.rule for outcome in outcomes] == ["", "", "cap"]
        assert len(s.room.calls) == 2


@pytest.mark.asyncio
async def test_a_lease_that_lapses_while_the_room_thinks_refuses_the_yes(site: Opened) -> None:
    async with site() as s:
        order = s.order(Verb.COMMAND, "Command/Dial", Number="a@example.com")
        await s.acts.order(order, s.clock.monotonic())
        await until(lambda: s.room.prompts)
        s.clock.advance(16)
        s.room.press(1)
        await until(lambda: s.wires.last(order))
        assert s.wires.last(order).rule == "session.lease"
        assert not s.room.done("Dial")


@pytest.mark.asyncio
async def test_a_booked_meeting_is_joined_with_a_notice_and_without_a_question(site: Opened) -> None:
    async with site("meetings-only") as s:
        s.bookings.numbers = frozenset({"a@example.com"})
        outcome = await s.do(s.order(Verb.COMMAND, "Command/Dial", Number="a@example.com"))
        assert outcome.outcome == "done"
        await until(lambda: s.room.prompts)
        assert s.room.prompts[0].argument("Option.1") == "Keep"


@pytest.mark.asyncio
async def test_a_cut_hangs_up_what_the_session_started(site: Opened) -> None:
    async with site() as s:
        order = s.order(Verb.COMMAND, "Command/Dial", Number="a@example.com")
        await s.acts.order(order, s.clock.monotonic())
        await until(lambda: s.room.prompts)
        s.room.press(1)
        await until(lambda: s.wires.last(order))
        undone = await s.acts.end(["ses_1"], "lock", "Locked.")
        assert undone == ["call 7: undone"]
        assert len(s.room.done("Call Disconnect")) == 1
        assert not s.acts.effects.all()


@pytest.mark.asyncio
async def test_a_room_is_occupied_while_a_lease_or_an_effect_lives_in_it(site: Opened) -> None:
    async with site() as s:
        assert s.acts.occupied() == set()
        order = s.order(Verb.COMMAND, "Command/Dial", Number="a@example.com")
        await s.acts.order(order, s.clock.monotonic())
        assert s.acts.occupied() == {"dev_oslo"}
        await until(lambda: s.room.prompts)
        s.room.press(1)
        await until(lambda: s.wires.last(order))
        s.clock.advance(60)  # the lease has lapsed; the call goes on
        assert s.acts.occupied() == {"dev_oslo"}
        await s.acts.end(["ses_1"], "lock", "Locked.")
        assert s.acts.occupied() == set()


@pytest.mark.asyncio
async def test_keep_makes_the_call_the_rooms_own(site: Opened) -> None:
    async with site() as s:
        order = s.order(Verb.COMMAND, "Command/Dial", Number="a@example.com")
        await s.acts.order(order, s.clock.monotonic())
        await until(lambda: s.room.prompts)
        s.room.press(1)
        await until(lambda: len(s.room.prompts) == 2)
        s.room.press(1)
        await until(lambda: s.wires.sent)
        assert await s.acts.end(["ses_1"], "lock", "Locked.") == []
        assert not s.room.done("Call Disconnect")
        assert "effect.kept" in await s.kinds()


async def move_camera(s: Site, session: str = "ses_1") -> Outcome:
    """Somebody outside asks for a preset, and somebody in the room says yes."""
    order, before = (
        s.order(Verb.COMMAND, "Command/Camera/Preset/Activate", session=session, PresetId=3),
        len(s.room.prompts),
    )
    await s.acts.order(order, s.clock.monotonic())
    await until(lambda: any("preset 3" in str(p.argument("Text")) for p in s.room.prompts[before:]))
    s.room.press(1)
    await until(lambda: s.wires.last(order))
    found = s.wires.last(order)
    assert found
    return found


def looks(s: Site, pan: int) -> None:
    s.room.document["Status"]["Cameras"] = {"Camera": [{"id": 1, "Position": {"Pan": pan, "Tilt": 1, "Zoom": 2}}]}


def turned(s: Site) -> list[Any]:
    return [call.argument("Pan") for call in s.room.done("Camera PositionSet")]


@pytest.mark.asyncio
async def test_a_cut_turns_the_camera_back_to_where_it_looked_before_all_moves(site: Opened) -> None:
    async with site() as s:
        looks(s, 10)
        assert (await move_camera(s)).outcome == "done"
        looks(s, 20)
        await move_camera(s)
        assert await s.acts.end(["ses_1"], "lock", "Locked.") == ["camera: undone"]
        assert turned(s) == [10]
        assert not s.acts.effects.all()


@pytest.mark.asyncio
async def test_whoever_moved_the_camera_last_answers_for_it(site: Opened) -> None:
    async with site() as s:
        s.lease("ses_1", "ses_2")
        looks(s, 10)
        await move_camera(s)
        looks(s, 20)
        await move_camera(s, "ses_2")
        assert await s.acts.end(["ses_1"], "lock", "Locked.") == []
        assert turned(s) == []
        assert await s.acts.end(["ses_2"], "lock", "Locked.") == ["camera: undone"]
        assert turned(s) == [10]


@pytest.mark.asyncio
async def test_a_camera_that_does_not_tell_where_it_looks_is_moved_and_left(site: Opened) -> None:
    async with site() as s:
        assert (await move_camera(s)).outcome == "done"
        assert await s.acts.end(["ses_1"], "lock", "Locked.") == []
        assert turned(s) == []


@pytest.mark.asyncio
async def test_a_call_that_was_cut_while_it_was_made_is_undone(site: Opened) -> None:
    async with site() as s:
        s.bookings.numbers = frozenset({"a@example.com"})
        s.room.before = lambda call: s.leases.cut("ses_1") if call.path.words == ("Dial",) else None
        await s.do(s.order(Verb.COMMAND, "Command/Dial", Number="a@example.com"))
        assert len(s.room.done("Dial")) == len(s.room.done("Call Disconnect")) == 1


@pytest.mark.asyncio
async def test_a_lost_device_is_unknown_and_never_tried_again(site: Opened) -> None:
    async with site() as s:
        tried: list[Call] = []
        s.room.before, s.room.failure = tried.append, DeviceGone("the link ended")
        outcome = await s.do(s.order(Verb.COMMAND, "Command/Audio/Volume/Set", Level=10))
        assert (outcome.outcome, len(tried)) == ("unknown", 1)


@pytest.mark.parametrize(
    ("failure", "rule"),
    [
        (DeviceUnreachable("The device is not connected."), "unreachable"),
        (PermissionDenied("no"), "device.denied"),
        (CommandFailed("no"), "xapi.failed"),
    ],
)
@pytest.mark.asyncio
async def test_a_failure_has_the_links_own_word(site: Opened, failure: XapiError, rule: str) -> None:
    async with site() as s:
        s.room.failure = failure
        outcome = await s.do(s.order(Verb.COMMAND, "Command/Audio/Volume/Set", Level=10))
        assert (outcome.outcome, outcome.rule) == ("failed", rule)


@pytest.mark.asyncio
async def test_only_permitted_leaves_leave_the_site(site: Opened) -> None:
    async with site() as s:
        without = await s.do(s.order(Verb.GET, "Status/Call", held=["observe"]))
        assert without.result == [{"id": 7, "Status": "Connected"}]
        beyond = await s.do(s.order(Verb.GET, "Status/Call", held=["observe", "call", "security"]))
        assert beyond.result == [{"id": 7, "RemoteNumber": "sip:secret@example.com", "Status": "Connected"}]
    async with site("meetings-only") as s:
        lied = await s.do(s.order(Verb.GET, "Status/Call", held=["observe", "call"]))
        assert lied.result == [{"id": 7, "Status": "Connected"}]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"digest": "0" * 64}, "order.digest"),
        ({"room": "lima"}, "order.room"),
        ({"device": "dev_x"}, "order.room"),
        ({"site": "site_2"}, "order.site"),
        ({"path": ["Command", "Nothing"]}, "order.digest"),
    ],
)
async def test_an_order_that_is_not_exactly_right_is_refused(site: Opened, change: dict[str, Any], rule: str) -> None:
    async with site() as s:
        order = msgspec.structs.replace(s.order(Verb.COMMAND, "Command/Audio/Volume/Set", Level=10), **change)
        outcome = await s.do(order)
        assert (outcome.outcome, outcome.rule) == ("refused", rule)
        assert not s.room.calls
        assert "order.refused" in await s.kinds()


@pytest.mark.asyncio
async def test_an_order_that_waited_too_long_is_dropped(site: Opened) -> None:
    async with site() as s:
        order = s.order(Verb.COMMAND, "Command/Audio/Volume/Set", Level=10)
        await s.acts.order(order, s.clock.monotonic() - JUDGE_WITHIN_S - 0.1)
        await until(lambda: s.wires.last(order))
        assert s.wires.last(order).rule == "order.late"


@pytest.mark.asyncio
async def test_a_quarantined_room_is_not_spoken_to(site: Opened) -> None:
    async with site() as s:
        s.room.condition = RoomCondition.QUARANTINED
        outcome = await s.do(s.order(Verb.COMMAND, "Command/Call/Disconnect"))
        assert outcome.rule == "room.quarantined"
        assert not s.room.calls


@pytest.mark.asyncio
async def test_about_to_do_is_durable_before_the_device_is_called(site: Opened) -> None:
    async with site() as s:
        seen: list[int] = []

        def look(_: Call) -> None:
            with sqlite3.connect(s.file) as other:
                seen.append(*other.execute("SELECT count(*) FROM record_entries WHERE kind = 'order.about'").fetchone())
            other.close()

        s.room.before = look
        await s.do(s.order(Verb.COMMAND, "Command/Audio/Volume/Set", Level=10))
        assert seen == [1]


# ---- a disk that cannot be written -------------------------------------------------------------------


def fill(conn: Connection) -> None:
    """As a full disk does it: whatever is in the same commit fails, and nothing is accepted after it."""
    pages = conn.exec_driver_sql("PRAGMA page_count").scalar()
    conn.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    conn.exec_driver_sql("CREATE TABLE big AS SELECT zeroblob(100000) AS filling")


@pytest.mark.parametrize(
    ("verb", "path", "arguments"),
    [(Verb.COMMAND, "Command/Audio/Volume/Set", {"Level": 30}), (Verb.GET, "Status/Audio/Volume", {})],
)
@pytest.mark.asyncio
async def test_what_cannot_be_recorded_is_not_done_and_the_asker_hears_why(
    site: Opened, verb: Verb, path: str, arguments: dict[str, Any]
) -> None:
    async with site() as s:
        s.db.write_soon(fill)
        with pytest.raises(StorageFailed):
            await s.db.write(lambda conn: None)
        outcome = await s.do(s.order(verb, path, **arguments))
        assert (outcome.outcome, outcome.rule) == ("refused", "storage.failed")
        assert "nothing was done" in outcome.words
        assert s.room.calls == []
        assert s.acts.ready


@pytest.mark.asyncio
async def test_a_disk_that_fills_at_the_last_moment_stops_the_command(site: Opened) -> None:
    async with site() as s:
        s.db.write_soon(fill)  # in the same commit as "about to do"
        outcome = await s.do(s.order(Verb.COMMAND, "Command/Audio/Volume/Set", Level=30))
        assert (outcome.outcome, outcome.rule) == ("refused", "storage.failed")
        assert s.room.calls == []


@pytest.mark.asyncio
async def test_a_cut_shuts_what_deeds_left_open_before_it_waits_for_anything(site: Opened) -> None:
    class Lasting:
        def end(self, sessions: Any, cause: str, words: str) -> list[str]:
            return [f"{sorted(sessions)}: {cause}"]

    async with site() as s:
        s.acts.lasting = Lasting()
        assert await s.acts.end(["ses_1"], "lock", "Locked.") == ["['ses_1']: lock"]


@pytest.mark.asyncio
async def test_a_cut_ends_what_lasts_also_where_nothing_can_be_written(site: Opened) -> None:
    async with site() as s:
        s.bookings.numbers = frozenset({"a@example.com"})
        await s.do(s.order(Verb.COMMAND, "Command/Dial", Number="a@example.com"))
        s.db.write_soon(fill)
        with pytest.raises(StorageFailed):
            await s.db.write(lambda conn: None)
        assert await s.acts.end(["ses_1"], "grant.revoked", "The grant was revoked.") == ["call 7: undone"]
        assert len(s.room.done("Call Disconnect")) == 1


# ---- whatever is killed, and whenever: a cut finds what to undo ---------------------------------------


def book_on_disk(s: Site) -> list[bytes]:
    with contextlib.closing(sqlite3.connect(s.file)) as other:
        return [facts for (facts,) in other.execute("SELECT facts FROM effects")]


def up(number: str, id: int = 7) -> dict[str, Any]:
    found = {"id": id, "RemoteNumber": number, "Direction": "Outgoing", "Status": "Connected"}
    return {"Status": {"Audio": {"Volume": 50}, "Call": [found]}}


@pytest.mark.asyncio
async def test_what_a_dial_may_leave_is_on_the_disk_before_the_device_is_called(site: Opened) -> None:
    async with site() as s:
        s.bookings.numbers = frozenset({"a@example.com"})
        before: list[list[bytes]] = []
        s.room.before = lambda call: before.append(book_on_disk(s)) if call.path.words == ("Dial",) else None
        await s.do(s.order(Verb.COMMAND, "Command/Dial", Number="a@example.com"))
        assert len(before) == len(before[0]) == 1


@pytest.mark.asyncio
async def test_a_dial_that_the_device_refuses_leaves_nothing(site: Opened) -> None:
    async with site() as s:
        s.bookings.numbers = frozenset({"a@example.com"})
        s.room.failure = CommandFailed("busy")
        assert (await s.do(s.order(Verb.COMMAND, "Command/Dial", Number="a@example.com"))).outcome == "failed"
        await s.kinds()
        assert s.acts.effects.all() == book_on_disk(s) == []


@pytest.mark.parametrize(("number", "ended"), [("a@example.com", [7]), ("somebody.else@example.com", [])])
@pytest.mark.asyncio
async def test_a_dial_whose_outcome_is_unknown_is_undone_by_its_number(
    site: Opened, number: str, ended: list[int]
) -> None:
    async with site() as s:
        s.bookings.numbers = frozenset({"a@example.com"})
        s.room.failure = DeviceGone("the connection ended")
        assert (await s.do(s.order(Verb.COMMAND, "Command/Dial", Number="a@example.com"))).outcome == "unknown"
        assert len(book_on_disk(s)) == 1
        s.room.failure, s.room.document = None, up(number)
        await s.acts.end(["ses_1"], "grant.revoked", "The grant was revoked.")
        assert [call.argument("CallId") for call in s.room.done("Call Disconnect")] == ended
        assert s.acts.effects.all() == []


@pytest.mark.asyncio
async def test_a_cut_while_the_device_dials_ends_the_call_once_it_is_made(site: Opened) -> None:
    async with site() as s, asyncio.TaskGroup() as group:
        s.bookings.numbers = frozenset({"a@example.com"})
        s.room.document = {"Status": {"Call": []}}

        def cut(call: Call) -> None:
            if call.path.words == ("Dial",):
                group.create_task(s.acts.end(["ses_1"], "grant.revoked", "The grant was revoked."))

        s.room.before = cut
        assert (await s.do(s.order(Verb.COMMAND, "Command/Dial", Number="a@example.com"))).outcome == "done"
        await until(lambda: s.room.done("Call Disconnect"))
        assert [call.argument("CallId") for call in s.room.done("Call Disconnect")] == [7]
        assert s.acts.effects.all() == []


@pytest.mark.asyncio
async def test_a_call_that_may_have_been_made_is_taken_on_when_the_device_shows_it(site: Opened) -> None:
    async with site() as s:
        s.bookings.numbers = frozenset({"a@example.com"})
        s.room.failure = DeviceGone("the connection ended")
        await s.do(s.order(Verb.COMMAND, "Command/Dial", Number="a@example.com"))
        s.room.failure, s.room.document = None, up("a@example.com", id=9)
        await until(lambda: [effect.call for effect in s.acts.effects.all()] == [9])
        s.room.feedback("status", {"Status": {"Call": [{"id": 9, "ghost": "True"}]}})
        await until(lambda: not s.acts.effects.all())


@pytest.mark.asyncio
async def test_a_call_that_was_never_made_is_let_go_when_the_device_says_so(site: Opened) -> None:
    async with site() as s:
        s.bookings.numbers = frozenset({"a@example.com"})
        s.room.failure = DeviceGone("the connection ended")
        await s.do(s.order(Verb.COMMAND, "Command/Dial", Number="a@example.com"))
        assert [effect.unseen for effect in s.acts.effects.all()] == [True]
        s.room.failure = None
        await until(lambda: not s.acts.effects.all())
        assert s.room.done("Call Disconnect") == []


@pytest.mark.asyncio
async def test_a_command_of_ours_never_reaches_the_device_and_is_recorded_like_any_other(site: Opened) -> None:
    async with site() as s:
        body = '[{"verb": "set", "path": "Configuration/Audio/DefaultVolume", "arguments": {"Value": 1}}]'
        said = await s.do(s.order(Verb.COMMAND, "Command/Roomgate/Allowed/Get", body=body))
        assert (said.outcome, said.result["Verdicts"][0]["verdict"]) == ("done", "allowed")
        assert s.room.calls == []
        assert (await s.kinds())[-2:] == ["order.about", "order.outcome"]


@pytest.mark.asyncio
async def test_what_only_the_admin_may_do_goes_by_the_privileged_account(site: Opened) -> None:
    async with site() as s:
        s.use("managed")
        await s.do(s.order(Verb.COMMAND, "Command/Macros/Runtime/Status"))
        await s.do(s.order(Verb.COMMAND, "Command/Audio/Volume/Set", Level=3))
        assert s.room.privileged == [True, False]


@pytest.mark.asyncio
async def test_a_change_that_may_cut_us_off_is_made_behind_the_fence(site: Opened) -> None:
    async with site("managed") as s:
        s.room.document = {"Configuration": {"Network": [{"id": 1, "RemoteAccess": {"Allow": ""}}]}}
        s.room.lets_in = False
        path = "Configuration/Network/1/RemoteAccess/Allow"
        outcome = await s.do(s.order(Verb.SET, path, Value="192.0.2.7", held=["network", "configure"]))
        assert (outcome.outcome, outcome.rule) == ("failed", "fence.reverted")
        assert [call.argument("Value") for call in s.room.calls] == [None, "192.0.2.7", ""]
        assert "setting.reverted" in await s.kinds()
