import stat
from datetime import timedelta
from pathlib import Path

import pytest

from roomgate.clock import HandClock
from roomgate.hub.parts import KeyUnreadable, ensure_keys, open_parts
from roomgate.hub.revocation import Cause
from roomgate.ledger.event import ClockJumped
from support.hub import config, running


def test_keys_are_made_once_for_their_owner_alone(tmp_path: Path) -> None:
    made = ensure_keys(tmp_path / "keys")
    again = ensure_keys(tmp_path / "keys")
    assert made.order.private_bytes_raw() == again.order.private_bytes_raw()
    assert made.order.private_bytes_raw() != made.ledger.private_bytes_raw()
    for path in (tmp_path / "keys").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_damaged_key_is_never_replaced(tmp_path: Path) -> None:
    ensure_keys(tmp_path / "keys")
    (tmp_path / "keys" / "order.pem").write_text("rubbish")
    with pytest.raises(KeyUnreadable):
        ensure_keys(tmp_path / "keys")
    assert (tmp_path / "keys" / "order.pem").read_text() == "rubbish"


@pytest.mark.asyncio
async def test_a_data_folder_opens_again_as_it_was(tmp_path: Path) -> None:
    for expected in (True, False):
        parts = await open_parts(config(tmp_path), HandClock())
        fresh = not await parts.identity.people()
        if fresh:
            await parts.identity.create_first_admin("ada", "four unrelated words here")
        await parts.aclose()
        assert fresh is expected


@pytest.mark.parametrize("hours", [1, -1])
@pytest.mark.asyncio
async def test_a_clock_that_jumps_is_on_the_record_and_prolongs_no_grant(tmp_path: Path, hours: int) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo")
        ada = await hub.person("guest")
        grant = await hub.grant(ada.id, "oslo", minutes=10)
        hub.clock.wall += timedelta(hours=hours)
        for _ in range(2):
            await hub.parts.look_at_clock()
        jumps = [event for event in await hub.events() if isinstance(event, ClockJumped)]
        assert [jump.by_s for jump in jumps] == [hours * 3600]
        hub.clock.advance(10 * 60)
        await hub.parts.expire()
        assert (Cause.GRANT_EXPIRED, grant.id) in [(r.cause, r.subject) for r in hub.heard]


@pytest.mark.asyncio
async def test_a_clock_set_back_while_the_hub_was_away_gives_nobody_more_time(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo")
        guest = await hub.person("guest")
        await hub.grant(guest.id, "oslo", minutes=10)
        _, token = await hub.token("guest", minutes=10)
        clock = hub.clock
    clock.wall -= timedelta(hours=1)
    parts = await open_parts(config(tmp_path), clock)
    try:
        await parts.look_at_clock()
        newest = (await parts.record.entries(limit=1, newest_first=True))[0].event
        assert isinstance(newest, ClockJumped)
        assert newest.by_s == -3600
        clock.advance(10 * 60)
        await parts.expire()
        assert (await parts.grants.of_person(guest.id)) == []
        assert await parts.identity.by_token(token) is None
    finally:
        await parts.aclose()
