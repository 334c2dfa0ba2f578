"""`roomgate connector calendars check`: against a real Radicale, with a good password and a bad one."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from roomgate.cli.exits import DONE, NO, UNREACHABLE, USAGE
from support.cli import run
from support.dav_server import PASSWORD, USER, DavServer, dav_server
from support.invites import ics

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture(scope="module")
def radicale(tmp_path_factory) -> Iterator[DavServer]:
    with dav_server(tmp_path_factory.mktemp("radicale")) as server:
        path = server.make("a1", "Oslo room")
        soon = (datetime.now(UTC) + timedelta(hours=3)).strftime("%Y%m%dT%H%M%SZ")
        raw = ics(f"DTSTART:{soon}", "DESCRIPTION:hush", uid="u").replace(b"METHOD:REQUEST\r\n", b"")
        server.put(f"{path}a.ics", raw)
        yield server


@pytest.fixture
def config(tmp_path: Path, radicale: DavServer) -> Path:
    (tmp_path / "pw").write_text(PASSWORD)
    (tmp_path / "connector.toml").write_text(
        f'data = "data"\ndevices = "devices.toml"\n[[calendars]]\nkind = "caldav"\nname = "office"\n'
        f'url = "{radicale.url}"\nuser = "{USER}"\npassword_file = "pw"\n'
        'rooms = { oslo = "Oslo room", bergen = "Bergen room" }\n'
    )
    return tmp_path / "connector.toml"


def check(config: Path, *words: str):
    return run("connector", "calendars", "check", *words, "--config", str(config))


def test_a_room_that_is_read_is_told_in_words(config):
    done = check(config, "oslo")
    assert (done.code, done.out.strip()) == (DONE, "oslo (office): 1 meeting in the next 7 days.")


def test_all_rooms_are_told_as_data(config):
    done = check(config, "--json")
    assert done.code == UNREACHABLE
    oslo, bergen = json.loads(done.out)
    assert (oslo["room"], oslo["state"], oslo["meetings"], oslo["writable"]) == ("oslo", "read", 1, True)
    assert (bergen["state"], bergen["words"]) == ("unreachable", "the account has no calendar named 'Bergen room'")
    assert "Oslo room" in bergen["hint"]
    assert "hush" not in done.out


def test_a_wrong_password_is_told_with_what_to_do_and_not_shown(config):
    (config.parent / "pw").write_text("wrong horse")
    done = check(config, "oslo")
    assert done.code == NO
    assert "does not accept the credentials" in done.out
    assert "password file" in done.out
    assert "horse" not in done.out + done.err


def test_a_site_without_calendars_is_told_how_to_get_one(tmp_path):
    (tmp_path / "connector.toml").write_text('data = "data"\ndevices = "devices.toml"\n')
    done = check(tmp_path / "connector.toml")
    assert done.code == USAGE
    assert "[[calendars]]" in done.err


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ({"bad.ics": b"hello"}, "1 cannot be understood"),
        ({f"{n}.ics": "bare" for n in "bcd"}, "none of which has a text"),
    ],
    ids=["unreadable", "bare"],
)
def test_what_stands_in_the_way_of_a_meeting_ends_with_1_and_data_is_told_all_the_same(tmp_path, planted, said):
    soon = datetime.now(UTC) + timedelta(hours=3)
    (tmp_path / "ics" / "oslo").mkdir(parents=True)
    for name, content in planted.items():
        raw = content if isinstance(content, bytes) else ics(f"DTSTART:{soon:%Y%m%dT%H%M%SZ}", uid=name)
        (tmp_path / "ics" / "oslo" / name).write_bytes(raw)
    (tmp_path / "connector.toml").write_text('data = "data"\ndevices = "devices.toml"\ncalendar = "ics"\n')
    done = check(tmp_path / "connector.toml", "oslo")
    assert done.code == NO, done.out
    assert said in done.out
    told = check(tmp_path / "connector.toml", "oslo", "--json")
    assert (told.code, [one["room"] for one in json.loads(told.out)]) == (NO, ["oslo"])


def test_a_room_in_no_calendar_is_a_no_only_where_somebody_named_it(config):
    (config.parent / "devices.toml").write_text(f'[[room]]\nname = "tromso"\nhost = "192.0.2.9"\npin = "{"ab" * 32}"\n')
    done = check(config, "tromso")
    assert (done.code, "is in no calendar" in done.out) == (NO, True)
    (config.parent / "connector.toml").write_text(
        (config.parent / "connector.toml").read_text().replace(', bergen = "Bergen room"', "")
    )
    done = check(config)
    assert (done.code, "tromso: is in no calendar" in done.out) == (DONE, True), done
