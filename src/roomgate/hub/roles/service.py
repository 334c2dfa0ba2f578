"""Own roles: made, changed and removed by whoever may change people, and never beyond their own power.

A change is one unit with what it means for everybody who has the role: their channels are judged anew, and
grants that they gave beyond what they may give now pause.
"""

from dataclasses import replace

from roomgate.access.capability import Capability
from roomgate.access.principal import ROLES, Right
from roomgate.access.role import SHIPPED, Power, Role
from roomgate.errors import Conflict, NotFound, PreconditionFailed
from roomgate.hub.change import Change, Changes
from roomgate.hub.identity.person import Forbidden, Signed
from roomgate.hub.identity.service import Identity
from roomgate.hub.roles import store
from roomgate.hub.roles.store import RoleRecord
from roomgate.ledger.event import RoleChanged
from roomgate.storage.database import Database

MOST = 200


class Roles:
    def __init__(self, db: Database, changes: Changes, identity: Identity) -> None:
        self._db = db
        self._changes = changes
        self._identity = identity

    async def every(self) -> list[RoleRecord]:
        """The shipped ones, which have no version, then our own."""
        return [RoleRecord(role, 0) for role in SHIPPED.values()] + await self._db.read(store.every)

    async def get(self, name: str) -> RoleRecord:
        if name in SHIPPED:
            return RoleRecord(SHIPPED[name], 0)
        found = await self._db.read(lambda conn: store.find(conn, name))
        if found is None:
            raise NotFound("There is no such role.")
        return found

    async def add(self, role: Role, by: Signed) -> RoleRecord:
        """Raises Conflict where the name is taken, Forbidden beyond the maker's own power."""
        by.require(Right.PEOPLE)
        _check(role, by)

        def unit(change: Change) -> RoleRecord:
            known = store.every(change.conn)
            if any(one.role.name == role.name for one in known):
                raise Conflict(f"The name {role.name} is taken.")
            if len(known) >= MOST:
                raise Conflict(f"There are at most {MOST} roles.")
            store.add(change.conn, role, by.person.id, change.at)
            _record(change, role, "added", by)
            return RoleRecord(role, 1)

        return await self._changes.write(unit)

    async def change(
        self,
        name: str,
        by: Signed,
        *,
        rights: frozenset[Right] | None = None,
        gives: frozenset[Capability] | None = None,
        words: str | None = None,
        version: int | None = None,
    ) -> RoleRecord:
        """Both what it was and what it becomes must be within the power of whoever changes it."""
        by.require(Right.PEOPLE)

        def unit(change: Change) -> RoleRecord:
            known = self._own(change, name, by, version)
            role = replace(
                known,
                rights=known.rights if rights is None else rights,
                gives=known.gives if gives is None else gives,
                words=known.words if words is None else words,
            )
            _check(role, by)
            if role != known:
                before = {id: self._identity.get_in(change.conn, id).power for id in store.holders(change.conn, name)}
                store.change(change.conn, role)
                _record(change, role, "changed", by)
                if Power.of([role]) != Power.of([known]):
                    for id, power in before.items():
                        self._identity.power_changed(change, id, power, by.person.id, f"The role {name} was changed.")
            found = store.find(change.conn, name)
            assert found is not None
            return found

        return await self._changes.write(unit)

    async def remove(self, name: str, by: Signed, version: int | None = None) -> None:
        """Raises Conflict while anybody has it."""
        by.require(Right.PEOPLE)

        def unit(change: Change) -> None:
            known = self._own(change, name, by, version)
            if store.holders(change.conn, name):
                raise Conflict("Somebody has this role.", hint="Take it from them first.")
            store.remove(change.conn, name)
            _record(change, known, "removed", by)

        await self._changes.write(unit)

    def _own(self, change: Change, name: str, by: Signed, version: int | None) -> Role:
        if name in ROLES:
            raise Conflict("A shipped role stays as it is.", hint="Make one of your own.")
        known = store.find(change.conn, name)
        if known is None:
            raise NotFound("There is no such role.")
        if version is not None and known.version != version:
            raise PreconditionFailed("It was changed since you looked.")
        _check(known.role, by)
        return known.role


def _check(role: Role, by: Signed) -> None:
    if not by.person.power.may_make(role):
        raise Forbidden("Nobody makes or changes a role beyond their own rights.")


def _record(change: Change, role: Role, what: str, by: Signed) -> None:
    change.record(
        RoleChanged, role=role.name, what=what, rights=tuple(sorted(role.rights)),
        capabilities=tuple(sorted(role.gives)), by=by.person.id,
    )  # fmt: skip
