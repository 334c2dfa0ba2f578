"""Roles: rights over the hub, what a grant by the role's name gives, and how far whoever has one may give.

What a role `gives` is a preset: its words are copied into the grant when that is made, and a change of the
role changes no grant. It opens no room to whoever has the role.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from roomgate.access.capability import Capability
from roomgate.access.principal import ROLES, Right
from roomgate.errors import BadInput

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_EVERYDAY = frozenset({Capability.OBSERVE, Capability.BOOKINGS, Capability.CALL, Capability.IN_CALL})
_GIVES: dict[str, frozenset[Capability]] = {
    "observer": frozenset({Capability.OBSERVE}),
    "room-user": _EVERYDAY | {Capability.AV_CONTROL},
    "service-desk": _EVERYDAY | {Capability.AV_CONTROL, Capability.UI, Capability.LOGS},
    "integrator": _EVERYDAY | {Capability.AV_CONTROL, Capability.UI, Capability.MACROS, Capability.CONFIGURE},
    "administrator": frozenset(Capability),
    "auditor": frozenset({Capability.OBSERVE}),
    "security-officer": frozenset({Capability.OBSERVE, Capability.LOGS, Capability.SECURITY}),
}


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of rights over the hub, and of capabilities."""

    name: str
    rights: frozenset[Right]
    gives: frozenset[Capability]
    words: str = ""
    shipped: bool = False

    def __post_init__(self) -> None:
        if not self.shipped and (not _NAME.fullmatch(self.name) or self.name in ROLES):
            raise BadInput("A role's name has 1 to 40 of a-z, 0-9 and -, and is none of the shipped ones.")
        if len(self.words) > 500:
            raise BadInput("A role is told of in at most 500 characters.")


SHIPPED: dict[str, Role] = {
    name: Role(name, rights, _GIVES.get(name, frozenset()), shipped=True) for name, rights in ROLES.items()
}


@dataclass(frozen=True, slots=True)
class Power:
    """How far somebody reaches: their rights over the hub, and the most that they may give, in any room, to anybody.

    The power to give comes from roles that have the right to give, the power to approve from those that have the
    right to approve: a shipped one's reaches as far as everything, one of our own as far as what it gives.
    """

    rights: frozenset[Right] = frozenset()
    gives: frozenset[Capability] = frozenset()
    approves: frozenset[Capability] = frozenset()

    @classmethod
    def of(cls, roles: Iterable[Role]) -> Self:
        rights: frozenset[Right] = frozenset()
        gives: frozenset[Capability] = frozenset()
        approves: frozenset[Capability] = frozenset()
        for role in roles:
            rights |= role.rights
            reach = frozenset(Capability) if role.shipped else role.gives
            gives |= reach if Right.GIVE in role.rights else frozenset()
            approves |= reach if Right.APPROVE in role.rights else frozenset()
        return cls(rights, gives, approves)

    def reaches(self, other: Self) -> bool:
        """Whether all of the other is within this one."""
        return other.rights <= self.rights and other.gives <= self.gives and other.approves <= self.approves

    def may_make(self, role: Role) -> bool:
        """Whether a role stays within this power, in what it allows and in what it gives."""
        return self.reaches(Power.of([role])) and role.gives <= self.gives | self.approves


def roles_of(names: Iterable[str], own: Iterable[Role]) -> tuple[Role, ...]:
    """Those among the shipped ones and ``own`` that have these names; an unknown name gives nothing."""
    known = {role.name: role for role in own} | SHIPPED
    return tuple(known[name] for name in sorted(set(names)) if name in known)
