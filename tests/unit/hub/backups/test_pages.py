"""The pages of a room's backups, over a site that answers by rote."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from roomgate.access.capability import Capability
from roomgate.fleet.backup import Contents, Macro, Opened, Panel, Shown
from roomgate.link.messages import Outcome
from support.console import Console, Site, console, words

pytestmark = pytest.mark.asyncio
EVIL = "<script>alert(1)</script>"
HELD = frozenset(map(Capability, ("observe", "system", "av-control", "ui", "macros", "configure")))
KEPT = Contents(
    product="Board Pro 55",
    software="RoomOS 26.4.1",
    settings={"Audio/DefaultVolume": 40, "SystemUnit/Name": EVIL},
    macros={EVIL: Macro(f"say('{EVIL}')", True)},
    panels={"lights": Panel("<Extensions><Panel/></Extensions>")},
    branding={"Background": "iVBORw0KGgo="},
    masked=["SIP/Turn/Password"],
)
ID = "backup_" + "1" * 20


def answers(site: Site, now: Contents) -> None:
    """What the site says of its backups, and of the room as it is now."""
    rows = [
        Shown(ID, "2026-03-10T09:00:00.000Z", EVIL, "person_1", 2000, "d" * 64, EVIL, EVIL, 2, 1, 1, 1, 1),
        Shown("backup_" + "2" * 20, damaged="The file was changed since."),
    ]
    opened = {
        id: msgspec.to_builtins(Opened(id, "2026-03-10T09:00:00.000Z", "before", "d" * 64, held))
        for id, held in ((ID, KEPT), ("now", now))
    }
    site.answers = {
        "Command/Roomgate/Backup/List": {"backups": msgspec.to_builtins(rows)},
        "Command/Roomgate/Backup/Make": {**msgspec.to_builtins(rows[0]), "unchanged": False},
        "Command/Roomgate/Backup/Get Id=now": opened["now"],
        "Command/Roomgate/Backup/Get": opened[ID],
    }


async def ready(it: Console, *names: str, now: Contents | None = None) -> tuple[Site, Any]:
    site = await it.connect("oslo", *names)
    answers(
        site, now or Contents(product="Board Pro 55", settings={"Audio/DefaultVolume": 50, "SystemUnit/Name": "Oslo"})
    )
    await it.hub.parts.grants.make(it.hub.admin, "ada", ["oslo", *names], HELD, minutes=5, reason="test")
    return site, await it.as_("ada")


def did(site: Site) -> list[str]:
    return [str(one.call()) for one in site.orders if "Roomgate" not in str(one.call())]


async def test_the_list_tells_what_is_kept_and_what_is_damaged(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site, ada = await ready(it)
        page = await ada.get("/rooms/oslo/backups")
        text = words(page)
        for said in (
            "Settings: 2, panels: 1, macros: 1, pictures: 1",
            "2 KiB",
            "Damaged",
            "The file was changed since.",
            "Make a backup",
        ):
            assert said in text
        assert EVIL not in page.text
        assert 'aria-current="page">Backups' in page.text
        assert (await ada.get("/rooms/oslo/backups.json")).json()[0]["settings"] == "2"
        assert (await ada.get("/rooms/oslo/backups.csv")).text.splitlines()[1].startswith(ID)
        site.answers["Command/Roomgate/Backup/List"] = {"backups": []}
        assert "No backup yet" in words(await ada.get("/rooms/oslo/backups"))


async def test_one_is_made_and_removed_by_its_forms(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site, ada = await ready(it)
        assert "The backup is kept at the site." in words(await ada.post("/rooms/oslo/backups", name="x", reason="why"))
        row = site.answers["Command/Roomgate/Backup/Make"]
        site.answers["Command/Roomgate/Backup/Make"] = {**row, "unchanged": True}
        assert "Nothing new was kept." in words(await ada.post("/rooms/oslo/backups"))
        assert "at most 120" in words(await ada.post("/rooms/oslo/backups", name="x" * 121))
        assert "Nothing was removed." in words(await ada.post(f"/rooms/oslo/backups/{ID}/remove", confirm="yes"))
        assert "The backup is gone." in words(await ada.post(f"/rooms/oslo/backups/{ID}/remove", confirm="111111"))
        [removed] = [one for one in site.orders if "Remove" in str(one.call())]
        assert dict(removed.arguments) == {"Id": ID}
        site.answers["Command/Roomgate/Backup/Remove"] = Outcome("", "failed", words="There is no such backup.")
        gone = await ada.post(f"/rooms/oslo/backups/{ID}/remove", confirm="111111")
        assert "There is no such backup." in words(gone)


async def test_one_is_shown_beside_the_room_and_looking_changes_nothing(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site, ada = await ready(it)
        page = await ada.get(f"/rooms/oslo/backups/{ID}")
        text = words(page)
        for said in (
            "If it were restored to oslo", "4 to change, 1 left out", "Audio/DefaultVolume", "Left out: it makes a device itself",
            "SIP/Turn/Password", "Another generation of software", "Plan 4 changes", "Background picture not there 1 KiB, 4c4b6a3be131", "New, lines: 1",
        ):  # fmt: skip
            assert said in text
        assert EVIL not in page.text
        assert "0 left out" in words(await ada.get(f"/rooms/oslo/backups/{ID}?same=yes"))
        assert did(site) == []
        answers(site, KEPT)
        assert "Nothing to change" in words(await ada.get(f"/rooms/oslo/backups/{ID}"))


async def test_what_was_shown_becomes_a_plan_for_the_other_room(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site, ada = await ready(it, "rome")
        late = await ada.post(f"/rooms/oslo/backups/{ID}/restore", seen="0" * 64, into="rome")
        assert "not as it was shown" in words(late)
        assert await it.hub.parts.fleet.newest(it.hub.admin, 1) == []
        page = (await ada.get(f"/rooms/oslo/backups/{ID}?into=rome")).text
        seen = page.split('name="seen" value="')[1][:64]
        text = words(await ada.post(f"/rooms/oslo/backups/{ID}/restore", seen=seen, into="rome", reason="why"))
        assert "before to rome" in text
        assert "Look at the plan, then apply it." in text
        assert [one.room for one in site.orders if "Make" in str(one.call())] == ["rome"]
        [made] = await it.hub.parts.fleet.newest(it.hub.admin, 1)
        assert (made.plan.kind, made.plan.options.reason, sum(made.counts.values())) == ("restore", "why", 1)
        assert did(site) == []


async def test_an_export_is_what_one_may_read(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site, ada = await ready(it)
        answer = await ada.get(f"/rooms/oslo/backups/{ID}/backup.json")
        assert answer.headers["content-disposition"] == 'attachment; filename="backup.json"'
        assert msgspec.convert(answer.json(), Opened).contents == KEPT
        site.answers["Command/Roomgate/Backup/Get"] = Outcome("", "failed", words="There is no such backup.")
        answer = await ada.get(f"/rooms/oslo/backups/{ID}/backup.json")
        assert (answer.status_code, answer.headers["location"]) == (303, "/rooms/oslo/backups")
        assert "There is no such backup." in words(await ada.get("/rooms/oslo/backups"))
        assert "There is no such backup." in words(await ada.get(f"/rooms/oslo/backups/{ID}"))


async def test_whoever_lacks_the_right_is_shown_no_tab_and_told_why(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site, _ = await ready(it, "rome")
        bob = await it.guest("bob", "oslo", "observe")
        assert "/rooms/oslo/backups" not in (await bob.get("/rooms/oslo")).text
        for page in (await bob.get("/rooms/oslo/backups"), await bob.get(f"/rooms/oslo/backups/{ID}")):
            assert "Refused" in words(page)
            assert "Audio" not in words(page)
        assert "Refused" in words(await bob.post("/rooms/oslo/backups"))
        assert (await bob.get("/rooms/oslo/backups.csv")).status_code == 403
        carl = await it.guest("carl", "oslo", "system")
        for other in ("rome", "nowhere"):
            assert (await carl.get(f"/rooms/oslo/backups/{ID}?into={other}")).status_code == 404
            assert (await carl.post(f"/rooms/oslo/backups/{ID}/restore", into=other)).status_code == 404
            assert (await carl.get(f"/rooms/{other}/backups")).status_code == 404
        assert did(site) == []
