from pathlib import Path

import pytest

from roomgate.hub.identity import factor_store as store
from roomgate.hub.identity.factor_store import FactorKind
from roomgate.ids import FactorId
from support.hub import running

pytestmark = pytest.mark.asyncio
AT = "2026-03-10T09:00:00.000Z"


async def test_each_use_goes_on_and_only_what_lives_is_used(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        bob, eve = await hub.person("bob"), await hub.person("eve")

        def unit(conn: store.Connection) -> None:
            app, key, code = FactorId("factor_a"), FactorId("factor_k"), FactorId("factor_c")
            store.add(conn, code, bob.id, FactorKind.RECOVERY, "", AT, credential="digest")
            assert not store.has_second(conn, bob.id)  # recovery codes alone are none
            store.add(conn, app, bob.id, FactorKind.TOTP, "app", AT, secret=b"sealed", counter=5)
            store.add(conn, key, bob.id, FactorKind.PASSKEY, "key", AT, credential="id", secret=b"public")
            assert store.has_second(conn, bob.id)
            assert not store.has_second(conn, eve.id)
            assert [store.use_step(conn, app, step, AT) for step in (5, 4, 6, 6, 7)] == [
                False,
                False,
                True,
                False,
                True,
            ]
            counters = (0, 0, 3, 3, 2, 0, 4)
            assert [store.use_passkey(conn, key, n, AT) for n in counters] == [
                True,
                True,
                True,
                False,
                False,
                False,
                True,
            ]
            assert not store.use_recovery(conn, eve.id, "digest", AT)
            assert [store.use_recovery(conn, bob.id, "digest", AT) for _ in range(2)] == [True, False]
            assert store.end(conn, eve.id, "removed", id=app) == []
            assert [one.id for one in store.end(conn, bob.id, "removed", id=app)] == [app]
            assert not store.use_step(conn, app, 9, AT)
            assert [one.kind for one in store.end(conn, bob.id, "reset")] == [FactorKind.PASSKEY]
            assert store.find_passkey(conn, "id") is None
            assert store.credential_taken(conn, "id")
            assert not store.has_second(conn, bob.id)

        await hub.parts.db.write(unit)
