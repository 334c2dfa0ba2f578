"""A record and a witness over real TLS on loopback."""

import asyncio
import json
import ssl
from contextlib import asynccontextmanager

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.errors import BadInput, Unreachable
from roomgate.ledger.checkpoint import Note
from roomgate.ledger.event import LinkDown
from roomgate.ledger.witnessing import WitnessAhead, WitnessRefused
from roomgate.storage.database import Database
from roomgate.storage.record import Record, metadata
from roomgate.storage.verify import verify
from roomgate.storage.witnessed import push
from roomgate.witness.serve import WitnessConfig, ensure_verifier, serve

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "roomgate.hub/main"
NAME = "w.example.com"


def down(text):
    return LinkDown(at="2026-03-10T09:00:00.000Z", session=str(text))


@asynccontextmanager
async def opened(folder, name):
    db = Database.open(folder / name / "hub.db", metadata)
    try:
        yield Record(db, ORIGIN, KEY)
    finally:
        await db.aclose()


@asynccontextmanager
async def witness_at(folder):
    ca = trustme.CA()
    cert = ca.issue_cert("127.0.0.1")
    cert.private_key_pem.write_to_path(folder / "tls.key")
    cert.cert_chain_pems[0].write_to_path(folder / "tls.crt")
    tls = ssl.create_default_context(cadata=ca.cert_pem.bytes().decode())
    address = asyncio.get_running_loop().create_future()
    config = WitnessConfig(folder / "witness", NAME, folder / "tls.crt", folder / "tls.key")
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        task = group.create_task(serve(config, address.set_result))
        yield await address, tls
        task.cancel()


def trust(folder, record):
    (folder / "witness").mkdir(exist_ok=True)
    (folder / "witness" / "logs.json").write_text(json.dumps({ORIGIN: str(record.verifier)}))
    return ensure_verifier(folder / "witness", NAME)


@pytest.mark.asyncio
async def test_a_growing_record_is_witnessed_again_and_again(tmp_path):
    async with opened(tmp_path, "data") as record, witness_at(tmp_path) as (url, tls):
        key = trust(tmp_path, record)
        assert await push(record, url, key, tls) == 0
        for size in (1, 2, 7):
            while await record.size() < size:
                await record.add(down(size))
            assert await push(record, url, key, tls) == size
            seen, note = await record.witnessed()
            assert seen == size
            assert Note.parse(note).cosigned_at(key) > 0
        assert await push(record, url + "/", key, tls) == 7
        assert verify(tmp_path / "data", witnesses=[key]).witnessed_size == 7


@pytest.mark.asyncio
async def test_a_lost_answer_is_caught_up_from_the_size_that_the_witness_tells(tmp_path):
    async with opened(tmp_path, "a") as first, opened(tmp_path, "b") as second, witness_at(tmp_path) as (url, tls):
        key = trust(tmp_path, first)
        for n in range(3):
            await first.add(down(n))
            await second.add(down(n))
        await push(first, url, key, tls)
        await second.add(down(3))
        assert await push(second, url, key, tls) == 4


@pytest.mark.asyncio
async def test_a_record_that_was_cut_short_is_told_so(tmp_path):
    async with opened(tmp_path, "a") as full, opened(tmp_path, "b") as short, witness_at(tmp_path) as (url, tls):
        key = trust(tmp_path, full)
        for n in range(3):
            await full.add(down(n))
        await push(full, url, key, tls)
        await short.add(down(0))
        with pytest.raises(WitnessAhead):
            await push(short, url, key, tls)
        assert await short.witnessed() == (0, "")


@pytest.mark.parametrize("more", [0, 2])
@pytest.mark.asyncio
async def test_a_rewritten_record_is_not_signed(tmp_path, more):
    async with opened(tmp_path, "a") as honest, opened(tmp_path, "b") as forged, witness_at(tmp_path) as (url, tls):
        key = trust(tmp_path, honest)
        for n in range(3):
            await honest.add(down(n))
        await push(honest, url, key, tls)
        for n in range(3 + more):
            await forged.add(down(f"forged {n}"))
        with pytest.raises(WitnessRefused):
            await push(forged, url, key, tls)
        assert await forged.witnessed() == (0, "")


@pytest.mark.asyncio
async def test_a_witness_that_does_not_know_us_refuses(tmp_path):
    async with opened(tmp_path, "data") as record, witness_at(tmp_path) as (url, tls):
        await record.add(down(1))
        with pytest.raises(WitnessRefused, match="404"):
            await push(record, url, ensure_verifier(tmp_path / "witness", NAME), tls)


@pytest.mark.asyncio
async def test_a_witness_that_is_not_the_one_we_know_is_not_believed(tmp_path):
    async with opened(tmp_path, "data") as record, witness_at(tmp_path) as (url, tls):
        trust(tmp_path, record)
        await record.add(down(1))
        with pytest.raises(WitnessRefused):
            await push(record, url, ensure_verifier(tmp_path / "other", NAME), tls)
        assert await record.witnessed() == (0, "")


@pytest.mark.asyncio
async def test_an_unknown_certificate_or_no_answer_is_unreachable(tmp_path):
    async with opened(tmp_path, "data") as record:
        key = trust(tmp_path, record)
        await record.add(down(1))
        async with witness_at(tmp_path) as (url, tls):
            with pytest.raises(Unreachable):
                await push(record, url, key, ssl.create_default_context())
        with pytest.raises(Unreachable):
            await push(record, url, key, tls)
        with pytest.raises(BadInput):
            await push(record, url.replace("https", "http"), key, tls)
