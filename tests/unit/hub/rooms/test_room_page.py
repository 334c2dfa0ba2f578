"""The page of one room, read as somebody reads them: behind the door, over a connector that answers by rote."""

import json
from pathlib import Path

import pytest

from roomgate.access.capability import Capability
from roomgate.access.principal import Right
from roomgate.hub.console.words import Words
from roomgate.hub.http.problem import NO_SUCH_ROOM
from roomgate.hub.relay.asked import Answer
from roomgate.hub.rooms import room_page
from roomgate.hub.rooms.room_page import build_notice, capability_words
from roomgate.link.messages import Outcome, RoomInfo
from support.console import ALL, booking, console, words

pytestmark = pytest.mark.asyncio
EVIL = "<script>alert(1)</script>"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"


async def test_a_room_tells_its_state_its_bookings_and_who_may_enter(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        site.answers["Command/Bookings/List"] = {
            "Booking": [booking(it.hub, "1", "Review"), booking(it.hub, "2", "In person", number="", minutes=60)]
        }
        site.answers["Configuration/Audio/DefaultVolume"] = 44
        await it.state("oslo", {"Audio": {"Volume": 23, "Microphones": {"Mute": "On"}}})
        for one in ALL:
            await it.hub.grant("ada", "oslo", capability=one)
        await it.guest("bob", "oslo", "observe")
        text = words(await (await it.as_("ada")).get("/rooms/oslo"))
        for said in ("Review", "Org Anizer", "meet@example.com", "No address to join", "Muted", "23", "bob", "“test”"):
            assert said in text


async def test_a_room_is_booked_and_its_bookings_are_kept_up_where_a_grant_gives_it(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        rows = [
            booking(it.hub, "on", "Review", minutes=-5),
            booking(it.hub, "next", "Budget", "536414.110292@x.example", minutes=60),
        ]
        site.answers["Command/Bookings/List"] = {"Booking": rows}
        bob = await it.guest("bob", "oslo", "bookings")
        page = words(await bob.get("/rooms/oslo"))
        for said in ("Check in Review", "+15 min Review", "End Review", "Release Budget", "Book this room now"):
            assert said in page, said
        assert "Release Review" not in page
        assert "536414.…@x.example" in page  # a passcode is for dialling, not for reading
        assert "110292" not in page
        assert "last word" in words(await bob.post("/rooms/oslo/extend", booking="on", minutes="15"))
        assert "checked in" in words(await bob.post("/rooms/oslo/check-in", booking="on"))
        assert "has ended" in words(await bob.post("/rooms/oslo/end", booking="on"))
        assert "let the booking go" in words(await bob.post("/rooms/oslo/release", booking="next"))
        assert "asked for the booking" in words(await bob.post("/rooms/oslo/book", title="Talk", minutes="30"))
        assert "Give minutes from 1 to 1440." in words(await bob.post("/rooms/oslo/book", minutes="0"))
        done = [(one.path[-1], dict(one.arguments)) for one in site.orders if one.path[-1] != "List"]
        assert done == [
            ("Extend", {"Duration": 15, "Id": "on"}), ("CheckIn", {"Id": "on"}), ("CheckOut", {"Id": "on"}),
            ("Delete", {"Id": "next"}), ("Book", {"Duration": 30, "Title": "Talk"}),
        ]  # fmt: skip
        eve = await it.guest("eve", "oslo", "observe")
        assert "Book this room now" not in words(await eve.get("/rooms/oslo"))
        assert "Refused" in words(await eve.post("/rooms/oslo/book", minutes="30"))


async def test_what_a_device_or_a_person_sent_is_text(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        site.answers["Command/Bookings/List"] = {"Booking": [booking(it.hub, "1", EVIL, number=EVIL)]}
        await it.state("oslo", {"Call": [{"id": 1, "Status": "Connected", "DisplayName": EVIL}]})
        await it.hub.grant("ada", "oslo", capability="bookings")
        await it.hub.parts.grants.make(
            it.hub.admin, "ada", ["oslo"], frozenset(map(Capability, ALL)), minutes=5, reason=EVIL
        )
        ada = await it.as_("ada")
        said = await ada.post("/rooms/oslo/dial", number="x@example.com", reason=EVIL)
        for page in (said, await ada.get("/rooms/oslo"), await ada.get("/rooms/oslo/now"), await ada.get("/access")):
            assert ESCAPED in page.text
            assert EVIL not in page.text


async def test_what_a_connector_says_of_a_device_is_text_too(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        told = RoomInfo("device-oslo", "oslo", "offline", words=EVIL, product=EVIL, software=EVIL)
        await it.hub.parts.rooms.changed(site.connector, it.hub.parts.rooms.get("oslo").site, told)
        ada = await it.as_("ada")
        for path in ("/rooms", "/rooms?view=table", "/rooms/oslo"):
            page = await ada.get(path)
            assert ESCAPED in page.text
            assert EVIL not in page.text


async def test_unknown_and_forbidden_rooms_answer_alike(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        await it.hub.person("bob")
        bob = await it.as_("bob")
        for path in ("", "/now", "/stream"):
            there, not_there = await bob.get(f"/rooms/oslo{path}"), await bob.get(f"/rooms/paris{path}")
            assert (there.status_code, not_there.status_code) == (404, 404)
            assert there.text.replace("oslo", "paris") == not_there.text
        assert NO_SUCH_ROOM in words(await bob.post("/rooms/oslo/dial", number="1"))


async def test_somebody_who_may_only_look_is_told_so(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        ada = await it.as_("ada")
        text = words(await ada.get("/rooms/oslo"))
        assert "You have no grant in this room" in text
        assert "Give yourself access" in text
        assert "You have no live grant" in words(await ada.post("/rooms/oslo/volume", level="3"))


async def test_an_ask_is_answered_where_it_was_made(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        for one in ALL:
            await it.hub.grant("ada", "oslo", capability=one)
        ada = await it.as_("ada")
        assert "The volume is set" in words(await ada.post("/rooms/oslo/volume", level="30"))
        assert "Command/Audio/Volume/Set Level=30" in [str(order.call()) for order in site.orders]
        assert "Give a whole number from 0 to 100." in words(await ada.post("/rooms/oslo/volume", level="loud"))
        site.answers["Command/Audio"] = Outcome("", "refused", rule="site.policy", words="The site says no.")
        page = await ada.post("/rooms/oslo/mute", on="yes")
        assert "The site says no." in words(page)
        assert "site.policy" in page.text
        assert "banner-bad" not in (await ada.get("/rooms/oslo")).text  # said once


async def test_the_controls_show_what_the_device_says_and_are_for_whoever_may_use_them(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        site.answers["Status/Video"] = {
            "Selfview": {"Mode": "Off"},
            "Layout": {"CurrentLayouts": {"ActiveLayout": "Grid", "AvailableLayouts": [{"id": 1, "LayoutName": EVIL}]}},
            "Input": {"Connector": [{"id": 2, "Connected": "True", "Type": EVIL, "SourceId": 2}]},
        }
        site.answers["Command/Camera/Preset/List"] = {"Preset": [{"id": 1, "PresetId": 4, "Name": EVIL}]}
        site.answers["Status/Cameras/SpeakerTrack"] = {"Availability": "Available", "Status": "Active"}
        site.answers["Status/Conference/DoNotDisturb"] = "Active"
        await it.state("oslo", {"Audio": {"VolumeMute": "On"}, "Call": [{"id": 1, "Status": "OnHold"}]})
        rights = frozenset(map(Capability, (*ALL, "ui")))
        await it.hub.parts.grants.make(it.hub.admin, "ada", ["oslo"], rights, minutes=5, reason="test")
        page = await (await it.as_("ada")).get("/rooms/oslo")
        assert EVIL not in page.text
        assert page.text.count(ESCAPED) == 3
        for said in (
            "Switch on", "Ask to resume", "Ask to share", "Ask to move the camera to", "Ask to stop", "Take calls again",
            "Message on the screen", "Tones",
        ):  # fmt: skip
            assert said in words(page)
        before = len(site.orders)
        look = words(await (await it.guest("bob", "oslo", "observe")).get("/rooms/oslo"))
        for hidden in ("Camera", "Self-view", "Do not disturb", "Message on the screen", "Ask to resume", "Switch on"):
            assert hidden not in look
        assert len(site.orders) == before  # what is not shown is not read


async def test_what_can_be_taken_back_is_offered_once(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        await it.hub.grant("ada", "oslo", capability="av-control")
        ada = await it.as_("ada")
        page = await ada.post("/rooms/oslo/volume", level="30", was="55")
        assert '<input type="hidden" name="level" value="55"><button class="btn btn-s">Undo</button>' in page.text
        assert "Undo" not in words(await ada.get("/rooms/oslo?at=volume&was=55"))
        assert "Undo" not in words(await ada.post("/rooms/oslo/volume", level="55"))
        assert EVIL not in (await ada.post("/rooms/oslo/volume", level="30", was=EVIL)).text
        site.answers["Command/Audio"] = Outcome("", "refused", rule="site.policy", words="The site says no.")
        assert "Undo" not in words(await ada.post("/rooms/oslo/volume", level="30", was="55"))


async def test_an_ask_that_waits_shows_how_long_the_room_has(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        await it.hub.grant("ada", "oslo", capability="call")
        ada = await it.as_("ada")
        site.silent = True
        page = await ada.post("/rooms/oslo/dial", number="x@example.com")
        assert "Asking the room." in words(page)
        assert 'data-waiting="25"' in page.text
        address = page.text.split('data-parts="')[1].split('"')[0].replace("&amp;", "&")
        it.hub.clock.advance(5)
        assert 'data-waiting="20"' in (await ada.get(address)).text
        await it.relay.events.message(site, Outcome(site.orders[-1].id, "done"))
        assert "The room is dialling." in words(await ada.get(address))
        bob = await it.guest("bob", "oslo", "call")
        assert "dialling" not in words(await bob.get(address))  # somebody else's ask says nothing


async def test_a_look_of_the_script_leaves_what_is_to_be_said_once(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        await it.hub.grant("ada", "oslo", capability="av-control")
        ada = await it.as_("ada")
        await it.http.post(
            "/rooms/oslo/volume", data={"csrf": ada.csrf, "level": "30"}, headers={**ada.headers, "Accept": "text/html"}
        )
        assert "The volume is set" not in words(await ada.get("/rooms/oslo", **{"X-Look": "1"}))
        assert "The volume is set" in words(await ada.get("/rooms/oslo"))


async def test_a_device_that_does_not_answer_does_not_hold_up_its_page(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        await it.hub.grant("ada", "oslo", capability="bookings")
        site.silent = True
        page = await (await it.as_("ada")).get("/rooms/oslo")
        assert page.status_code == 200
        assert "The room did not tell its bookings just now." in words(page)


async def test_a_site_that_is_away_is_told_of_as_such(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.hub.rooms("oslo")  # known, and its connector is not there
        await it.hub.grant("ada", "oslo", capability="av-control")
        ada = await it.as_("ada")
        assert "Not connected" in words(await ada.get("/rooms/oslo"))
        assert "The site's connector is not connected." in words(
            await ada.post("/rooms/oslo/volume", level="3")
        ).replace("&#39;", "'")


async def test_one_sign_in_is_inside_once(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        for one in ALL:
            await it.hub.grant("ada", "oslo", capability=one)
        ada = await it.as_("ada")
        await ada.get("/rooms/oslo")
        await ada.post("/rooms/oslo/volume", level="3")
        assert len([s for s in it.relay.book if s.principal == it.hub.admin.principal]) == 1


async def test_cut_now_locks_the_room_and_tells_its_guests_no_more(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        await it.hub.grant("ada", "oslo", capability="observe")
        bob = await it.guest("bob", "oslo", "observe")
        await it.state("oslo", {"Audio": {"Volume": 23}})
        assert (await bob.get("/rooms/oslo")).status_code == 200
        ada = await it.as_("ada")
        page = await ada.post("/rooms/oslo/cut")
        assert "nobody is let in until you lift the lock" in words(page)
        assert "Nothing can be asked of this room" in words(page)
        refused = await bob.get("/rooms/oslo")
        assert refused.status_code == 403
        assert "Locked" in words(refused)
        assert "Fine" not in words((await bob.get("/rooms")).text.split('id="rooms"')[1])
        assert (await bob.post("/rooms/oslo/cut")).status_code == 403


async def test_the_timeline_is_for_whoever_may_read_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        bob = await it.guest("bob", "oslo", "av-control")
        await bob.post("/rooms/oslo/volume", level="31")
        assert "The timeline is for whoever may read the ledger." in words(await bob.get("/rooms/oslo"))
        await it.hub.parts.db.write(lambda conn: None)  # outcomes are written with the next commit
        assert it.hub.admin.may(Right.AUDIT)
        text = words(await (await it.as_("ada")).get("/rooms/oslo"))
        assert "bob set the volume 31" in text
        monkeypatch.setattr(room_page, "_ENTRIES", 4)
        monkeypatch.setattr(room_page, "_LOOKS", 100)
        for _ in range(3):
            await bob.get("/rooms/oslo")
        assert "bob set the volume 31" in words(await (await it.as_("ada")).get("/rooms/oslo"))
        monkeypatch.setattr(room_page, "_LOOKS", 1)
        assert "bob set the volume 31" not in words(await (await it.as_("ada")).get("/rooms/oslo"))


@pytest.mark.parametrize(
    ("outcome", "kind", "says"),
    [
        ("done", "ok", "The room is dialling."),
        ("waiting", "void", "Asking the room"),
        ("refused", "bad", "No, thank you."),
        ("unknown", "warn", "No, thank you."),
        ("failed", "bad", "No, thank you."),
    ],
)
async def test_each_outcome_is_told_in_a_sentence(outcome: str, kind: str, says: str) -> None:
    answer = Answer(
        "ask_1", "order_1", outcome, rule="consent.no", words="" if outcome in ("done", "waiting") else "No, thank you."
    )
    notice = build_notice(answer, "dial", Words.of("en"))
    assert (notice.kind, notice.at) == (kind, "dial")
    assert says in notice.text
    assert notice.code == {"done": "order_1", "waiting": ""}.get(outcome, "consent.no")


async def test_capabilities_are_told_in_words() -> None:
    held = frozenset({Capability.CALL, Capability.OBSERVE})
    assert capability_words(held, Words.of("en")) == "See, call"
    assert json.dumps(capability_words(frozenset(), Words.of("zh-Hans"))) == '""'
