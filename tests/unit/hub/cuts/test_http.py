from pathlib import Path

import pytest

from roomgate.hub.revocation import Cause, Revocation, SubjectKind
from support.api import api, pages


@pytest.mark.asyncio
async def test_cuts_and_their_figures_are_shown_to_who_may_see_them(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        hub = served.hub
        for number in (2, 3, 4):
            fall = hub.parts.cuts.begin(
                Revocation(number, Cause.LOCK, SubjectKind.PERSON, "p", None, "t", written=hub.clock.monotonic())
            )
            hub.clock.advance(0.01 * number)
            fall.closed("events")
            fall.ended_here()
        await hub.person("guest")
        guest, ada = await served.client("guest"), await served.client("ada")
        for path in ("/cuts", "/cuts/figures"):
            assert (await guest.get(path)).status_code == 403
            assert (await (await served.client()).get(path)).status_code == 401
        found = await pages(ada, "/cuts", 2)
        assert [one["sequence"] for one in found] == [4, 3, 2]
        assert found[0]["channels"] == {"events": [40.0]}
        figures = (await ada.get("/cuts/figures", params={"days": 1})).json()
        assert [(one["name"], one["channels"], one["p50_ms"], one["most_ms"]) for one in figures["causes"]] == [
            ("lock", 3, 30.0, 40.0)
        ]
        assert len(figures["days"]) == 1
        for wrong in ("/cuts?cursor=eHk", "/cuts?limit=0", "/cuts/figures?days=0", "/cuts/figures?days=91"):
            assert (await ada.get(wrong)).status_code == 400
