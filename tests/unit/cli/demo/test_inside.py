import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from roomgate import xapi
from roomgate.cli.demo.inside import Inside
from roomgate.xapi.errors import AuthenticationFailed
from support.simulated import simulator

pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def inside(folder: Path) -> AsyncIterator[Inside]:
    async with simulator(folder, "oslo") as (room,):
        facts = {name: getattr(room, name) for name in Inside.__dataclass_fields__}
        yield Inside(**facts | {"ca": str(room.ca), "journal": Path(room.journal)})


def at(room: Inside, password: str = "") -> object:
    url = room.address.replace("https", "wss") + "/ws"
    return xapi.connect(url, user=room.user, password=password or room.password, ca=room.ca)


async def test_what_is_done_in_the_room_is_seen_in_the_journal(tmp_path):
    async with inside(tmp_path) as room:
        before = time.monotonic()
        async with at(room) as device:
            await device.command("Dial", arguments={"Number": "friend@example.com"})
        call = await room.journal_says("call.connected", after=before)
        assert "friend@example.com" in call["number"]
        assert room.count("call.dialled") == 1
        assert room.count("call.dialled", number="nobody@example.com") == 0
        assert (await room.shows(lambda state: state["calls"]))[0]
        hung_up = time.monotonic()
        await room.touch("hang-up")
        assert (await room.journal_says("call.ended", after=hung_up))["mono_ms"] >= hung_up * 1000
        assert (await room.state())["calls"] == []
        with pytest.raises(TimeoutError):
            await room.journal_says("call.ended", after=time.monotonic() + 1, within_s=0.05)
        with pytest.raises(TimeoutError):
            await room.shows(lambda state: state["calls"], within_s=0.05)


async def test_somebody_touches_yes(tmp_path):
    async with inside(tmp_path) as room, at(room) as device:
        options = {"Option.1": "Yes", "Option.2": "No"}
        await device.command(
            "UserInterface Message Prompt Display",
            arguments={"Title": "A call", "Text": "May they?", "FeedbackId": "q1", **options},
        )
        assert (await room.say_yes())["feedback"] == "q1"
        assert (await room.state())["prompt"] is None
        with pytest.raises(httpx.HTTPStatusError):
            await room.touch("answer", feedback="q1", option=1)


async def test_the_owner_changes_a_password_at_the_device_s_own_page(tmp_path):
    async with inside(tmp_path) as room:
        await room.change_password(room.user, "four quite new words")
        with pytest.raises(AuthenticationFailed):
            async with at(room):
                pass
        async with at(room, "four quite new words"):
            pass
