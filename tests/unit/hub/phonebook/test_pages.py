"""The page of a room's phone book, over a site that answers by rote."""

from html import escape
from pathlib import Path

import pytest

from roomgate.access.capability import Capability
from roomgate.link.messages import Outcome
from support.console import console, words

pytestmark = pytest.mark.asyncio
EVIL = "<script>alert(1)</script>"


def row(id: str, name: str, tag: str = "Untagged") -> dict[str, object]:
    return {"ContactId": id, "Name": name, "Title": EVIL, "Tag": tag, "ContactMethod": [{"Number": "=1@example.com"}]}


async def test_the_book_is_read_and_kept_up_by_its_forms(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        site.answers["Command/Phonebook/Search"] = {
            "ResultInfo": {"TotalRows": 60}, "Folder": [{"FolderId": "f1", "Name": "Night"}],
            "Contact": [{**row("local-1", "Desk", "Favorite"), "FolderId": "f1"}, row("local-2", EVIL)],
        }  # fmt: skip
        held = frozenset(map(Capability, ("observe", "call")))
        await it.hub.parts.grants.make(it.hub.admin, "ada", ["oslo"], held, minutes=5, reason="test")
        ada = await it.as_("ada")
        page = await ada.get("/rooms/oslo/phonebook?q=desk&favourites=yes&folder=f1")
        assert dict(site.orders[-1].arguments)["FolderId"] == "f1"
        for said in (
            "All folders",
            f"{escape(EVIL)} Night",
            "Remove Night",
            "Desk",
            "60 in all",
            "1 to 2 of 60",
            "No favourite",
            "Ask to dial",
            "Later",
        ):
            assert said in words(page)
        assert EVIL not in page.text
        assert "favourites=yes&amp;folder=f1&amp;after=2" in page.text
        assert dict(site.orders[-1].arguments)["SearchString"] == "desk"
        assert "Earlier" in words(await ada.get("/rooms/oslo/phonebook?after=50&folder=gone"))
        assert "FolderId" not in dict(site.orders[-1].arguments)

        here = "/rooms/oslo/phonebook"
        assert "is in the phone book" in words(
            await ada.post(here, name="New", number="1", favourite="yes", folder="Night")
        )
        assert "A contact has a name." in words(await ada.post(here, name=" "))
        assert "are changed" in words(await ada.post(f"{here}/favourite", contact="local-1", on="no"))
        assert "is gone" in words(await ada.post(f"{here}/remove", contact="local-1"))
        assert "folder is gone" in words(await ada.post(f"{here}/folders/remove", folder="f1"))
        done = [(one.call().path.words[-1], dict(one.arguments)) for one in site.orders if "Search" not in one.path]
        assert done == [
            ("Add", {"FolderId": "f1", "Name": "New", "Number": "1", "Tag": "Favorite"}),
            ("Modify", {"ContactId": "local-1", "Tag": "Untagged"}),
            ("Delete", {"ContactId": "local-1"}),
            ("Delete", {"FolderId": "f1"}),
        ]
        site.answers["Command/Phonebook/Search"] = {
            "Contact": [row("local-1", "Desk", "Favorite"), row("local-2", EVIL)]
        }
        sheet = await ada.get(f"{here}.csv")
        assert sheet.text.splitlines()[:2] == [
            "name,number,title,favourite,folder",
            f"Desk,'=1@example.com,{EVIL},yes,",
        ]

        assert [one["favourite"] for one in (await ada.get(f"{here}.json")).json()] == ["yes", "no"]
        table = "name,number\nDesk,=1@example.com\nNew,2"
        assert "1 added, 1 were there." in words(await ada.post(f"{here}/load", table=table))
        assert "name the columns" in words(await ada.post(f"{here}/load", table="x"))
        site.answers["Command/Phonebook/Contact"] = Outcome("", "failed", words="The book is full.")
        assert "The book is full." in words(await ada.post(f"{here}/load", table=table))
        assert "The book is full." in words(await ada.post(f"{here}/remove", contact="local-1"))

        site.answers["Command/Phonebook/Search"] = {"ResultInfo": {"TotalRows": 0}}
        assert "No contact yet" in words(await ada.get(here))
        assert "No contact is like that" in words(await ada.get(f"{here}?q=x"))
        site.answers["Command/Phonebook/Search"] = Outcome("", "refused", rule="policy", words="Not here.")
        for path in (here, f"{here}.csv"):
            assert "Not here." in words(await ada.get(path))


async def test_whoever_only_looks_is_offered_nothing_to_change(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        site.answers["Command/Phonebook/Search"] = {"Contact": [row("local-1", "Desk")]}
        bob = await it.guest("bob", "oslo", "observe")
        page = words(await bob.get("/rooms/oslo/phonebook"))
        assert "Desk" in page
        assert [word for word in ("Add a contact", "Make favourite", "Ask to dial") if word in page] == []
        assert "Refused" in words(await bob.post("/rooms/oslo/phonebook/remove", contact="local-1"))
        assert [one.path[1:] for one in site.orders if "Search" not in one.path] == []
