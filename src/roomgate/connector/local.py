"""The local operator's door: a unix-domain socket, for the account that runs the connector and for root.

It is there while the hub is away, and whatever the hub says: to see who is here, to cut all, to hang up, to
confirm a room. One JSON object a line, one answer a line. The connector listens nowhere else, and on no
network at all.
"""

import asyncio
import os
import socket
import struct
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, assert_never

import msgspec

from roomgate import log
from roomgate.errors import BadInput, Conflict, RoomgateError, Unreachable
from roomgate.redact import Secret
from roomgate.xapi.errors import XapiError

LINE_BYTES = 64 * 1024
IDLE_S = 60.0
WORK_S = 30.0

_log = log.get("local")


class Status(msgspec.Struct, frozen=True, tag_field="do", tag="status", forbid_unknown_fields=True):
    """How it all is."""


class Sessions(msgspec.Struct, frozen=True, tag_field="do", tag="sessions", forbid_unknown_fields=True):
    """Who is in which room from outside, and what lasts of what they began."""


class CutAll(msgspec.Struct, frozen=True, tag_field="do", tag="cut-all", forbid_unknown_fields=True):
    """End everything from outside, in every room."""

    reason: str = ""


class HangUp(msgspec.Struct, frozen=True, tag_field="do", tag="hang-up", forbid_unknown_fields=True):
    """End the calls of one room."""

    room: str


class Confirm(msgspec.Struct, frozen=True, tag_field="do", tag="confirm", forbid_unknown_fields=True):
    """The operator has looked at a room in quarantine: it may be spoken to again."""

    room: str


class VaultPut(msgspec.Struct, frozen=True, tag_field="do", tag="vault-put", forbid_unknown_fields=True):
    """Keep a password."""

    room: str
    account: str
    password: str
    new: bool = False  # of a room that is about to join the site's file


class VaultRemove(msgspec.Struct, frozen=True, tag_field="do", tag="vault-remove", forbid_unknown_fields=True):
    """Forget a room's passwords, or one."""

    room: str
    account: str | None = None


class Backups(msgspec.Struct, frozen=True, tag_field="do", tag="backups", forbid_unknown_fields=True):
    """The backups that the site keeps of one room."""

    room: str


class BackupExport(msgspec.Struct, frozen=True, tag_field="do", tag="backup-export", forbid_unknown_fields=True):
    """All that is in one of them, in the clear."""

    room: str
    id: str


Wish = Status | Sessions | CutAll | HangUp | Confirm | VaultPut | VaultRemove | Backups | BackupExport
_decoder: msgspec.json.Decoder[Wish] = msgspec.json.Decoder(Wish)


class Operator(Protocol):
    """What the door opens to. Every method gives what the operator is shown; raises RoomgateError or XapiError."""

    async def status(self) -> dict[str, Any]: ...

    async def sessions(self) -> dict[str, Any]: ...

    async def cut_all(self, reason: str, by: str) -> dict[str, Any]: ...

    async def hang_up(self, room: str) -> dict[str, Any]: ...

    async def confirm(self, room: str, by: str) -> dict[str, Any]: ...

    async def vault_put(
        self, room: str, account: str, password: Secret[str], by: str, *, new: bool
    ) -> dict[str, Any]: ...

    async def vault_remove(self, room: str, account: str | None, by: str) -> dict[str, Any]: ...

    async def list_backups(self, room: str) -> dict[str, Any]: ...

    async def export_backup(self, room: str, id: str) -> dict[str, Any]: ...


class Door:
    """The socket. `run` opens it, and takes it away at the end."""

    def __init__(self, path: Path, operator: Operator) -> None:
        self._path = path
        self._operator = operator

    async def run(self, opened: Callable[[], None] = lambda: None) -> None:
        """Serve until cancelled. Raises Conflict where another connector serves this data folder."""
        listening = _bind(self._path)
        try:
            async with asyncio.TaskGroup() as group:
                server = await asyncio.start_unix_server(
                    lambda reader, writer: _start(group, self._serve(reader, writer)), sock=listening, limit=LINE_BYTES
                )
                opened()
                async with server:
                    await asyncio.Event().wait()
        finally:
            listening.close()
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            who = _peer(writer)
            if who is None:
                return
            while True:
                async with asyncio.timeout(IDLE_S):
                    line = await reader.readline()
                if not line.endswith(b"\n"):
                    return
                writer.write(msgspec.json.encode(await self._answer(line, who)) + b"\n")
                async with asyncio.timeout(IDLE_S):
                    await writer.drain()
        except (OSError, ValueError, TimeoutError) as gone:  # ValueError: a line that is too long
            _log.debug("local.gone", error=str(gone)[:100])
        finally:
            writer.close()

    async def _answer(self, line: bytes, who: str) -> dict[str, Any]:
        try:
            wish = _parse(line)
            _log.info("local.asked", do=type(wish).__name__, by=who)
            async with asyncio.timeout(WORK_S):
                return {"ok": True, **await self._do(wish, who)}
        except TimeoutError:
            return {"ok": False, "code": "timeout", "error": "It took too long; look at the status."}
        except (RoomgateError, XapiError) as no:
            return {"ok": False, "code": no.code, "error": no.message, "hint": no.hint}

    async def _do(self, wish: Wish, who: str) -> dict[str, Any]:
        operator = self._operator
        match wish:
            case Status():
                return await operator.status()
            case Sessions():
                return await operator.sessions()
            case CutAll(reason=reason):
                return await operator.cut_all(reason, who)
            case HangUp(room=room):
                return await operator.hang_up(room)
            case Confirm(room=room):
                return await operator.confirm(room, who)
            case VaultPut(room=room, account=account, password=password, new=new):
                return await operator.vault_put(room, account, Secret(password), who, new=new)
            case VaultRemove(room=room, account=account):
                return await operator.vault_remove(room, account, who)
            case Backups(room=room):
                return await operator.list_backups(room)
            case BackupExport(room=room, id=id):
                return await operator.export_backup(room, id)
            case _:
                assert_never(wish)


async def ask_local(path: Path, wish: dict[str, Any]) -> dict[str, Any]:
    """The other end, for the command line: one wish, one answer. Raises Unreachable if no connector serves there."""
    try:
        async with asyncio.timeout(WORK_S + 5):
            with _address(path) as address:
                reader, writer = await asyncio.open_unix_connection(address, limit=16 * 1024 * 1024)
            try:
                writer.write(msgspec.json.encode(wish) + b"\n")
                await writer.drain()
                answer = msgspec.json.decode(await reader.readline(), type=dict[str, Any])
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError, msgspec.MsgspecError) as bad:
        raise Unreachable(f"No connector answers at {path}.", hint="Start it with `roomgate connector serve`.") from bad
    return answer


def _parse(line: bytes) -> Wish:
    try:
        return _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as bad:
        # What was sent may hold a password, and msgspec's words name fields only; still, none of it is repeated.
        raise BadInput("This is no wish that the connector knows.") from bad


def _bind(path: Path) -> socket.socket:
    """The listening socket, which nobody else can open even for a moment. A dead one's place is taken."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _address(path) as address:
            if path.exists():
                with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
                    try:
                        other.connect(address)
                    except OSError:
                        path.unlink(missing_ok=True)
                    else:
                        raise Conflict("Another connector serves this data folder.")
            before = os.umask(0o177)
            try:
                listening.bind(address)
            finally:
                os.umask(before)
        listening.setblocking(False)
    except OSError as bad:
        listening.close()
        raise BadInput(f"The local socket {path} cannot be made: {bad}") from bad
    except RoomgateError:
        listening.close()
        raise
    return listening


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """The socket's address by way of its folder's handle: a socket's own path may have 107 bytes (unix(7))."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _peer(writer: asyncio.StreamWriter) -> str | None:
    """Who is at the other end, by the kernel's word; None for anybody but our own account and root."""
    peer: socket.socket = writer.get_extra_info("socket")
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    if uid not in (0, os.geteuid()):
        _log.warning("local.refused", uid=uid)
        return None
    return f"local:{uid}"


def _start(group: asyncio.TaskGroup, work: Coroutine[Any, Any, None]) -> None:
    group.create_task(work, name="local.caller")
