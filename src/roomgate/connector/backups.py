"""Backups of rooms, made and kept at the site: the deeds below ``Roomgate Backup``, and the site's own schedule.

A backup holds all that our accounts may read of a room's settings, panels and macros. It does not leave the site
whole: whoever asks for one gets the part of it that they may read in this room, by their grants and by the site's
policy alike. The id ``now`` stands for what a backup made at this moment would hold; nothing is kept of that.

One is made at a time at a site, so that a hundred rooms do not fall upon its network at once. What is the same as the
newest one is not written again by the schedule, nor for somebody who gives it no name.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec

from roomgate.access.capability import Capability
from roomgate.access.offered import offered
from roomgate.clock import Clock, iso
from roomgate.connector.backup_files import BackupDamaged, BackupFiles, Kept
from roomgate.connector.own import Deed
from roomgate.connector.room import Room
from roomgate.errors import Conflict, NotFound, RoomgateError
from roomgate.fleet.backup import (
    Contents,
    Macro,
    Opened,
    Panel,
    Shown,
    digest_of,
    encode,
    read_macros,
    read_panels,
    read_pictures,
    read_settings,
)
from roomgate.fleet.reading import TYPES
from roomgate.ids import DeviceId
from roomgate.ledger.event import BackupMade, BackupRemoved
from roomgate.meetings.controls_panel import PANEL_ID
from roomgate.redact import foreign
from roomgate.storage.record import Record
from roomgate.xapi import tree
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import BadArgument, CommandFailed, UnknownPath, XapiError
from roomgate.xapi.path import Path

NOW = "now"
MOST_BY_HAND = 20  # of one room, beside those of the schedule
_BATCH = 100  # leaves judged before others have their turn
_SETTINGS = offered().canonical(Verb.GET, "Configuration")
_PANELS = offered().canonical(Verb.COMMAND, "UserInterface/Extensions/Export")
_MACROS = offered().canonical(Verb.COMMAND, "Macros/Macro/Get", {"Content": "True"})
_PICTURES = {kind: offered().canonical(Verb.COMMAND, "UserInterface/Branding/Get", {"Type": kind}) for kind in TYPES}
_FACTS = {"product": "Status/SystemUnit/ProductPlatform", "software": "Status/SystemUnit/Software/DisplayName"}


class TooMany(Conflict):
    """The room has as many backups that people made as are kept."""

    code = "backup.too-many"
    hint = "Remove one that is not needed any more."


async def copy_room(room: Room) -> Contents:
    """All that a backup holds of a room as it is now. Raises XapiError where its settings cannot be read.

    Panels and macros that cannot be read are named in it: a device may have none of them, or macros switched off.
    """
    settings, masked, unknown = read_settings(await room.call(_SETTINGS), offered())
    left_out = [f"{unknown} settings that the catalogue does not know"] if unknown else []
    facts = {name: _fact(room, path) for name, path in _FACTS.items()}
    panels: dict[str, Panel] = {}
    macros: dict[str, Macro] = {}
    try:
        panels, outward = read_panels(await room.call(_PANELS))
        panels.pop(PANEL_ID, None)  # ours, and there for the length of a call: nothing that a room is restored to
        left_out += [f"{len(outward)} panels that lead out of the device"] if outward else []
    except XapiError as fault:
        left_out.append(f"panels: {foreign(fault.message)}")
    try:
        macros = read_macros(await room.call(_MACROS, privileged=True))
    except (XapiError, RoomgateError) as fault:  # no privileged account here, say
        left_out.append(f"macros: {foreign(fault.message)}")
    answers: dict[str, Any] = {}
    try:
        for kind, call in _PICTURES.items():
            with suppress(CommandFailed, BadArgument, UnknownPath):  # how a device says that it has no such picture
                answers[kind] = await room.call(call)
    except XapiError as fault:
        left_out.append(f"pictures: {foreign(fault.message)}")
    branding, large = read_pictures(answers)
    left_out += [f"the picture {kind}: too large" for kind in large]
    return Contents(
        settings=settings, masked=masked, panels=panels, branding=branding, macros=macros, left_out=left_out, **facts
    )


def _fact(room: Room, path: str) -> str:
    found = tree.lookup(room.state, Path.parse(path).parts)
    return foreign(str(found), 100) if isinstance(found, str | int) else ""


@dataclass(slots=True)
class Backups:
    """Those of one site. Its methods take a deed, or a room for the schedule and the local operator."""

    files: BackupFiles
    record: Record
    clock: Clock
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    # -- deeds ----------------------------------------------------------------------------------------

    async def make(self, deed: Deed) -> Any:
        """``Backup Make``: gives `Shown`, with ``"unchanged": true`` where the newest one is the same already."""
        name = foreign(str(deed.call.argument("Name") or ""), 120).strip()
        with _told():
            kept, fresh = await self.keep(deed.room, name, deed.order.principal, deed.order.id)
        return {**msgspec.to_builtins(show(kept)), "unchanged": not fresh}

    async def list_(self, deed: Deed) -> Any:
        """``Backup List``: ``{"backups": [Shown]}``, the newest first; what is damaged says so."""
        with _told():
            return {"backups": msgspec.to_builtins(await self.shown(deed.room.device))}

    async def get(self, deed: Deed) -> Any:
        """``Backup Get``: `Opened`, with no more in it than this person may read in this room."""
        id = str(deed.call.argument("Id"))
        with _told():
            if id == NOW:
                contents = await copy_room(deed.room)
                whole = Opened(NOW, iso(self.clock.now()), "", digest_of(encode(contents)), contents)
            else:
                kept = await asyncio.to_thread(self.files.read, deed.room.device, id)
                whole = Opened(id, kept.head.made, kept.label.name, kept.label.digest, kept.contents)
        return msgspec.to_builtins(await filtered(deed, whole))

    async def remove(self, deed: Deed) -> Any:
        """``Backup Remove``: a damaged one too. The entry is written first."""
        id = str(deed.call.argument("Id"))
        with _told():
            await self._drop(deed.room, id, deed.order.principal, deed.order.id)
        return {}

    # -- what they rest on ----------------------------------------------------------------------------

    async def keep(self, room: Room, name: str, by: str, order: str = "") -> tuple[Kept, bool]:
        """Make one; False beside the newest one if that is the same. Raises XapiError and RoomgateError."""
        async with self._one:
            old = await self._readable(room.device)
            if by and sum(bool(one.label.by) for one in old) >= MOST_BY_HAND:
                raise TooMany(f"At most {MOST_BY_HAND} backups that people made are kept of a room.")
            contents = await copy_room(room)
            if old and not name and old[0].label.digest == digest_of(encode(contents)):
                return old[0], False
            made = iso(self.clock.now())
            kept = await asyncio.to_thread(self.files.write, room.device, made, room.name, name, by, contents)
            entry = BackupMade(
                at=made, room=room.name, backup=kept.head.id, digest=kept.label.digest, by=by, order=order
            )
            try:
                await self.record.add(entry)
            except RoomgateError:  # what is not written down has not happened
                await asyncio.to_thread(self.files.remove, room.device, kept.head.id)
                raise
            return kept, True

    async def prune(self, room: Room, keep: int) -> None:
        """Of those that the schedule made only the newest ``keep`` stay."""
        async with self._one:
            for one in [one for one in await self._readable(room.device) if not one.label.by][keep:]:
                await self._drop(room, one.head.id)

    async def newest(self, device: DeviceId) -> str:
        """When the newest one says that it was made; "" where there is none."""
        return await asyncio.to_thread(self.files.newest, device)

    async def shown(self, device: DeviceId) -> list[Shown]:
        """All of a device, the newest first, those that are damaged last."""
        found = await asyncio.to_thread(self._look, device)
        return sorted(
            (show(one) if isinstance(one, Kept) else one for one in found), key=lambda one: one.made, reverse=True
        )

    async def whole(self, device: DeviceId, id: str) -> Kept:
        """Everything that is in it: for the site itself."""
        return await asyncio.to_thread(self.files.read, device, id)

    async def _drop(self, room: Room, id: str, by: str = "", order: str = "") -> None:
        if id not in await asyncio.to_thread(self.files.ids, room.device):
            raise NotFound("There is no such backup.")
        entry = BackupRemoved(at=iso(self.clock.now()), room=room.name, backup=id, by=by, order=order)
        await self.record.add(entry)
        await asyncio.to_thread(self.files.remove, room.device, id)

    async def _readable(self, device: DeviceId) -> list[Kept]:
        found = await asyncio.to_thread(self._look, device)
        return sorted((one for one in found if isinstance(one, Kept)), key=lambda one: one.head.made, reverse=True)

    def _look(self, device: DeviceId) -> list[Kept | Shown]:
        found: list[Kept | Shown] = []
        for id in self.files.ids(device):
            try:
                found.append(self.files.read(device, id))
            except BackupDamaged as bad:
                found.append(Shown(id, damaged=bad.message))
            except RoomgateError:
                continue  # removed meanwhile
        return found


def show(kept: Kept) -> Shown:
    label, contents = kept.label, kept.contents
    return Shown(
        kept.head.id, kept.head.made, label.name, label.by, kept.size, label.digest, contents.product,
        contents.software, len(contents.settings), len(contents.panels), len(contents.macros), len(contents.branding),
        len(contents.masked),
    )  # fmt: skip


async def filtered(deed: Deed, whole: Opened) -> Opened:
    """What of a backup may leave the site for this person: each setting by its class, panels and macros as if asked for."""
    contents = whole.contents
    settings = {name: value async for name, value in _readable_settings(deed, contents.settings.items())}
    masked = [name async for name, _ in _readable_settings(deed, [(name, "") for name in contents.masked])]
    panels = contents.panels if _may(deed, Capability.UI, _PANELS) else {}
    macros = contents.macros if _may(deed, Capability.MACROS, _MACROS) else {}
    pictures = contents.branding if _may(deed, Capability.UI, next(iter(_PICTURES.values()))) else {}
    return msgspec.structs.replace(
        whole,
        contents=msgspec.structs.replace(
            contents, settings=settings, masked=masked, panels=panels, macros=macros, branding=pictures
        ),
        settings_withheld=len(contents.settings) - len(settings),
        panels_withheld=len(contents.panels) - len(panels),
        macros_withheld=len(contents.macros) - len(macros),
        pictures_withheld=len(contents.branding) - len(pictures),
    )


async def _readable_settings(
    deed: Deed, settings: Iterable[tuple[str, str | int]]
) -> AsyncIterator[tuple[str, str | int]]:
    for number, (name, value) in enumerate(settings, 1):
        if deed.readable(Path.parse(f"Configuration/{name}")):
            yield name, value
        if number % _BATCH == 0:
            await asyncio.sleep(0)  # judging a thousand leaves takes a fifth of a second


def _may(deed: Deed, capability: Capability, call: Call) -> bool:
    return capability.value in deed.order.held and deed.allows(call)


@contextmanager
def _told() -> Iterator[None]:
    """What we refuse is told like a device's no."""
    try:
        yield
    except RoomgateError as no:
        raise CommandFailed(f"{no.message} {no.hint}".strip()) from no
