import stat
from pathlib import Path

import pytest

from roomgate.clock import HandClock
from roomgate.hub.parts import KeyUnreadable, ensure_keys, open_parts
from support.hub import config


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
