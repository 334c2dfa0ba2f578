"""What a room's site has to say when something went wrong, in one bundle, without its secrets.

There is no supported interface for the device's own archive of logs. So this is what the device tells over the
interface that we use, and what the connector itself knows. Each part is read only if grant and site both allow it,
and a part that is not there is named in ``bundle.json`` with the reason. Secrets are taken out here, before anything
leaves the site; the SHA-256 of what was read stays in the site's ledger, before the bundle goes.
"""

import asyncio
import hashlib
import io
import json
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from roomgate import log
from roomgate.access.capability import Classes
from roomgate.access.offered import needs_admin, offered
from roomgate.clock import Clock, iso
from roomgate.connector.own import Deed
from roomgate.connector.redaction import Redactor, secrets_in
from roomgate.errors import RoomgateError
from roomgate.ledger.event import Event, LogsCollected, Mark, Unknown, marks
from roomgate.redact import foreign
from roomgate.storage.record import Record
from roomgate.xapi import tree
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import CommandFailed, XapiError
from roomgate.xapi.path import Path

LARGEST = 4 * 1024 * 1024  # of the bundle, in bytes
LARGEST_PART = 3 * 1024 * 1024  # of what one part holds
MOST_ENTRIES = 500  # of the site's ledger
PART_S = 8.0  # how long one part may take: none waits for another
INDEX = "bundle.json"

READINGS: Mapping[str, str] = {"status.json": "Status", "configuration.json": "Configuration"}
COMMANDS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "call-history.json": ("CallHistory Get", {"DetailLevel": "Full"}),
    "diagnostics.json": ("Diagnostics Run", {"ResultSet": "All"}),
    "macro-log.json": ("Macros Log Get", {}),
    "peripherals.json": ("Peripherals List", {}),
    "sessions.json": ("Security Session List", {}),
}
_FIXED = (1980, 1, 1, 0, 0, 0)  # the same content gives the same bytes


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the bundle, or why it is missing. ``content`` None: it is missing."""

    name: str
    content: Any = None
    rule: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class LogBundle:
    """Collects. ``secrets``: what the vault holds for a room; ``lines``: the connector's newest log lines."""

    record: Record
    clock: Clock
    secrets: Callable[[str], Iterable[str]]
    lines: Callable[[], Iterable[str]] = log.recent

    async def collect(self, deed: Deed) -> Any:
        """``Logs Collect``: reads, hides, writes down, and answers with the bundle as base64. Raises XapiError."""
        async with asyncio.TaskGroup() as group:
            reads = [
                *(group.create_task(self._read(deed, name, path)) for name, path in READINGS.items()),
                *(group.create_task(self._command(deed, name, *asked)) for name, asked in COMMANDS.items()),
                group.create_task(self._ledger(deed)),
            ]
        parts = [*(task.result() for task in reads), self._own_lines(deed)]
        try:
            secrets = list(self.secrets(deed.room.name))
        except RoomgateError as unread:  # without them it is not known what must be hidden
            raise CommandFailed(f"The site's vault cannot be read, so nothing is told: {unread.message}") from unread
        index = {"room": deed.room.name, "at": iso(self.clock.now()), "order": deed.order.id}
        made = await asyncio.to_thread(make_bundle, parts, secrets, index)  # a second of work may be in it
        await self.record.add(
            LogsCollected(
                at=iso(self.clock.now()), order=deed.order.id, room=deed.room.name, principal=deed.order.principal,
                original=made.original, sent=made.sha256, hidden=made.hidden,
            )
        )  # fmt: skip
        return {
            "Bundle": b64encode(made.packed).decode(),
            "Sha256": made.sha256,
            "Original": made.original,
            "Hidden": made.hidden,
            "Parts": made.told,
        }

    async def _read(self, deed: Deed, name: str, path: str) -> Part:
        call = offered().canonical(Verb.GET, path)
        if not deed.allows(call):
            return _refused(deed, name, call)

        async def read() -> Any:
            found = await deed.room.call(call)
            kept = tree.prune(found, call.path, _may_go(deed))
            return {} if kept is None else {call.path.root: kept}

        return await _within(name, read)

    async def _command(self, deed: Deed, name: str, command: str, arguments: Mapping[str, object]) -> Part:
        call = offered().canonical(Verb.COMMAND, command, arguments)
        need = Classes.shipped().need(call, offered()).every
        if not need or not all(one.value in deed.order.held for one in need):
            return Part(name, rule="capability", words=f"Their grant does not give {', '.join(sorted(need))}.")
        if not deed.allows(call):
            return _refused(deed, name, call)
        return await _within(name, lambda: deed.room.call(call, privileged=needs_admin(call, offered())))

    async def _ledger(self, deed: Deed) -> Part:
        async def read() -> Any:
            found = await self.record.entries(room=deed.room.name, newest_first=True, limit=MOST_ENTRIES)
            return [{"index": entry.index, **public(entry.event)} for entry in reversed(found)]

        return await _within("site-ledger.json", read)

    def _own_lines(self, deed: Deed) -> Part:
        return Part("connector-log.json", about_room(self.lines(), deed.room.name, deed.room.device))


def _may_go(deed: Deed) -> Callable[[Path], bool]:
    """Which leaves go into the bundle: readable ones, and of settings those that are no secret."""
    catalogue = offered()

    def may(path: Path) -> bool:
        return deed.readable(path) and not any(leaf.masked for leaf in catalogue.leaves(path))

    return may


def _refused(deed: Deed, name: str, call: Call) -> Part:
    verdict = deed.verdict(call)
    if verdict["verdict"] == "consent":
        return Part(name, rule="consent", words="The room would have to be asked.")
    return Part(name, rule=verdict["rule"], words=verdict["words"])


async def _within(name: str, read: Callable[[], Any]) -> Part:
    """A part, or why there is none: whatever the device does, the others go on."""
    try:
        async with asyncio.timeout(PART_S):
            return Part(name, await read())
    except TimeoutError:
        return Part(name, rule="late", words=f"No answer came within {PART_S:.0f} seconds.")
    except (XapiError, RoomgateError) as failed:
        return Part(name, rule=failed.code, words=foreign(failed.message))


def public(event: Event | Unknown) -> dict[str, Any]:
    """An entry without whatever names a person: whoever may read logs may not therefore read the record."""
    if isinstance(event, Unknown):
        return {"kind": event.kind, "at": event.at}
    shown = (name for name, mark in marks(type(event)).items() if mark is Mark.PUBLIC)
    return {"kind": event.kind} | {name: getattr(event, name) for name in shown}


def about_room(lines: Iterable[str], room: str, device: str) -> list[dict[str, Any]]:
    """Those of the connector's log lines that are about one room."""
    read = (json.loads(line) for line in lines)
    return [line for line in read if room == line.get("room") or device == line.get("device")]


@dataclass(frozen=True, slots=True)
class Made:
    """A bundle as it goes out. ``original`` is the SHA-256 of the same bundle with nothing hidden."""

    packed: bytes
    sha256: str
    original: str
    hidden: int
    told: list[dict[str, str]]


def make_bundle(parts: Iterable[Part], secrets: Iterable[str], index: Mapping[str, Any]) -> Made:
    """Pure: hide, and pack. ``secrets`` are hidden wherever they stand, and so is what the parts say is secret."""
    parts = list(parts)
    redactor = Redactor([*secrets, *secrets_in([part.content for part in parts])])
    clean = [
        Part(part.name, redactor.value(part.content), part.rule, foreign(redactor.text(part.words), 300))
        for part in parts
    ]
    original = hashlib.sha256(_packed(files_of(parts))).hexdigest()
    packed, told = pack(clean, {**index, "hidden": redactor.hidden, "original_sha256": original})
    return Made(packed, hashlib.sha256(packed).hexdigest(), original, redactor.hidden, told)


def files_of(parts: Iterable[Part]) -> dict[str, bytes]:
    """The parts that are there, as files; one that is too large is not."""
    files = {part.name: _spell(part.content) for part in parts if part.content is not None}
    return {name: content for name, content in files.items() if len(content) <= LARGEST_PART}


def pack(parts: Iterable[Part], index: Mapping[str, Any], largest: int = LARGEST) -> tuple[bytes, list[dict[str, str]]]:
    """The bundle as a zip, and what each part came to. What would make it too large is left out, the largest first."""
    parts = sorted(parts, key=lambda part: part.name)
    files = files_of(parts)
    while True:
        told = [_told(part, part.name in files) for part in parts]
        packed = _packed({**files, INDEX: _spell({**index, "parts": told})})
        if len(packed) <= largest:
            return packed, told
        if not files:
            raise CommandFailed("The bundle would be too large.")
        del files[max(files, key=lambda name: (len(files[name]), name))]


def _told(part: Part, there: bool) -> dict[str, str]:
    if part.content is not None and not there:
        return {"name": part.name, "rule": "size", "words": "It is too large for the bundle."}
    return {"name": part.name, "rule": part.rule, "words": part.words}


def _spell(content: Any) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True, default=str).encode() + b"\n"


def _packed(files: Mapping[str, bytes]) -> bytes:
    """A zip that hangs on its content alone: names sorted, times fixed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _FIXED)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
            packed.writestr(entry, files[name])
    return out.getvalue()
