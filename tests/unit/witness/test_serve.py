"""The witness as a program: its key, its TLS, its end."""

import asyncio
import ssl
import stat
import urllib.request

import pytest
import trustme

from roomgate.errors import BadInput
from roomgate.ledger.witnessing import parse_witness_key
from roomgate.witness.serve import WitnessConfig, ensure_key, ensure_verifier, serve


def test_the_key_is_made_once_and_is_the_owners_alone(tmp_path):
    first = ensure_key(tmp_path / "data")
    assert ensure_key(tmp_path / "data").private_bytes_raw() == first.private_bytes_raw()
    assert stat.S_IMODE((tmp_path / "data" / "witness.key").stat().st_mode) == 0o600
    assert ensure_verifier(tmp_path / "data", "w").key == first.public_key().public_bytes_raw()


def test_a_broken_key_file_is_not_replaced(tmp_path):
    (tmp_path / "witness.key").write_bytes(b"short")
    with pytest.raises(BadInput):
        ensure_key(tmp_path)
    assert (tmp_path / "witness.key").read_bytes() == b"short"


@pytest.mark.asyncio
async def test_it_answers_over_tls_and_ends_when_cancelled(tmp_path):
    ca = trustme.CA()
    server = ca.issue_cert("127.0.0.1")
    server.private_key_pem.write_to_path(tmp_path / "tls.key")
    server.cert_chain_pems[0].write_to_path(tmp_path / "tls.crt")
    ca.cert_pem.write_to_path(tmp_path / "ca.crt")
    config = WitnessConfig(tmp_path / "data", "w.example.com", tmp_path / "tls.crt", tmp_path / "tls.key")
    address = asyncio.get_running_loop().create_future()

    tls = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))

    def fetch(url):
        with urllib.request.urlopen(url, context=tls, timeout=5) as answer:
            return answer.read().decode()

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        task = group.create_task(serve(config, address.set_result))
        url = await address
        assert parse_witness_key(await asyncio.to_thread(fetch, url + "/key")) == ensure_verifier(
            tmp_path / "data", "w.example.com"
        )
        task.cancel()
    with pytest.raises(OSError):
        await asyncio.to_thread(fetch, url + "/healthz")
