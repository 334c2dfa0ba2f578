"""`Idempotency-Key`: the same POST sent twice is done once, and answered twice.

An answer may hold a token that is shown once, so it is kept sealed: by the client's key, of which only a
hash over the principal and it is kept. Whoever reads the database reads no answer.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from roomgate.clock import Clock, iso
from roomgate.errors import BadInput, Conflict
from roomgate.hub.db.schema import idempotency
from roomgate.storage.database import Database

KEPT = timedelta(hours=24)
_NONCE = 12


class KeyReused(Conflict):
    """The same key with another request."""

    code = "idempotency.reused"
    hint = "Use a new Idempotency-Key for each new request."


class StillUnderWay(Conflict):
    """The first request with this key has not been answered yet, or its answer was lost."""

    code = "idempotency.under-way"
    hint = "Look at what came of the first request before you send it again under a new key."


class Kept(msgspec.Struct, frozen=True):
    """An answer as it was given."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Slot:
    """Where one principal's one key has its answer."""

    hash: str
    request: str
    seal: bytes


def build_slot(principal: str, key: str, method: str, path: str, body: bytes) -> Slot:
    """Raises BadInput for a key that cannot be one."""
    if not 1 <= len(key) <= 200 or not key.isprintable():
        raise BadInput("An Idempotency-Key has 1 to 200 printable characters.")
    both = f"{principal}\0{key}".encode()
    request = hashlib.sha256(f"{method}\0{path}\0".encode() + body).hexdigest()
    return Slot(hashlib.sha256(b"id\0" + both).hexdigest(), request, hashlib.sha256(b"seal\0" + both).digest())


class Idempotency:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def begin(self, slot: Slot) -> Kept | None:
        """The kept answer, or None: then this request is the first, and must `finish` or `forget`."""
        now = self._clock.now()

        def unit(conn: Connection) -> tuple[str, int, bytes] | None:
            conn.execute(delete(idempotency).where(idempotency.c.created < iso(now - KEPT)))
            row = conn.execute(select(idempotency).where(idempotency.c.hash == slot.hash)).first()
            if row is not None:
                return row.request, row.status, bytes(row.body)
            fresh = {"hash": slot.hash, "request": slot.request, "status": 0, "body": b"", "created": iso(now)}
            conn.execute(insert(idempotency), fresh)
            return None

        try:
            found = await self._db.write(unit)
        except IntegrityError as bad:
            raise StillUnderWay("Another request with this key is under way.") from bad
        if found is None:
            return None
        request, status, body = found
        if request != slot.request:
            raise KeyReused("This Idempotency-Key was used for another request.")
        if status == 0:
            raise StillUnderWay("The first request with this key has no answer yet.")
        try:
            return msgspec.msgpack.decode(AESGCM(slot.seal).decrypt(body[:_NONCE], body[_NONCE:], None), type=Kept)
        except (InvalidTag, msgspec.MsgspecError) as bad:
            raise StillUnderWay("The kept answer cannot be read.") from bad

    async def finish(self, slot: Slot, kept: Kept) -> None:
        nonce = secrets.token_bytes(_NONCE)
        sealed = nonce + AESGCM(slot.seal).encrypt(nonce, msgspec.msgpack.encode(kept), None)
        done = update(idempotency).where(idempotency.c.hash == slot.hash).values(status=kept.status, body=sealed)
        await self._db.write(lambda conn: conn.execute(done) and None)

    async def forget(self, slot: Slot) -> None:
        """Nothing was done: the key may be used again."""
        gone = delete(idempotency).where(idempotency.c.hash == slot.hash)
        await self._db.write(lambda conn: conn.execute(gone) and None)
