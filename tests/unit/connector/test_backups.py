"""The deeds of a site's backups: what is kept, who is shown what of it, and what is written down."""

from pathlib import Path as File
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.access.offered import offered
from roomgate.clock import HandClock
from roomgate.connector import backups as module
from roomgate.connector.backup_files import BackupFiles
from roomgate.connector.backups import Backups, TooMany, copy_room
from roomgate.connector.own import Deed
from roomgate.connector.site_policy import Circumstances, SitePolicy, SiteRules
from roomgate.connector.vault import NoCredential
from roomgate.errors import NotFound
from roomgate.fleet.backup import Macro, Opened
from roomgate.ids import DeviceId, RoomName
from roomgate.link.order import Order
from roomgate.redact import Secret
from roomgate.storage.database import Database, StorageFailed
from roomgate.storage.record import Record, metadata
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import CommandFailed, DeviceUnreachable
from support.rooms import MemoryRoom

pytestmark = pytest.mark.asyncio

PICTURE = "iVBORw0KGgo="
ALL = ("system", "av-control", "security", "ui", "macros", "call", "observe")


class Kept(MemoryRoom):
    """A device with a few settings, a panel and a macro."""

    macro_fault: Exception | None = None

    def settle(self) -> "Kept":
        self.document["Configuration"] = {
            "Audio": {"DefaultVolume": 50},
            "NetworkServices": {"SSH": {"Mode": "Off"}},
            "SIP": {"Turn": {"Password": "***"}},
        }
        self.state = {"Status": {"SystemUnit": {"ProductPlatform": "Desk", "Software": {"DisplayName": "RoomOS 26"}}}}
        self.code = "one"
        return self

    async def call(self, call: Call, *, privileged: bool = False) -> Any:
        words = " ".join(call.path.words)
        if words == "UserInterface Extensions Export":
            return {"Extensions": {"Panel": [{"PanelId": "lights"}, {"PanelId": "web", "ActivityType": "WebApp"},
                                             {"PanelId": "roomgate-call-controls"}]}}  # fmt: skip
        if words == "UserInterface Branding Get":
            if call.argument("Type") != "Background":
                raise CommandFailed("There is no such image")
            return {"Data": PICTURE, "status": "OK"}
        if words == "Macros Macro Get":
            assert privileged  # the daily account may not
            if self.macro_fault:
                raise self.macro_fault
            return {"Macro": [{"Name": "hello", "Content": self.code, "Active": "True"}]}
        return await super().call(call, privileged=privileged)


class Site:
    def __init__(self, folder: File, record: Record) -> None:
        self.clock, self.record = HandClock(), record
        self.backups = Backups(BackupFiles(folder, Secret(b"k" * 32)), record, self.clock)
        self.room = Kept().settle()
        self.rome = Kept(DeviceId("dev_rome"), RoomName("rome")).settle()

    async def do(
        self, name: str, held: tuple[str, ...] = ALL, policy: str = "managed", room: Any = None, **arguments: str
    ) -> Any:
        self.clock.advance(1)
        call = offered().canonical(Verb.COMMAND, f"Roomgate Backup {name}", arguments)
        room = room or self.room
        order = Order(
            id="ord_1", link=b"", sequence=1, session="ses_1", site="site_1", connector="con_1", room=room.name,
            device=room.device, verb="command", path=list(call.path.parts), arguments=[], body=None,
            digest=call.digest(), principal="per_1", principal_name="Ada", principal_kind="person", grant="g", reason="",
            held=list(held),
        )  # fmt: skip
        rules = SitePolicy.build(SiteRules(name=policy), SitePolicy.shipped_text(policy))
        deed = Deed(order, room, call, Circumstances("per_1", "Ada", False, room.name, "", False), rules)
        deeds = {
            "Make": self.backups.make,
            "List": self.backups.list_,
            "Get": self.backups.get,
            "Remove": self.backups.remove,
        }
        return await deeds[name](deed)

    async def events(self) -> list[tuple[str, str]]:
        return [(type(one.event).__name__, getattr(one.event, "by", "")) for one in await self.record.entries()]


@pytest_asyncio.fixture
async def site(tmp_path: File):
    db = Database.open(tmp_path / "connector.db", metadata)
    yield Site(tmp_path / "backups", Record(db, "connector.example.com/1", Ed25519PrivateKey.generate()))
    await db.aclose()


def opened(answer: Any) -> Opened:
    return msgspec.convert(answer, Opened)


async def test_what_a_room_is_like_is_kept_with_what_is_not_in_it(site: Site):
    contents = await copy_room(site.room)
    assert contents.settings == {"Audio/DefaultVolume": 50, "NetworkServices/SSH/Mode": "Off"}
    assert contents.masked == ["SIP/Turn/Password"]
    assert (list(contents.panels), contents.macros) == (["lights"], {"hello": Macro("one", True)})
    assert contents.branding == {"Background": PICTURE}
    assert contents.left_out == ["1 panels that lead out of the device"]
    assert (contents.product, contents.software) == ("Desk", "RoomOS 26")


@pytest.mark.parametrize("fault", [CommandFailed("Macros are off"), NoCredential("The vault holds no password.")])
async def test_macros_that_cannot_be_read_are_named_and_the_rest_is_kept(site: Site, fault: Exception):
    site.room.macro_fault = fault
    contents = await copy_room(site.room)
    assert (contents.macros, contents.left_out[-1]) == ({}, f"macros: {fault}")
    assert contents.panels


async def test_one_is_made_listed_read_and_removed_and_each_change_is_written_down(site: Site):
    made = await site.do("Make", Name="before")
    assert (made["name"], made["by"], made["settings"], made["macros"], made["unchanged"]) == (
        "before",
        "per_1",
        2,
        1,
        False,
    )
    assert (made["panels"], made["pictures"], made["masked"]) == (1, 1, 1)
    [listed] = (await site.do("List"))["backups"]
    assert listed == {name: value for name, value in made.items() if name != "unchanged"}
    read = opened(await site.do("Get", Id=made["id"]))
    assert (read.contents.settings["Audio/DefaultVolume"], read.digest) == (50, made["digest"])
    await site.do("Remove", Id=made["id"])
    assert (await site.do("List"))["backups"] == []
    assert await site.events() == [("BackupMade", "per_1"), ("BackupRemoved", "per_1")]


async def test_what_is_the_same_is_not_kept_twice_unless_it_has_a_name(site: Site):
    one = await site.do("Make")
    assert (await site.do("Make"))["unchanged"]
    assert (await site.do("Make"))["id"] == one["id"]
    named = await site.do("Make", Name="again")
    site.room.code = "two"
    other = await site.do("Make")
    assert [row["id"] for row in (await site.do("List"))["backups"]] == [other["id"], named["id"], one["id"]]


@pytest.mark.parametrize(
    ("held", "policy", "settings", "panels", "macros"),  # with a panel the picture
    [
        (ALL, "managed", 2, 1, 1),
        (("system", "av-control"), "managed", 1, 0, 0),
        (("system", "ui"), "managed", 0, 1, 0),
        (("system", "macros"), "managed", 0, 0, 1),
        (ALL, "service-desk", 1, 0, 0),  # this site keeps the others inside, whatever grants say
    ],
)
async def test_no_more_leaves_the_site_than_grants_and_site_allow(
    site: Site, held: tuple[str, ...], policy: str, settings: int, panels: int, macros: int
):
    made = await site.do("Make")
    for id in (made["id"], "now"):
        read = opened(await site.do("Get", held, policy, Id=id))
        found = (len(read.contents.settings), len(read.contents.panels), len(read.contents.macros))
        assert found == (settings, panels, macros)
        withheld = (read.settings_withheld, read.panels_withheld, read.macros_withheld)
        assert withheld == (2 - settings, 1 - panels, 1 - macros)
        assert (len(read.contents.branding), read.pictures_withheld) == (panels, 1 - panels)


async def test_now_is_read_and_not_kept(site: Site):
    assert opened(await site.do("Get", Id="now")).contents == await copy_room(site.room)
    assert ((await site.do("List"))["backups"], await site.events()) == ([], [])


async def test_another_rooms_backup_is_not_there(site: Site):
    made = await site.do("Make", room=site.rome)
    for name in ("Get", "Remove"):
        with pytest.raises(CommandFailed, match="no such backup"):
            await site.do(name, Id=made["id"])


async def test_a_damaged_one_is_listed_as_that_and_can_be_removed(site: Site, tmp_path: File):
    made = await site.do("Make")
    [file] = tmp_path.glob("backups/*/*.backup")
    file.write_bytes(file.read_bytes()[:-1])
    [row] = (await site.do("List"))["backups"]
    assert (row["id"], "changed since" in row["damaged"]) == (made["id"], True)
    with pytest.raises(CommandFailed, match="Take another backup"):
        await site.do("Get", Id=made["id"])
    await site.do("Remove", Id=made["id"])
    assert (await site.do("List"))["backups"] == []


async def test_people_make_no_more_than_so_many_and_the_schedule_keeps_the_newest(
    site: Site, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "MOST_BY_HAND", 2)
    for name in ("a", "b"):
        await site.do("Make", Name=name)
    with pytest.raises(CommandFailed, match="At most 2"):
        await site.do("Make", Name="c")
    with pytest.raises(TooMany):
        await site.backups.keep(site.room, "c", "per_1")
    for code in "345":
        site.room.code = code
        site.clock.advance(1)
        await site.backups.keep(site.room, "", "")
    await site.backups.prune(site.room, 2)
    rows = (await site.do("List"))["backups"]
    assert [row["by"] for row in rows] == ["", "", "per_1", "per_1"]
    assert opened(await site.do("Get", Id=rows[0]["id"])).contents.macros["hello"].code == "5"


async def test_what_cannot_be_written_down_is_not_kept(site: Site, monkeypatch: pytest.MonkeyPatch):
    async def fail(_: object) -> int:
        raise StorageFailed("disk")

    monkeypatch.setattr(site.record, "add", fail)
    with pytest.raises(CommandFailed):
        await site.do("Make")
    assert (await site.do("List"))["backups"] == []


async def test_a_room_that_is_away_is_said_and_nothing_is_kept(site: Site):
    site.room.failure = DeviceUnreachable("away")
    with pytest.raises(DeviceUnreachable):
        await site.do("Make")
    assert (await site.do("List"))["backups"] == []


async def test_the_newest_and_the_whole_are_for_the_site_itself(site: Site):
    assert await site.backups.newest(site.room.device) == ""
    made = await site.do("Make")
    assert await site.backups.newest(site.room.device) == made["made"]
    assert (await site.backups.whole(site.room.device, made["id"])).contents == await copy_room(site.room)
    with pytest.raises(NotFound):
        await site.backups.whole(site.rome.device, made["id"])
