from pathlib import Path

import pytest

from roomgate.errors import BadInput
from roomgate.hub.http.idempotency import Idempotency, Kept, KeyReused, StillUnderWay, build_slot
from support.hub import kept_bytes, running


def slot(principal: str = "p", key: str = "k", body: bytes = b"{}"):  # type: ignore[no-untyped-def]
    return build_slot(principal, key, "POST", "/api/v1/x", body)


@pytest.mark.asyncio
async def test_an_answer_is_kept_for_its_principal_request_and_day(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        kept = Idempotency(hub.parts.db, hub.clock)
        assert await kept.begin(slot()) is None
        with pytest.raises(StillUnderWay):
            await kept.begin(slot())
        answer = Kept(201, [(b"etag", b"v1")], b"a secret")
        await kept.finish(slot(), answer)
        assert await kept.begin(slot()) == answer
        with pytest.raises(KeyReused):
            await kept.begin(slot(body=b"[]"))
        assert await kept.begin(slot(principal="q")) is None
        hub.clock.advance(25 * 3600)
        assert await kept.begin(slot()) is None
        await kept.forget(slot())
        assert await kept.begin(slot()) is None
    assert b"a secret" not in kept_bytes(tmp_path)


def test_a_key_is_short_and_printable() -> None:
    for bad in ("", "x" * 201, "a\nb"):
        with pytest.raises(BadInput):
            slot(key=bad)
