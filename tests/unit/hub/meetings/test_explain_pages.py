from html import escape
from pathlib import Path

import pytest

from support.console import console, words
from support.told_meetings import EVENT

pytestmark = pytest.mark.asyncio
HERE = "/meetings/explain"
EVIL = "<img src=x onerror=alert(1)>"


async def test_a_pasted_invitation_is_explained_and_nothing_is_asked_of_anybody(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        await it.hub.person("bob")
        bob = await it.as_("bob")  # it takes no grant: they brought it themselves
        assert "Nothing is kept" in words(await bob.get(HERE))
        sent = EVENT.replace("Budget", EVIL).replace("\n", "\r\n")
        before = len(await it.hub.events())
        page = await bob.send(HERE, {"invitation": sent, "speaks": "sip", "domains": "example.com"}, [])
        said = words(page)
        assert EVIL not in page.text
        assert escape(EVIL) in page.text
        for text in (
            "By SIP",
            "4410077@meet.example.com",
            "Number: 4410077@meet.example.com",
            "Why this button",
            "Decided",
        ):
            assert text in said, text
        assert site.orders == []
        assert len(await it.hub.events()) == before
        assert "No button" in words(await bob.send(HERE, {"invitation": EVENT}, []))  # it speaks nothing
        closed = {"invitation": EVENT, "speaks": "sip", "domains": "example.org"}
        page = await bob.send(HERE, closed, [])
        assert "No button" in words(page)
        assert 'value="example.org"' in page.text


async def test_a_chosen_file_goes_before_the_text_and_is_not_shown_again(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.hub.person("bob")
        bob = await it.as_("bob", language="zh-Hans")
        page = await bob.send(HERE, {"invitation": "rubbish", "speaks": "sip"}, [("x.ics", EVENT.encode())])
        assert "Budget" in page.text
        assert "rubbish" not in page.text
        assert "BEGIN:VEVENT" not in page.text


async def test_what_cannot_be_explained_says_so(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.hub.person("bob")
        bob = await it.as_("bob")
        assert "Paste an invitation" in words(await bob.send(HERE, {"invitation": " "}, []))
        page = await bob.send(HERE, {"invitation": "<b>no invitation"}, [])
        assert "meeting.invitation.bad" in page.text
        assert "<b>no" not in page.text
        assert "192 KiB" in words(await bob.send(HERE, {}, [("x.ics", b"x" * (193 * 1024))]))
        assert "at most 50 domains" in words(
            await bob.send(HERE, {"invitation": EVENT, "domains": "x " * 10 + "y" * 300}, [])
        )
