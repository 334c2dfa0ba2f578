"""Making a hub, and bringing its data up to date: what is done before it serves, without a web server."""

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from roomgate.clock import Clock, SystemClock
from roomgate.errors import Conflict
from roomgate.folder import alone_in
from roomgate.hub.change import Change
from roomgate.hub.config import HubConfig
from roomgate.hub.db.migrate import migrate as bring_up
from roomgate.hub.identity.person import Person, Proof
from roomgate.hub.parts import Parts, ensure_keys, open_parts
from roomgate.ids import PersonId
from roomgate.link.signing import fingerprint
from roomgate.redact import Secret
from roomgate.storage.database import Database


@dataclass(frozen=True, slots=True)
class InitResult:
    """What a new hub tells the one who made it. Secrets are told this once."""

    admin: PersonId
    fingerprint: str
    vkey: str  # its ledger's key
    code: Secret[str] | None = None  # the invitation of an administrator without a password
    app: Secret[str] | None = None  # what an authenticator app is given
    recovery: tuple[str, ...] = ()


async def init(
    config: HubConfig,
    admin_name: str,
    admin_password: str | None,
    clock: Clock | None = None,
    *,
    second_factor: bool = False,
) -> InitResult:
    """Make the data folder, the keys and the first administrator. Raises Conflict once there is anybody.

    Without a password they come in by a code; with one, a script may have their second factor made too.
    """
    with alone_in(Path(config.data)):
        parts = await open_parts(config, clock or SystemClock())
        try:
            if admin_password is None:
                await _require_new(parts)
                person, code = await parts.invitations.first_administrator(admin_name)
                return InitResult(person.id, parts.sites.hub_fingerprint, parts.restorations.name, code)
            made = list[tuple[str, list[str]]]()

            def found(change: Change, person: Person) -> None:
                if second_factor:
                    made.append(parts.factors.found(change, person.id))

            person = await parts.identity.create_first_admin(admin_name, admin_password, found)
            app, recovery = made[-1] if made else (None, [])
            return InitResult(
                person.id, parts.sites.hub_fingerprint, parts.restorations.name,
                app=Secret(app) if app else None, recovery=tuple(recovery),
            )  # fmt: skip
        finally:
            await parts.aclose()


async def first_admin(config: HubConfig, name: str, *, anew: bool = False) -> Secret[str]:
    """A new code for an administrator; raises Conflict, NotFound.

    Beside a running hub or not; but ``anew`` ends what they have open, so then the hub must be stopped.
    """
    with alone_in(Path(config.data)) if anew else nullcontext():
        parts = await open_parts(config, SystemClock())
        try:
            _, code = await parts.invitations.first_administrator(name, anew=anew)
            return code
        finally:
            await parts.aclose()


async def first_token(config: HubConfig, admin: PersonId, minutes: float) -> Secret[str]:
    """An access token for the script that made the hub: as good as a sign-in with both factors on its machine."""
    parts = await open_parts(config, SystemClock())
    try:
        opened = await parts.identity.open_web(admin, Proof("init", strong=True), "hub init")
        assert opened is not None
        signed = await parts.identity.by_cookie(opened[1].reveal())
        assert signed is not None
        _, token = await parts.identity.make_token(admin, minutes, "hub init", signed)
        return token
    finally:
        await parts.aclose()


async def _require_new(parts: Parts) -> None:
    if await parts.identity.people(limit=1):
        raise Conflict("There is an administrator already.", hint="A new code: roomgate hub first-admin.")


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
