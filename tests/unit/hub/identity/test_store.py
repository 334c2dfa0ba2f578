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
