"""Who asks: a person or a service account, and by which credential."""

from dataclasses import dataclass
from enum import StrEnum

from roomgate.ids import PersonId


class Kind(StrEnum):
    PERSON = "person"
    SERVICE = "service-account"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who has proved who they are."""

    id: PersonId
    name: str
    kind: Kind
    credential: str  # the id of the token or web session that they showed: what a cut goes by


class Right(StrEnum):
    """What a role allows over the hub itself. No right opens a room: only grants do."""

    SEE = "see"  # all rooms, grants and sessions
    GIVE = "give"  # make and end grants, lift locks
    PEOPLE = "people"  # add, change, remove people and their tokens
    SITES = "sites"  # sites, connectors, enrolment
    CUT = "cut"  # lock, end sessions
    AUDIT = "audit"  # read the ledger and findings
    APPROVE = "approve"  # answer what others ask for
    PROVISION = "provision"  # keep the people and groups of one directory, and nobody else


ROLES: dict[str, frozenset[Right]] = {
    "observer": frozenset(),
    "room-user": frozenset(),
    "service-desk": frozenset({Right.SEE, Right.CUT}),
    "integrator": frozenset(),
    "administrator": frozenset(Right),
    "auditor": frozenset({Right.SEE, Right.AUDIT}),
    "security-officer": frozenset({Right.SEE, Right.AUDIT, Right.CUT, Right.APPROVE}),
    "provisioner": frozenset({Right.PROVISION}),
    "member": frozenset(),
}

STRONG = frozenset({Right.GIVE, Right.PEOPLE, Right.SITES, Right.APPROVE})  # a password alone opens none of these


def rights(roles: frozenset[str]) -> frozenset[Right]:
    """All rights of these roles; an unknown role gives none."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))
