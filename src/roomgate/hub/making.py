"""Making a hub, and bringing its data up to date: what is done before it serves, without a web server."""

from dataclasses import dataclass
from pathlib import Path

from roomgate.clock import Clock, SystemClock
from roomgate.folder import alone_in
from roomgate.hub.config import HubConfig
from roomgate.hub.db.migrate import migrate as bring_up
from roomgate.hub.parts import ensure_keys, open_parts
from roomgate.link.signing import fingerprint
from roomgate.storage.database import Database


@dataclass(frozen=True, slots=True)
class InitResult:
    """What a new hub tells the one who made it."""

    admin: str
    fingerprint: str


async def init(config: HubConfig, admin_name: str, admin_password: str, clock: Clock | None = None) -> InitResult:
    """Make the data folder, the keys and the first administrator. Raises Conflict once there is anybody."""
    with alone_in(Path(config.data)):
        parts = await open_parts(config, clock or SystemClock())
        try:
            person = await parts.identity.create_first_admin(admin_name, admin_password)
            return InitResult(person.id, parts.sites.hub_fingerprint)
        finally:
            await parts.aclose()


async def migrate(config: HubConfig) -> str:
    """Bring the schema up and say its version."""
    with alone_in(Path(config.data)):
        db = Database.open(config.database)
        try:
            return await bring_up(db)
        finally:
            await db.aclose()


def hub_fingerprint(config: HubConfig) -> str:
    """What an operator types at a connector."""
    return fingerprint(ensure_keys(config.keys).order.public_key())
