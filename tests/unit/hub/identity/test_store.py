from pathlib import Path

import pytest

from roomgate.hub.identity import store
from support.hub import PASSWORD, kept_bytes, running


@pytest.mark.asyncio
async def test_no_secret_is_kept_as_it_is(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("guest")
        _, token = await hub.token("guest")
        _, cookie = await hub.sign_in("guest")
    kept = kept_bytes(tmp_path)
    for secret in (token, cookie, PASSWORD):
        assert secret.encode() not in kept
    assert store.hashed(token).encode() in kept


@pytest.mark.asyncio
async def test_the_latest_sources_come_first_and_once(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("guest")
        for source in ("192.0.2.5", "192.0.2.6", "192.0.2.7", "192.0.2.5"):
            await hub.parts.identity.sign_in("guest", PASSWORD, source)
        latest = await hub.parts.db.read(lambda conn: store.latest_sources(conn, 2))
    assert latest == ["192.0.2.5", "192.0.2.7"]
