"""Bookings with the four programs: what the hub is told of a room's meetings, and what a kill -9 may not lose."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from roomgate import xapi
from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.invitations import event_file, zoom
from roomgate.clock import SystemClock
from roomgate.connector.wishes import Cause, Kind, Wish
from roomgate.ids import RoomName
from roomgate.meetings.booking import BookingId, booking_id
from support.ledgers import events, events_until
from support.world import RunningWorld, in_world

pytestmark = in_world()

ADHOC = "Configuration/Bookings/AdhocBooking/Enabled"


def write(world: RunningWorld, room: Inside, name: str, text: str) -> Path:
    file = world.folder / "calendar" / room.name / name
    draft = file.with_name(f".{name}")
    draft.write_text(text, "utf-8", newline="")
    return draft.rename(file)


async def test_the_hub_is_told_of_meetings_without_passcodes_and_private_titles(world: RunningWorld) -> None:
    async with world.room() as room:
        soon = SystemClock().now() + timedelta(minutes=3)
        hushed = event_file("hush@demo.example", soon + timedelta(hours=2), "Merger talk", "sip:board@example.com", "x")
        hushed = hushed.replace("SUMMARY:", "CLASS:PRIVATE\r\nSUMMARY:")
        files = [write(world, room, "zoom.ics", zoom(soon)), write(world, room, "hushed.ics", hushed)]
        await room.shows(lambda state: len(state["bookings"]) == 2)
        who = await world.guest(room.name, ["bookings"])
        async with world.caller(who.token) as caller:
            _, said = await caller.ask(room.name, {"command": "Roomgate.Meetings.List", "arguments": {"Days": 1}})
            first, second = said["result"]["Meetings"]
            assert (first["Title"], first["Service"], first["Shown"]) == ("Design review", "zoom", True)
            assert first["Address"] == "85512345678.•••@zoomcrc.com"
            assert (second["Title"], second["Organizer"], second["Private"]) == ("", "", True)
            assert said["result"]["Calendar"]["State"] == said["result"]["Bookings"]["State"] == "ok"
            for one in (first, second):
                wish = {"command": "Roomgate.Meetings.Explain", "arguments": {"Id": one["Id"]}}
                _, whole = await caller.ask(room.name, wish)
                assert whole["result"]["Why"]
                assert not [secret for secret in ("110292", "Merger", "board@") if secret in str(whole)]
            files.pop().unlink()
            _, said = await caller.ask(room.name, {"command": "Roomgate.Meetings.Sync"})
            assert len(said["result"]["Meetings"]) == 1
        outsider = await world.guest(room.name, ["observe", "call"])
        async with world.caller(outsider.token) as caller:
            assert (await caller.ask(room.name, {"command": "Roomgate.Meetings.List"}))[0] == 403
        files.pop().unlink()
        await room.shows(lambda state: not state["bookings"])
        for program in ("hub", "connector"):
            written = world.log(program).read_text("utf-8") + str(events(world.folder, program))
            assert not [secret for secret in ("Merger", "board@example.com", "110292") if secret in written]


async def test_more_time_is_granted_by_the_calendar_or_not_and_the_command_says_which(world: RunningWorld) -> None:
    async with world.room() as room:
        soon = SystemClock().now().replace(microsecond=0) + timedelta(minutes=3)
        now, then = "now@demo.example", "then@demo.example"
        files = [
            write(world, room, "now.ics", event_file(now, soon, "Now", "sip:n@example.com", "x")),
            write(
                world, room, "then.ics", event_file(then, soon + timedelta(hours=1), "Then", "sip:t@example.com", "x")
            ),
        ]
        await room.shows(lambda state: len(state["bookings"]) == 2)
        who = await world.guest(room.name, ["bookings"])
        extend = ("room", "extend", room.name, booking_id(now, ""))
        code, out, err = await world.cli(*extend, "15", token=who.token)
        assert (code, err) == (0, "")
        assert f"ends at {soon + timedelta(minutes=45)}" in out
        code, out, err = await world.cli(*extend, "30", token=who.token)  # into the next one
        assert (code, err) == (1, "")
        assert "has not granted it" in out
        for file in files:
            file.unlink()
        await room.shows(lambda state: not state["bookings"])


async def test_what_is_booked_in_the_room_while_the_connector_is_dead_is_answered_once(world: RunningWorld) -> None:
    async with world.room() as room, device(room) as admin:
        await admin.set(ADHOC, "True")
        async with world.killed("connector"):
            await admin.command("Bookings.Book", Duration=20, Title="Quick word")
            assert len(await listed(admin)) == 1

        entries = await events_until(world.folder, "connector", lambda found: answered(found, room), within_s=30)
        (answer,) = answered(entries, room)
        folder = world.folder / "calendar" / room.name
        # Whether a folder can be written is the folder's own matter: list, folder and ledger agree either way.
        async with asyncio.timeout(30):
            while [row["Id"][:3] for row in await listed(admin)] != (["rg-"] if answer.outcome == "done" else []):
                await asyncio.sleep(0.05)
        assert len(list(folder.glob("*.ics"))) == (1 if answer.outcome == "done" else 0)
        async with world.killed("connector"):
            pass
        await world.fine([room.name])
        assert len(answered(events(world.folder, "connector"), room)) == 1
        for file in folder.glob("*.ics"):
            file.unlink()
        await room.shows(lambda state: not state["bookings"])
        await admin.set(ADHOC, "False")


async def test_killed_while_it_releases_a_no_show_it_is_released_once(world: RunningWorld) -> None:
    """The wish was written down, and then the connector was killed: nobody can say whether the calendar heard of it."""
    async with world.room() as room:
        start = SystemClock().now().replace(microsecond=0) - timedelta(minutes=11)
        file = write(
            world, room, "no-show.ics", event_file("gone@demo.example", start, "Nobody", "sip:n@example.com", "x")
        )
        (shown,) = await room.shows(lambda state: state["bookings"])
        async with world.killed("connector"):
            wish = Wish(
                room=RoomName(room.name), kind=Kind.RELEASE, cause=Cause.NO_SHOW, booking=BookingId(shown["id"]),
                uid="gone@demo.example", recurrence_id="", start=start, end=start + timedelta(minutes=30),
            )  # fmt: skip
            with closing(sqlite3.connect(world.data("connector") / "connector.db")) as db:
                db.execute("INSERT INTO room_wishes VALUES (?, ?)", (wish.id, msgspec.msgpack.encode(wish)))
                db.commit()
        for _ in range(2):
            await room.shows(lambda state: not state["bookings"], within_s=30)
            entries = await events_until(world.folder, "connector", lambda found: answered(found, room), within_s=60)
            (answer,) = answered(entries, room)
            assert (answer.wish, answer.outcome) == ("release", "kept" if file.exists() else "done")
            async with world.killed("connector"):
                pass
            await world.fine([room.name])
        assert len(answered(events(world.folder, "connector"), room)) == 1
        file.unlink(missing_ok=True)


def answered(found: list[Any], room: Inside) -> list[Any]:
    return [one for one in found if one.kind == "booking.answered" and one.room == room.name]


def device(room: Inside) -> Any:
    """Straight to the device, as its administrator."""
    return xapi.connect(
        f"wss://{room.host}:{room.port}/ws", user=room.admin_user, password=room.admin_password, pin=room.pin
    )


async def listed(admin: xapi.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await admin.command("Bookings.List")).get("Booking", [])
    return found
