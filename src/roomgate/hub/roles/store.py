"""The SQL of own roles."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from roomgate.access.capability import Capability
from roomgate.access.principal import ROLES, Right
from roomgate.access.role import Role
from roomgate.hub.db.schema import people, roles
from roomgate.ids import PersonId


@dataclass(frozen=True, slots=True)
class RoleRecord:
    role: Role
    version: int


def _role(row: Row[Any]) -> RoleRecord:
    # A word of a later version gives nothing here.
    rights = frozenset(right for right in Right if right.value in row.rights)
    gives = frozenset(one for one in Capability if one.value in row.capabilities)
    return RoleRecord(Role(row.name, rights, gives, row.words), row.version)


def find(conn: Connection, name: str) -> RoleRecord | None:
    row = conn.execute(select(roles).where(roles.c.name == name)).first()
    return _role(row) if row else None


def every(conn: Connection) -> list[RoleRecord]:
    return [_role(row) for row in conn.execute(select(roles).order_by(roles.c.name))]


def among(conn: Connection, names: Iterable[str]) -> tuple[Role, ...]:
    """Those of our own that have one of these names. Asks nothing where all are shipped ones."""
    own = sorted(set(names) - ROLES.keys())
    if not own:
        return ()
    return tuple(_role(row).role for row in conn.execute(select(roles).where(roles.c.name.in_(own))))


def add(conn: Connection, role: Role, by: PersonId, at: str) -> None:
    conn.execute(insert(roles), {"name": role.name, "created": at, "created_by": by, "version": 1, **_columns(role)})


def change(conn: Connection, role: Role) -> None:
    conn.execute(update(roles).where(roles.c.name == role.name).values(version=roles.c.version + 1, **_columns(role)))


def _columns(role: Role) -> dict[str, Any]:
    return {"words": role.words, "rights": sorted(role.rights), "capabilities": sorted(role.gives)}


def remove(conn: Connection, name: str) -> None:
    conn.execute(delete(roles).where(roles.c.name == name))


def holders(conn: Connection, name: str) -> list[PersonId]:
    """Whoever has the role and is not deleted."""
    query = select(people.c.id, people.c.roles).where(people.c.deleted.is_(False)).order_by(people.c.id)
    return [PersonId(row.id) for row in conn.execute(query) if name in row.roles]
