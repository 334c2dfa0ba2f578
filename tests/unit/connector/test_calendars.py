"""From settings to calendars: each room to its own, and what cannot work is said at the start."""

import random
from datetime import timedelta
from pathlib import Path

import pytest

from roomgate.clock import HandClock
from roomgate.connector.calendars import SiteCalendars
from roomgate.connector.config import BadConfig, ConnectorConfig, parse_config
from roomgate.ids import RoomName
from roomgate.meetings.calendars.address import Address
from roomgate.meetings.calendars.base import CalendarUnreachable, Writable
from roomgate.meetings.calendars.caldav import CalDav
from roomgate.meetings.calendars.folder import Folder
from roomgate.meetings.calendars.google import Google
from roomgate.meetings.calendars.google_writer import GoogleWriter
from roomgate.meetings.calendars.graph import Graph
from roomgate.meetings.calendars.graph_writer import GraphWriter
from roomgate.meetings.calendars.several import Several
from roomgate.meetings.invite import Window
from support.cloud_rig import certificate_pem, key_file, private_pem, rsa_key
from support.graph_double import CLIENT, TENANT
from support.invites import ics

CLOCK = HandClock()
WINDOW = Window(CLOCK.now(), CLOCK.now() + timedelta(days=7))
OSLO, BERGEN, TROMSO = RoomName("oslo"), RoomName("bergen"), RoomName("tromso")


def settings(base: Path, *tables: dict[str, object], **more: object) -> ConnectorConfig:
    return parse_config({"data": "data", "devices": "devices.toml", "calendars": list(tables), **more}, base)


def site(config: ConnectorConfig) -> SiteCalendars:
    return SiteCalendars(config, HandClock(), random.Random(1))


def dav(base: Path, **more: object) -> dict[str, object]:
    (base / "pw").write_text("hush")
    told = {"kind": "caldav", "url": "https://dav.example.com", "user": "rooms", "password_file": "pw"}
    return {**told, "rooms": {"oslo": "Oslo"}, **more}


def test_without_any_there_is_none_and_one_folder_is_as_it_was(tmp_path):
    assert site(settings(tmp_path)).calendar is None
    alone = site(settings(tmp_path, calendar="calendar"))
    assert isinstance(alone.calendar, Folder)
    assert alone.name_of(OSLO) == "calendar"


@pytest.mark.asyncio
async def test_each_room_goes_to_its_own_and_the_others_to_the_folder(tmp_path):
    ics_table = {"kind": "ics", "name": "web", "rooms": {"bergen": "webcal://cal.example.com/x.ics"}}
    made = site(settings(tmp_path, dav(tmp_path), ics_table, calendar="calendar"))
    assert isinstance(made.calendar, Several)
    kinds = [type(made.calendar_of(room)) for room in (OSLO, BERGEN, TROMSO)]
    assert kinds == [CalDav, Address, Folder]
    assert [made.name_of(room) for room in (OSLO, BERGEN, TROMSO)] == ["caldav 1", "web", "calendar"]
    assert made.rooms() == (OSLO, BERGEN)
    await made.aclose()


@pytest.mark.asyncio
async def test_a_room_that_no_calendar_takes_is_in_none(tmp_path):
    made = site(settings(tmp_path, dav(tmp_path)))
    assert made.name_of(TROMSO) is made.calendar_of(TROMSO) is None
    with pytest.raises(CalendarUnreachable, match="in no calendar"):
        await made.calendar.fetch(TROMSO, WINDOW)
    await made.aclose()


@pytest.mark.asyncio
async def test_a_folder_of_another_name_is_the_rooms(tmp_path):
    (tmp_path / "cal" / "Oslo 4").mkdir(parents=True)
    (tmp_path / "cal" / "Oslo 4" / "a.ics").write_bytes(ics("DTSTART:20260310T100000Z"))
    made = site(settings(tmp_path, {"kind": "folder", "path": "cal", "rooms": {"oslo": "Oslo 4"}}))
    assert len((await made.calendar.fetch(OSLO, WINDOW)).sources) == 1


@pytest.mark.asyncio
async def test_a_secret_address_may_stand_in_a_file(tmp_path):
    (tmp_path / "oslo.url").write_text("webcal://cal.example.com/private-hush/o.ics\n")
    made = site(settings(tmp_path, {"kind": "ics", "rooms": {"oslo": "oslo.url"}}))
    assert isinstance(made.calendar_of(OSLO), Address)
    await made.aclose()


def microsoft(base: Path, **more: object) -> dict[str, object]:
    key = rsa_key()
    (base / "app.pem").write_text(private_pem(key) + certificate_pem(key))
    (base / "secret").write_text("hush")
    told = {"kind": "microsoft", "tenant": TENANT, "client_id": CLIENT, "certificate_file": "app.pem"}
    told = {**told, "address": "{room}@rooms.example", **more}
    return {name: value for name, value in told.items() if value is not None}


def google(base: Path, **more: object) -> dict[str, object]:
    return {"kind": "google", "key_file": str(key_file(base)), "rooms": {"bergen": "b@example.com"}, **more}


@pytest.mark.asyncio
async def test_the_clouds_are_read_or_written_as_the_settings_say(tmp_path):
    for write in (False, True):
        made = site(settings(tmp_path, microsoft(tmp_path, write=write), google(tmp_path, write=write)))
        kinds = [type(made.calendar_of(room)) for room in (OSLO, BERGEN)]
        assert kinds == ([GraphWriter, GoogleWriter] if write else [Graph, Google])
        assert [isinstance(made.calendar_of(room), Writable) for room in (OSLO, BERGEN)] == [write] * 2
        await made.aclose()
    secret = microsoft(tmp_path, certificate_file=None, client_secret_file="secret", cloud="us-gov")
    await site(settings(tmp_path, secret)).aclose()


@pytest.mark.parametrize(
    ("build", "change", "words"),
    [
        (microsoft, {"certificate_file": None}, "one of the two"),
        (microsoft, {"client_secret_file": "secret"}, "one of the two"),
        (microsoft, {"certificate_file": "none.pem"}, "none.pem cannot be read"),
        (microsoft, {"certificate_file": "secret"}, "certificate file cannot be used"),
        (microsoft, {"tenant": "a/b"}, "the tenant is an id"),
        (google, {"key_file": "none.json"}, "none.json cannot be read"),
        (google, {"token_url": "https://x.example/y?z@"}, "token_url is an address"),
    ],
)
def test_a_cloud_that_cannot_be_signed_in_to_is_said_at_the_start(tmp_path, build, change, words):
    with pytest.raises(BadConfig, match=words) as caught:
        site(settings(tmp_path, build(tmp_path, **change)))
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("build", "change", "words"),
    [
        (microsoft, {"cloud": "moon"}, "takes one of global, us-gov"),
        (microsoft, {"login_url": "https://login.example"}, "one needs the other"),
        (
            microsoft,
            {"login_url": "http://x.example", "graph_url": "https://x.example"},
            "takes an address such as https",
        ),
        (microsoft, {"write": "yes"}, "takes true or false"),
        (microsoft, {"password_file": "x"}, "no such key"),
        (google, {"api_url": "http://x.example"}, "takes an address such as https"),
        (google, {"poll_s": 5}, "takes seconds from 10 to 60"),
    ],
)
def test_what_a_cloud_s_table_cannot_say(tmp_path, build, change, words):
    with pytest.raises(BadConfig, match=words):
        settings(tmp_path, build(tmp_path, **change))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password_file": "none"}, "password_file: none cannot be read"),
        ({"url": "http://dav.example.com"}, "in the clear"),
        ({"ca": "none.pem"}, "ca: "),
        ({"kind": "ics", "rooms": {"oslo": "none.url"}}, "none.url cannot be read"),
        ({"kind": "ics", "rooms": {"oslo": "http://x.example/hush.ics"}}, "rooms.oslo"),
        ({"kind": "ics", "rooms": {"oslo": "https://ada:hush@x.example/o.ics"}}, "rooms.oslo"),
    ],
)
def test_what_cannot_work_is_said_at_the_start(tmp_path, change, words):
    told = {**dav(tmp_path), **change}
    if told["kind"] == "ics":
        told = {"kind": "ics", "rooms": told["rooms"]}
    with pytest.raises(BadConfig) as caught:
        site(settings(tmp_path, told, {"kind": "caldav", **dav(tmp_path, password_file="also", rooms={"b": "B"})}))
    assert words in str(caught.value)
    assert "also cannot be read" in str(caught.value)  # every complaint at once
    assert "hush" not in str(caught.value)


def test_a_room_in_two_calendars_is_a_mistake_of_the_settings(tmp_path):
    with pytest.raises(BadConfig, match="oslo is in two of them"):
        settings(tmp_path, dav(tmp_path), dav(tmp_path, name="other"))
    with pytest.raises(BadConfig, match="calendars: table 1: url: is missing"):
        settings(tmp_path, {"kind": "caldav", "user": "x", "password_file": "x", "rooms": {"oslo": "x"}})
    with pytest.raises(BadConfig, match=r"takes \[\[calendars\]\] tables"):
        settings(tmp_path, calendars="x")
