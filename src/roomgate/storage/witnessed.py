"""Has a record's checkpoints signed by a witness: the network side of `ledger.witnessing`."""

import asyncio
import http.client
import ssl
from urllib.parse import urlsplit

from roomgate.errors import BadInput, Unreachable
from roomgate.ledger.checkpoint import Checkpoint, Note, VerifierKey
from roomgate.ledger.witnessing import (
    LARGEST_BODY,
    AddCheckpoint,
    Cosigned,
    LastSaw,
    WitnessAhead,
    WitnessRefused,
    parse_answer,
)
from roomgate.storage.record import Record

_DEADLINE_S = 10.0


async def push(record: Record, url: str, witness: VerifierKey, tls: ssl.SSLContext) -> int:
    """Have the record's present checkpoint signed, and keep the signature; gives the size signed for.

    ``url`` is the witness's address, without ``add-checkpoint``. Nothing is sent if the witness has signed
    this size already. Raises Unreachable, WitnessRefused, or WitnessAhead: the witness knows a longer
    record, so ours was cut short. Cancelling leaves the record as it was.
    """
    raw = await record.checkpoint()
    note = Note.parse(raw)
    size = Checkpoint.parse(note.text).size
    if size == 0 or any((s.name, s.key_id) == (witness.name, witness.id) for s in note.signatures):
        return size
    old, _ = await record.witnessed()
    for _ in range(2):
        request = AddCheckpoint(old, tuple(await record.consistency(old, size)), raw)
        status, kind, body = await asyncio.to_thread(_post, url, request.body(), tls)
        match parse_answer(status, kind, body, note, witness):
            case Cosigned(lines):
                await record.cosigned(size, lines)
                return size
            case LastSaw(seen) if seen > size:
                raise WitnessAhead(f"the witness has signed for {seen} entries, and here are {size}", seen)
            case LastSaw(seen):
                old = seen
    raise WitnessRefused("the witness names another size each time, or saw another record of this size")


def _post(url: str, body: bytes, tls: ssl.SSLContext) -> tuple[int, str, bytes]:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise BadInput("a witness's address begins with https://")
    connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=_DEADLINE_S, context=tls)
    try:
        path = parts.path.rstrip("/") + "/add-checkpoint"
        connection.request("POST", path, body, {"Content-Type": "text/plain; charset=utf-8"})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Content-Type", ""), answer.read(LARGEST_BODY)
    except (OSError, http.client.HTTPException) as fault:
        raise Unreachable(f"the witness at {parts.hostname}: {fault}") from fault
    finally:
        connection.close()
