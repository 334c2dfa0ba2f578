"""The witness's web server: three addresses, no state of its own beyond `Memory`.

``POST /add-checkpoint`` per https://c2sp.org/tlog-witness, ``GET /key`` its public key, ``GET /healthz``.
A raw ASGI application: so little needs no framework.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.clock import Clock
from roomgate.errors import BadInput, RoomgateError
from roomgate.ledger.checkpoint import COSIGNATURE, BadNote, Checkpoint, Note, VerifierKey, cosign
from roomgate.ledger.tree import BadProof
from roomgate.ledger.witnessing import LARGEST_BODY, SIZE_TYPE, AddCheckpoint, BadRequest
from roomgate.witness.logs import Logs
from roomgate.witness.memory import Memory, OtherSize

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Answer = tuple[int, str, str]

_PLAIN = "text/plain; charset=utf-8"
_BODY_S = 10.0


class Witness:
    """Signs checkpoints of the logs it knows, each only if it continues the last one it signed."""

    def __init__(
        self, name: str, key: Ed25519PrivateKey, logs: Callable[[], Logs], memory: Memory, clock: Clock
    ) -> None:
        self._name = name
        self._key = key
        self._logs = logs
        self._memory = memory
        self._clock = clock
        self.verifier = VerifierKey.of(name, key, COSIGNATURE)

    async def add_checkpoint(self, body: bytes) -> Answer:
        """Judge one request; the status codes are the specification's."""
        try:
            request = AddCheckpoint.parse(body)
            note = Note.parse(request.note)
            checkpoint = Checkpoint.parse(note.text)
        except (BadRequest, BadNote) as bad:
            return 400, _PLAIN, f"{bad}\n"
        trusted = self._logs().get(checkpoint.origin)
        if trusted is None:
            return 404, _PLAIN, "this log is not known here\n"
        try:
            note.verify(trusted)
        except BadNote as bad:
            return 403, _PLAIN, f"{bad}\n"
        try:
            await self._memory.advance(request, checkpoint)
        except OtherSize as other:
            return 409, SIZE_TYPE, f"{other.size}\n"
        except BadProof as bad:
            return 422, _PLAIN, f"{bad}\n"
        except BadInput as bad:
            return 400, _PLAIN, f"{bad}\n"
        line = cosign(note.text, self._name, self._key, int(self._clock.now().timestamp()))
        return 200, _PLAIN, f"{line}\n"

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            answer = await self._route(scope["method"], scope["path"], receive)
        except RoomgateError as fault:  # the disk: nothing was signed
            answer = 503, _PLAIN, f"{fault.code}\n"
        await _send(answer, send)

    async def _route(self, method: str, path: str, receive: Receive) -> Answer:
        match method, path:
            case "POST", "/add-checkpoint":
                body = await _body(receive)
                return await self.add_checkpoint(body) if body is not None else (400, _PLAIN, "too large or too slow\n")
            case "GET", "/key":
                return 200, _PLAIN, f"{self.verifier}\n"
            case "GET", "/healthz":
                return 200, _PLAIN, "ok\n"
            case _:
                return 404, _PLAIN, "there is nothing here\n"


async def _body(receive: Receive) -> bytes | None:
    """The request's body; None if it is too large, comes too slowly, or stops."""
    body = b""
    try:
        async with asyncio.timeout(_BODY_S):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return None
                part: bytes = message.get("body", b"")
                body += part
                if len(body) > LARGEST_BODY:
                    return None
                if not message.get("more_body", False):
                    return body
    except TimeoutError:
        return None


async def _send(answer: Answer, send: Send) -> None:
    status, kind, text = answer
    body = text.encode()
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
