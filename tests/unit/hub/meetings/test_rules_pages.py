from pathlib import Path

import pytest

from support.console import console, words
from support.invites import ics
from support.packs import OWN

pytestmark = pytest.mark.asyncio
HERE = "/meetings/rules"
BRIDGE = ics("DTSTART:20260310T090000Z", "SUMMARY:Call", "DESCRIPTION:Bridge: 4711")


async def test_the_packs_are_listed_and_ones_own_are_tried_before_they_count(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        await it.hub.person("bob")
        bob = await it.as_("bob")
        page = words(await bob.get(HERE))
        for said in ("zoomcrc.com", "Retired", "In use", "roomgate meeting rules try"):
            assert said in page, said
        files = [("own.toml", OWN.encode()), ("a.ics", BRIDGE.replace(b"Call", b"<b>Call")), ("c.ics", b"rubbish")]
        page = await bob.send(HERE, {"speaks": "sip", "domains": "example.com"}, files)
        for said in (
            "Meetings compared: 1; would change: 1.",
            "bridge 1",
            "New button",
            "4711@video.example.com",
            "c.ics",
            "No button is lost",
        ):
            assert said in words(page), said
        assert "<b>Call" not in page.text
        assert site.orders == []


async def test_what_cannot_be_tried_says_so(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.hub.person("bob")
        bob = await it.as_("bob", language="zh-Hans")
        assert "规则" in words(await bob.get(HERE))
        bob = await it.as_("bob")
        assert "Choose at least one pack" in words(await bob.send(HERE, {}, []))
        page = await bob.send(HERE, {}, [("own.toml", b"<script>"), ("a.ics", BRIDGE)])
        assert "meeting.rules.bad" in page.text
        assert '<script>"' not in page.text
