"""Each answer that the witness specification knows, without a network."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.clock import HandClock
from roomgate.ledger.checkpoint import Checkpoint, Note, SignatureLine, VerifierKey
from roomgate.ledger.tree import Frontier, consistency_proof, leaf_hash, root_at
from roomgate.ledger.witnessing import SIZE_TYPE, AddCheckpoint
from roomgate.storage.database import Database
from roomgate.witness.app import Witness
from roomgate.witness.memory import Memory, metadata

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
ORIGIN = "roomgate.hub/main"
LOG = VerifierKey.of(ORIGIN, LOG_KEY)
NODES = {}
_frontier = Frontier()
for _n in range(9):
    _frontier, _full = _frontier.append(leaf_hash(b"%d" % _n))
    NODES.update({(n.level, n.place): n.hash for n in _full})


def node(level, index):
    return NODES[level, index]


def body(old, new, *, key=LOG_KEY, origin=ORIGIN, root=None, proof=None):
    note = Checkpoint(origin, new, root or root_at(new, node)).sign(key)
    steps = consistency_proof(old, new, node) if proof is None else proof
    return AddCheckpoint(old, tuple(steps), str(note)).body()


class Client:
    def __init__(self, app):
        self.app = app

    async def __call__(self, method, path, *parts, disconnects=False):
        messages = [{"type": "http.request", "body": p, "more_body": True} for p in parts]
        messages.append({"type": "http.disconnect"} if disconnects else {"type": "http.request", "body": b""})
        sent = []

        async def receive():
            return messages.pop(0)

        async def send(message):
            sent.append(message)

        await self.app({"type": "http", "method": method, "path": path}, receive, send)
        return sent[0]["status"], dict(sent[0]["headers"])[b"content-type"].decode(), sent[1]["body"]


def witness(db, logs):
    return Witness("w.example.com", KEY, lambda: logs, Memory(db), HandClock())


@pytest.mark.asyncio
async def test_a_continuing_checkpoint_is_cosigned_with_the_time(tmp_path):
    db = Database.open(tmp_path / "witness.db", metadata)
    app = witness(db, {ORIGIN: LOG})
    status, _, text = await Client(app)("POST", "/add-checkpoint", body(0, 5)[:20], body(0, 5)[20:])
    assert status == 200
    note = Checkpoint(ORIGIN, 5, root_at(5, node)).sign(LOG_KEY)
    signed = Note(note.text, (SignatureLine.parse(text.decode().rstrip("\n")),))
    assert signed.cosigned_at(app.verifier) == int(HandClock().now().timestamp())
    assert (await Client(app)("POST", "/add-checkpoint", body(5, 9)))[0] == 200
    await db.aclose()


@pytest.mark.parametrize(
    ("request_body", "status"),
    [
        (b"rubbish", 400),
        (b"old 0\n\nrubbish", 400),
        (b"x" * 70000, 400),
        (body(0, 9, origin="roomgate.hub/unknown"), 404),
        (body(0, 9, key=KEY), 403),
        (body(0, 9, proof=[bytes(32)]), 422),
        (body(5, 9, proof=[bytes(32)]), 422),
        (body(5, 9, root=bytes(32)), 422),
        (body(5, 3, proof=[]), 400),
        (body(3, 9), 409),
        (body(0, 9), 409),
        (body(5, 5, root=bytes(32)), 409),
    ],
)
@pytest.mark.asyncio
async def test_each_refusal_has_its_status_and_signs_nothing(tmp_path, request_body, status):
    db = Database.open(tmp_path / "witness.db", metadata)
    client = Client(witness(db, {ORIGIN: LOG}))
    if request_body != body(0, 9, proof=[bytes(32)]):
        assert (await client("POST", "/add-checkpoint", body(0, 5)))[0] == 200
    got, kind, text = await client("POST", "/add-checkpoint", request_body)
    assert got == status
    assert "—".encode() not in text
    if status == 409:
        assert (kind, text) == (SIZE_TYPE, b"5\n")
    await db.aclose()


@pytest.mark.asyncio
async def test_a_request_that_stops_half_way_is_refused(tmp_path):
    db = Database.open(tmp_path / "witness.db", metadata)
    client = Client(witness(db, {ORIGIN: LOG}))
    assert (await client("POST", "/add-checkpoint", body(0, 5), disconnects=True))[0] == 400
    await db.aclose()


@pytest.mark.asyncio
async def test_nothing_is_signed_when_nothing_can_be_kept(tmp_path):
    db = Database.open(tmp_path / "witness.db", metadata)
    client = Client(witness(db, {ORIGIN: LOG}))
    await db.aclose()
    status, _, text = await client("POST", "/add-checkpoint", body(0, 5))
    assert (status, text) == (503, b"storage.failed\n")


@pytest.mark.asyncio
async def test_the_other_addresses(tmp_path):
    db = Database.open(tmp_path / "witness.db", metadata)
    app = witness(db, {})
    client = Client(app)
    assert await client("GET", "/healthz") == (200, "text/plain; charset=utf-8", b"ok\n")
    assert (await client("GET", "/key"))[2] == f"{app.verifier}\n".encode()
    for method, path in (("GET", "/add-checkpoint"), ("POST", "/key"), ("GET", "/"), ("GET", "/key/")):
        assert (await client(method, path))[0] == 404
    await db.aclose()
