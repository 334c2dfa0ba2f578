"""REST of grants: what is shown of them, and the explanation. Whole answers are in tests/e2e/test_hub_api.py."""

from pathlib import Path

import pytest

from roomgate.errors import NotFound
from roomgate.hub.grants.http import explain_grant, show_grants
from roomgate.hub.grants.wanted import Wanted
from roomgate.xapi.errors import UnknownPath
from support.hub import running

pytestmark = pytest.mark.asyncio
explain = explain_grant.fn


async def test_a_grant_is_shown_by_names(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo")
        await hub.person("guest")
        wanted = Wanted(
            person="guest", rooms=("oslo",), sites=("home",), tags=("Boards",), role="room-user", minutes=5,
            most_uses=3, only_booked=True,
        )  # fmt: skip
        grant = await hub.parts.grants.give(hub.admin, wanted)
        (shown,) = await show_grants(hub.parts, [await hub.parts.grants.get(grant.id)])
        assert (shown.rooms, shown.sites, shown.tags) == (["oslo"], ["home"], ["boards"])
        assert (shown.most_uses, shown.used, shown.only_booked, shown.loud) == (3, 0, True, False)
        assert "call" in shown.capabilities


async def test_one_is_told_of_oneself_and_of_rooms_that_one_may_know(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo", "rome")
        await hub.person("guest")
        await hub.person("other")
        await hub.grant("guest", "oslo")
        guest, _ = await hub.token("guest")
        verdict = await explain(hub.parts, guest, "guest", "oslo", "Status/Audio/Volume", None)
        assert (verdict.allowed, verdict.rule) == (True, "grant")
        told = await explain(hub.parts, hub.admin, "guest", "rome", "Dial", None)
        assert (told.allowed, told.rule, told.missing) == (False, "no-grant", ["call"])
        refusals = []
        for person, room in (("other", "oslo"), ("nobody", "oslo"), ("guest", "rome"), ("guest", "nowhere")):
            with pytest.raises(NotFound) as no:
                await explain(hub.parts, guest, person, room, "Dial", None)
            refusals.append(no.value.message)
        assert refusals[0] == refusals[1]
        assert refusals[2] == refusals[3]
        for person, room in (("nobody", "oslo"), ("guest", "nowhere")):
            with pytest.raises(NotFound):
                await explain(hub.parts, hub.admin, person, room, "Dial", None)
        with pytest.raises(UnknownPath):
            await explain(hub.parts, hub.admin, "guest", "oslo", "Nothing Like It", None)
