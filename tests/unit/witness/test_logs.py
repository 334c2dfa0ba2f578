"""The file of trusted logs."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.errors import BadInput
from roomgate.ledger.checkpoint import COSIGNATURE, VerifierKey
from roomgate.witness.logs import load_logs, parse_logs

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LOG = VerifierKey.of("roomgate.hub/main", KEY)


def test_logs_are_read_by_origin(tmp_path):
    (tmp_path / "logs.json").write_text(json.dumps({LOG.name: str(LOG)}))
    assert load_logs(tmp_path / "logs.json") == {LOG.name: LOG}


def test_no_file_means_no_log(tmp_path):
    assert load_logs(tmp_path / "logs.json") == {}


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(BadInput):
        load_logs(tmp_path)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"roomgate.hub/main": 7}',
        b'{"roomgate.hub/main": "rubbish"}',
        json.dumps({"roomgate.hub/other": str(LOG)}).encode(),
        json.dumps({"w": str(VerifierKey.of("w", KEY, COSIGNATURE))}).encode(),
    ],
)
def test_a_wrong_file_is_refused_whole(raw):
    with pytest.raises(BadInput):
        parse_logs(raw)
