"""The panel is there for as long as its call, only if it is ours; each press leads to one command, or to none."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.clock import HandClock
from roomgate.connector import shown_panels
from roomgate.connector.call_panel import MOST_PRESSES, SEND_S, TRIES, CallPanels
from roomgate.connector.presses import DEBOUNCE_S
from roomgate.connector.room import RoomCondition
from roomgate.connector.shown_panels import ShownPanels
from roomgate.meetings.controls_panel import PANEL_ID, widget_id
from roomgate.meetings.in_call import CONTROLS, find_control
from roomgate.meetings.meeting import Meeting, Organizer, sip_join
from roomgate.storage.database import Database
from roomgate.storage.record import Record
from roomgate.storage.record import metadata as record_tables
from roomgate.xapi.errors import CommandFailed, DeviceGone, PermissionDenied
from support.rooms import MemoryRoom
from support.waiting import until

pytestmark = pytest.mark.asyncio
SAVE, REMOVE, TONES = (
    "UserInterface Extensions Panel Save", "UserInterface Extensions Panel Remove", "Call DTMFSend",
)  # fmt: skip
ACTIONS = "Event/UserInterface/Extensions/Widget/Action"
ZOOM = "98765432109.123456@zoomcrc.com"
MINE = {"PanelId": PANEL_ID}


def call(number=ZOOM, id_=7, **more):
    return {
        "id": id_, "Status": "Connected", "Direction": "Outgoing", "Protocol": "SIP", "RemoteNumber": number,
        "CallbackNumber": f"sip:{number}", **more,
    }  # fmt: skip


@dataclass
class PanelRoom(MemoryRoom):
    """A device that keeps panels, and takes its time where it is told to."""

    panels: dict[str, str] = field(default_factory=dict)
    language: str = "English"
    slow: asyncio.Event | None = None  # tones wait for it

    def __post_init__(self):
        self.document = {"Configuration": {"UserInterface": {"Language": self.language}}}

    async def call(self, call, *, privileged=False):
        answer = await super().call(call, privileged=privileged)
        match " ".join(call.path.words):
            case "UserInterface Extensions List":
                return {"Extensions": {"Panel": [{"PanelId": one} for one in self.panels]}} if self.panels else {}
            case "UserInterface Extensions Panel Save":
                self.panels[call.argument("PanelId")] = call.body
            case "UserInterface Extensions Panel Remove":
                del self.panels[call.argument("PanelId")]
            case "Call DTMFSend" if self.slow:
                await self.slow.wait()
        return answer

    def has(self, *calls):
        """The calls of the device are these from now on, and it says so."""
        self.state = {"Status": {"Call": list(calls)}}
        self.feedback("status", self.state)

    def say(self, kind, control="mute", service="zoom", **more):
        action = {"WidgetId": widget_id(service, find_control(service, control)), "Type": kind, "Value": "", **more}
        self.feedback("event", {"Event": {"UserInterface": {"Extensions": {"Widget": {"Action": action}}}}})

    def touch(self, control="mute", **more):
        for kind in ("pressed", "released", "clicked"):
            self.say(kind, control, **more)

    def sent(self):
        return [one.argument("DTMFString") for one in self.done(TONES)]


@dataclass
class Site:
    """What outlives a connector, and one at a time of its runs."""

    db: Database
    record: Record
    clock: HandClock = field(default_factory=HandClock)
    meetings: tuple = ()

    @asynccontextmanager
    async def running(self, **how):
        shown = await ShownPanels.open(self.db, self.record, self.clock)
        panels = CallPanels(shown, lambda room: self.meetings, self.record, self.clock, retry_s=0.01, **how)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(panels.run())
            await until(lambda: panels._group is not None)
            yield panels
            task.cancel()

    async def told(self, *kinds):
        return [entry.event.kind for entry in await self.record.entries() if entry.event.kind.startswith(kinds)]


@pytest_asyncio.fixture
async def site(tmp_path):
    db = Database.open(tmp_path / "connector.db", record_tables)
    await db.write(shown_panels.metadata.create_all)
    yield Site(db, Record(db, "connector.example.com/1", Ed25519PrivateKey.generate()))
    await db.aclose()


@asynccontextmanager
async def in_call(site, room, **how):
    """The room is in a Zoom call, and its panel is there."""
    async with site.running(**how) as panels:
        await panels.arrived(room)
        room.has(call())
        await until(lambda: PANEL_ID in room.panels)
        yield panels


async def test_the_panel_comes_and_goes_with_the_call(site):
    room = PanelRoom()
    async with in_call(site, room):
        assert "*12" not in room.panels[PANEL_ID]  # names of controls; what they send is known here alone
        room.has()
        await until(lambda: not room.panels)
        await until(lambda: not room.heard(ACTIONS))
    assert set(room.privileged) == {False}
    assert await site.told("call-panel") == ["call-panel.shown", "call-panel.removed"]


async def test_it_is_there_also_when_the_call_came_first(site):
    room = PanelRoom()
    room.has(call())
    async with site.running() as panels:
        await panels.arrived(room)
        await until(lambda: PANEL_ID in room.panels)


@pytest.mark.parametrize("calls", [(call("a@example.com"),), (call(), call(id_=8)), (call(Direction="Incoming"),)])
async def test_other_calls_cost_the_device_no_word(site, calls):
    room = PanelRoom()
    async with site.running() as panels:
        await panels.arrived(room)
        room.has(*calls)
        room.has(call(Status="Dialling"))
        room.has()
        await until(lambda: panels._rooms[room.device].task is None)
    assert room.calls == []


async def test_a_second_call_takes_the_panel_away_and_its_end_brings_it_back(site):
    room = PanelRoom()
    async with in_call(site, room):
        room.has(call(), call("b@example.com", 8))
        await until(lambda: not room.panels)
        room.has(call())
        await until(lambda: PANEL_ID in room.panels)


async def test_another_service_gets_a_panel_of_its_own(site):
    room = PanelRoom()
    async with in_call(site, room):
        room.has(call("26341234567@example.webex.com", 8))
        await until(lambda: "Webex" in room.panels.get(PANEL_ID, ""))
        room.touch("lock", service="webex")
        await until(room.sent)
        assert room.sent() == ["*5"]
        assert room.done(TONES)[0].argument("CallId") == 8


async def test_the_rooms_own_calendar_tells_the_service_of_a_domain_that_does_not(site):
    start = site.clock.now()
    address = "standup@video.example.com"
    site.meetings = (
        Meeting(
            "a", "", "pexip", "Stand-up", start, start + timedelta(minutes=30), Organizer("Ada"), False, False,
            sip_join(address),
        ),
    )  # fmt: skip
    room = PanelRoom()
    async with site.running() as panels:
        await panels.arrived(room)
        room.has(call("other@video.example.com"))
        room.has(call(address))
        await until(lambda: "Pexip" in room.panels.get(PANEL_ID, ""))


async def test_the_device_speaks_its_own_language(site):
    room = PanelRoom(language="ChineseSimplified")
    async with in_call(site, room):
        assert "静音" in room.panels[PANEL_ID]


async def test_a_press_is_one_command_in_that_call_and_said_in_the_ledger_before(site):
    room, before = PanelRoom(), []
    async with in_call(site, room):
        size = await site.record.size()

        def look(one):
            before.append(one)

        room.before = look
        room.touch("hand")
        await until(room.sent)
        (tones,) = room.done(TONES)
        assert dict(tones.arguments) == {"CallId": 7, "DTMFString": "*13", "Feedback": "Silent"}
        assert [one.path.words for one in before] == [("Call", "DTMFSend")]
        (entry,) = (await site.record.entries())[size:]
        assert (entry.event.service, entry.event.control) == ("zoom", "hand")


async def test_every_control_sends_its_own_tones(site):
    room = PanelRoom()
    async with in_call(site, room):
        for number, control in enumerate(CONTROLS["zoom"], 1):
            room.touch(control.id)
            await until(lambda number=number: len(room.sent()) == number)
    assert room.sent() == [control.tones for control in CONTROLS["zoom"]]


async def test_an_event_that_comes_again_and_a_trembling_finger_send_nothing_more(site):
    room = PanelRoom()
    async with in_call(site, room):
        room.touch()
        room.say("clicked")  # the same once more
        room.touch()  # at the same moment
        site.clock.advance(2 * DEBOUNCE_S)
        room.say("clicked")  # and late
        room.touch("hand")
        await until(lambda: "*13" in room.sent())
        assert room.sent() == ["*12", "*13"]
        room.touch()
        await until(lambda: len(room.sent()) == 3)


async def test_a_widget_of_somebody_else_sends_nothing(site):
    room = PanelRoom()
    async with in_call(site, room):
        action = {"WidgetId": "mute", "Value": ""}
        for kind in ("pressed", "clicked"):
            room.feedback(
                "event",
                {"Event": {"UserInterface": {"Extensions": {"Widget": {"Action": {**action, "Type": kind}}}}}},
            )
        room.touch("lock", service="webex")  # it is a Zoom call
        room.touch("hand")
        await until(room.sent)
        assert room.sent() == ["*13"]


@pytest.mark.parametrize("fault", [DeviceGone("lost"), CommandFailed("no"), PermissionDenied("no")])
async def test_a_press_that_failed_is_never_sent_again(site, fault):
    room = PanelRoom()
    async with in_call(site, room):
        tried = []

        def fail(one):
            tried.append(one)
            raise fault

        room.before = fail
        room.touch()
        await until(lambda: tried)
        room.before = None
        room.touch("hand")
        await until(room.sent)
        assert (len(tried), room.sent()) == (1, ["*13"])


async def test_what_was_pressed_before_the_connection_was_lost_is_not_sent_after_it(site):
    room = PanelRoom(slow=asyncio.Event())
    async with in_call(site, room):
        room.touch()
        await until(room.sent)  # under way, and the device takes its time
        room.touch("hand")
        room.say("pressed", "layout")
        room.feedback("gap", {"Event": {}})
        room.say("clicked", "layout")
        room.slow.set()
        room.touch("chat")
        await until(lambda: len(room.sent()) == 2)
        assert room.sent() == ["*12", "*107"]


async def test_a_press_that_could_not_be_sent_at_once_is_dropped(site):
    room = PanelRoom(slow=asyncio.Event())
    async with in_call(site, room):
        room.touch()
        await until(room.sent)
        room.touch("hand")
        site.clock.advance(SEND_S + 1)
        room.touch("chat")
        room.slow.set()
        await until(lambda: len(room.sent()) == 2)
        assert room.sent() == ["*12", "*107"]


async def test_more_fingers_than_can_wait_are_not_heard(site):
    room = PanelRoom(slow=asyncio.Event())
    async with in_call(site, room) as panels:
        room.touch()
        await until(room.sent)
        for control in CONTROLS["zoom"][1:]:
            room.touch(control.id)
        assert len(panels._rooms[room.device].waiting) == MOST_PRESSES
        room.slow.set()
        await until(lambda: len(room.sent()) == MOST_PRESSES + 1)


async def test_a_press_as_the_call_ends_goes_into_no_other_call(site):
    room = PanelRoom(slow=asyncio.Event())
    async with in_call(site, room):
        room.touch()
        await until(room.sent)
        room.touch("end")
        room.has(call(id_=8))
        room.slow.set()
        await until(lambda: len(room.done(SAVE)) == 2)
        room.touch("hand")
        await until(lambda: len(room.sent()) == 2)
        assert [(one.argument("DTMFString"), one.argument("CallId")) for one in room.done(TONES)] == [
            ("*12", 7), ("*13", 8),
        ]  # fmt: skip


async def test_a_panel_of_somebody_else_is_left_as_it_is_and_told(site):
    room = PanelRoom(panels={PANEL_ID: "theirs"})
    async with site.running() as panels:
        await panels.arrived(room)
        for number in (7, 8):
            room.has(call(id_=number))
            await until(lambda number=number: getattr(panels._rooms[room.device].joined, "call", 0) == number)
        room.touch()
        room.has()
        await until(lambda: panels._rooms[room.device].task is None)
        assert room.panels == {PANEL_ID: "theirs"}
        assert (room.done(SAVE), room.done(REMOVE), room.sent()) == ([], [], [])
    assert await site.told("call-panel") == ["call-panel.foreign"]


async def test_a_connector_that_was_killed_in_a_call_puts_it_right(site):
    room = PanelRoom()
    async with in_call(site, room):
        pass  # gone without a word: the panel stands there
    assert PANEL_ID in room.panels
    async with site.running() as panels:  # the call goes on
        await panels.arrived(room)
        await until(lambda: len(room.done(SAVE)) == 2)
        room.touch()
        await until(room.sent)
    room.state = {}
    async with site.running() as panels:  # it ended meanwhile
        await panels.arrived(room)
        await until(lambda: not room.panels)
        await until(lambda: panels._rooms[room.device].task is None)
    async with site.running() as panels:  # and nothing is left to do
        before = len(room.calls)
        await panels.arrived(room)
        await until(lambda: panels._rooms[room.device].task is None)
        assert len(room.calls) == before


async def test_a_kill_before_the_device_was_asked_leaves_nothing_to_remove(site):
    room = PanelRoom()
    shown = await ShownPanels.open(site.db, site.record, site.clock)
    await shown.put(room.device, room.name, "zoom")
    async with site.running() as panels:
        await panels.arrived(room)
        await until(lambda: panels._rooms[room.device].task is None)
        assert room.done(REMOVE) == []
        assert room.device not in panels._shown


async def test_a_device_that_comes_back_in_its_call_gets_it_anew(site):
    room = PanelRoom()
    async with in_call(site, room) as panels:
        room.panels.clear()  # it was reset
        await panels.arrived(room)
        await until(lambda: PANEL_ID in room.panels)
        assert room.heard(ACTIONS) == 1
        assert room.heard("Status/Call") == 1


async def test_a_device_that_refuses_is_tried_a_few_times_for_a_call(site):
    room, tried = PanelRoom(), []

    def fail(one):
        if one.path.words[-1] == "Save":
            tried.append(one)
            raise CommandFailed("no")

    room.before = fail
    async with site.running() as panels:
        await panels.arrived(room)
        room.has(call())
        await until(lambda: len(tried) == TRIES)
        await until(lambda: panels._rooms[room.device].task is None)
        assert room.heard(ACTIONS) == 0
        room.before = None
        room.has(call(id_=8))
        await until(lambda: PANEL_ID in room.panels)


async def test_a_panel_of_which_nobody_knows_whether_it_is_there_is_gone_after_the_call(site):
    room = PanelRoom()
    whole = room.call

    async def call_and_lose(one, *, privileged=False):
        answer = await whole(one, privileged=privileged)
        if one.path.words[-1] == "Save":
            raise TimeoutError
        return answer

    room.call = call_and_lose
    async with site.running() as panels:
        await panels.arrived(room)
        room.has(call())
        await until(lambda: len(room.done(SAVE)) == TRIES)
        await until(lambda: panels._rooms[room.device].task is None)
        assert PANEL_ID in room.panels
        room.touch()  # it does nothing: nobody listens
        room.has()
        await until(lambda: not room.panels)
        assert room.sent() == []


async def test_a_device_that_is_gone_is_left_until_it_is_back(site):
    room, tried = PanelRoom(), []

    def fail(one):
        tried.append(one)
        room.condition = RoomCondition.OFFLINE
        raise DeviceGone("lost")

    room.before = fail
    async with site.running() as panels:
        await panels.arrived(room)
        room.has(call())
        await until(lambda: tried)
        await until(lambda: panels._rooms[room.device].task is None)
        assert len(tried) == 1
        room.before, room.condition = None, RoomCondition.FINE
        await panels.arrived(room)
        await until(lambda: PANEL_ID in room.panels)


async def test_switched_off_it_puts_nothing_and_takes_away_what_was_put(site):
    room = PanelRoom()
    async with in_call(site, room):
        pass
    listeners = room.heard("Status/Call")
    async with site.running(wanted=False) as panels:
        await panels.arrived(room)
        await until(lambda: not room.panels)
        room.has(call(id_=8))
        await until(lambda: panels._rooms[room.device].task is None)
        assert (room.panels, room.heard("Status/Call")) == ({}, listeners)


async def test_a_room_that_the_site_let_go_is_not_spoken_to(site):
    room = PanelRoom()
    async with in_call(site, room) as panels:
        panels.left(room.device)
        before = len(room.calls)
        room.touch()
        room.has()
        await asyncio.sleep(0)
        assert (len(room.calls), room.heard(ACTIONS), room.heard("Status/Call")) == (before, 0, 0)
        panels.left(room.device)


async def test_another_device_in_the_room_is_tended_instead(site):
    old, new = PanelRoom(), PanelRoom()
    async with in_call(site, old) as panels:
        await panels.arrived(new)
        assert (old.heard(ACTIONS), old.heard("Status/Call")) == (0, 0)
        new.has(call())
        await until(lambda: PANEL_ID in new.panels)
        new.touch()
        await until(new.sent)
        assert old.sent() == []


async def test_a_device_that_tells_of_no_calls_has_no_panel(site):
    room = PanelRoom()

    async def refuse(path, listener):
        raise PermissionDenied("no")

    room.subscribe = refuse
    async with site.running() as panels:
        await panels.arrived(room)
        await until(lambda: panels._rooms[room.device].task is None)
    assert room.calls == []
