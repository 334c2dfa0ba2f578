"""Makes a hub from a backup, in safe mode; and lets an administrator into one.

Both are done by whoever has the hub's own machine, as its first administrator was made.
"""

import asyncio
import shutil
from pathlib import Path

import msgspec

from roomgate.clock import Clock, SystemClock
from roomgate.errors import BadInput
from roomgate.hub.backup import Backup, make_beside, open_backup, place, require_empty
from roomgate.hub.config import HubConfig
from roomgate.hub.identity.passwords import check_new
from roomgate.hub.parts import Parts, open_parts
from roomgate.hub.restoration.service import BACKUP


async def restore(
    config: HubConfig, source: Path, admin: str, password: str | None = None, seal: str = "", clock: Clock | None = None
) -> tuple[Backup, str]:
    """Make the data folder from a backup, in safe mode, with one administrator who may sign in.

    All is done in a folder beside it, which then takes its place in one move: a kill in the middle leaves no
    hub. Gives the backup, and the key by which a witness must know the record from now on. Raises Conflict for
    a folder that is not empty, BadBackup, and NotFound or Conflict for the administrator.
    """
    data = Path(config.data)
    if config.database_url:
        raise BadInput("database_url: a backup is restored into the data folder; leave it out.")
    require_empty(data)
    beside = await asyncio.to_thread(make_beside, data)
    try:
        backup = await asyncio.to_thread(open_backup, source, beside, seal)
        parts = await open_parts(msgspec.structs.replace(config, data=str(beside)), clock or SystemClock())
        try:
            await parts.restorations.enter(BACKUP, made=backup.manifest.made)
            await _admit(parts, admin, password)
            name = parts.restorations.name
        finally:
            await parts.aclose()
        await asyncio.to_thread(place, beside, data)
        return backup, name
    finally:
        shutil.rmtree(beside, ignore_errors=True)


async def admit(config: HubConfig, admin: str, password: str | None = None) -> None:
    """Let an administrator in, beside a running hub or not."""
    parts = await open_parts(config, SystemClock())
    try:
        await _admit(parts, admin, password)
    finally:
        await parts.aclose()


async def _admit(parts: Parts, admin: str, password: str | None) -> None:
    hash = None if password is None else await parts.passwords.hash(check_new(password, admin))
    await parts.restorations.admit(admin, hash)
