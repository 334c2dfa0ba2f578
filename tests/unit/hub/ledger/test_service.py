from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.clock import iso
from roomgate.errors import Conflict
from roomgate.hub.identity.person import Forbidden
from roomgate.hub.ledger import store
from roomgate.hub.ledger.service import RecordForked
from roomgate.ids import ConnectorId
from roomgate.ledger.checkpoint import BadNote, Checkpoint
from roomgate.ledger.event import OrderAbout, OrderOutcome, OrderRefused, OutcomeKnown, Permitted
from roomgate.ledger.tree import Frontier, leaf_hash
from roomgate.storage.verify import verify
from support.hub import Hub, running

pytestmark = pytest.mark.asyncio
KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()


def note(entries: list[bytes], key: Ed25519PrivateKey = KEY, origin: str = "roomgate.connector/home") -> str:
    frontier = Frontier()
    for raw in entries:
        frontier, _ = frontier.append(leaf_hash(raw))
    return str(Checkpoint(origin, len(entries), frontier.root()).sign(key))


async def keep(hub: Hub, connector: ConnectorId, start: int, entries: list[bytes], checkpoint: str) -> int:
    return await hub.parts.ledger.keep_site_entries(connector, PUBLIC, start, entries, checkpoint)


async def test_entries_are_kept_batch_by_batch(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        id = (await hub.connector()).id
        all_of_them = [b"a", b"b", b"c"]
        assert await keep(hub, id, 0, [b"a", b"b"], note(all_of_them)) == 2
        assert await keep(hub, id, 1, [b"b", b"c"], note(all_of_them)) == 3
        assert await keep(hub, id, 0, all_of_them, note(all_of_them)) == 3
        assert await hub.parts.ledger.kept_size(id) == 3
        assert [raw for _, raw in await hub.parts.db.read(lambda conn: store.entries(conn, id, 0, 9))] == all_of_them


async def test_a_sites_entries_of_a_room_are_read_newest_first_by_auditors_alone(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        id, at = (await hub.connector()).id, iso(hub.clock.now())
        assert await hub.parts.ledger.site_entries(hub.admin, id, "oslo", 9) == []
        told = [
            OrderOutcome(at=at, order=f"order_{n}", outcome="done", room=room).encode()
            for n, room in enumerate(("oslo", "rome", "oslo", "oslo"))
        ] + [b"rubbish"]
        await keep(hub, id, 0, told, note(told))
        found = await hub.parts.ledger.site_entries(hub.admin, id, "oslo", 2)
        assert [(one.index, one.event.order) for one in found] == [(3, "order_3"), (2, "order_2")]  # type: ignore[union-attr]
        await hub.person("bob")
        with pytest.raises(Forbidden):
            await hub.parts.ledger.site_entries((await hub.sign_in("bob"))[0], id, "oslo", 2)


async def test_another_past_is_refused_and_becomes_a_finding(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        id = (await hub.connector()).id
        await keep(hub, id, 0, [b"a", b"b"], note([b"a", b"b"]))
        for start, entries, checkpoint in (
            (0, [b"x"], note([b"x", b"b"])),
            (0, [b"x"], note([b"a", b"b"])),  # as if the checkpoint were over other entries
            (2, [b"c"], note([b"x", b"b", b"c"])),
            (2, [b"c"], note([b"a", b"b"])),
            (2, [b"c"], note([b"a", b"b", b"c"], origin="roomgate.connector/other")),
        ):
            with pytest.raises(RecordForked):
                await keep(hub, id, start, entries, checkpoint)
        assert await hub.parts.ledger.kept_size(id) == 2
        assert {f.severity for f in await hub.parts.findings.page()} == {"critical"}


async def test_a_gap_and_a_foreign_signature_are_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        id = (await hub.connector()).id
        with pytest.raises(Conflict):
            await keep(hub, id, 1, [b"b"], note([b"a", b"b"]))
        for bad in (note([b"a"], Ed25519PrivateKey.generate()), "rubbish", ""):
            with pytest.raises(BadNote):
                await keep(hub, id, 0, [b"a"], bad)
        assert await hub.parts.ledger.kept_size(id) == 0


async def test_an_order_that_the_hub_never_permitted_is_a_finding_once(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        id, at = (await hub.connector()).id, iso(hub.clock.now())
        mine = {"order": "order_1", "room": "oslo", "call": "Dial", "digest": "d", "principal": "p"}
        permit = Permitted(at=at, ask="a", grant="g", connector=id, **mine)
        good = [
            OrderAbout(at=at, grant="g", **mine).encode(),
            OrderOutcome(at=at, order="order_1", outcome="done", room="oslo").encode(),
        ]
        await hub.parts.record.add(permit)
        await hub.parts.record.add(OutcomeKnown(at=at, order="order_1", outcome="done"))
        await keep(hub, id, 0, good, note(good))
        assert await hub.parts.ledger.reconcile() == []
        evil = OrderRefused(at=at, rule="policy", **{**mine, "order": "order_2"}).encode()
        await keep(hub, id, 2, [evil], note([*good, evil]))
        for _ in range(2):
            assert [d.order for d in await hub.parts.ledger.reconcile()] == ["order_2"]
        (finding,) = await hub.parts.findings.page()
        assert (finding.severity, finding.evidence["rule"]) == ("critical", "policy")
        assert (await hub.kinds()).count("finding") == 1


async def test_the_record_is_for_who_may_audit(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("guest")
        guest, _ = await hub.sign_in("guest")
        for act in (
            hub.parts.ledger.entries(guest),
            hub.parts.ledger.prove(guest, 0),
            hub.parts.ledger.checkpoint(guest),
        ):
            with pytest.raises(Forbidden):
                await act
        indices = [e.index for e in await hub.parts.ledger.entries(hub.admin, before=3)]
        assert indices == [2, 1, 0]


async def test_without_a_witness_the_record_still_signs_itself_once_for_each_growth(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.parts.ledger.push_to_witness()
        size = await hub.parts.record.size()
        verdict = verify(tmp_path)
        assert (verdict.ok, verdict.signed_size, verdict.witnessed_size) == (True, size, 0)
        await hub.person("bob")
        await hub.parts.ledger.push_to_witness()
        assert verify(tmp_path).signed_size == await hub.parts.record.size() > size
