"""What falls with a person beyond their sign-ins: grants, and what they asked for."""

from dataclasses import dataclass

from sqlalchemy import Connection

from roomgate.hub.approvals.service import Approvals
from roomgate.hub.change import Change
from roomgate.hub.grants.service import Grants
from roomgate.hub.revocation import Cause
from roomgate.ids import PersonId


@dataclass(frozen=True, slots=True)
class Falling:
    """Told by identity, inside its own changes (the role `identity.service.Dependants`)."""

    grants: Grants
    approvals: Approvals

    def person_gone(self, change: Change, person: PersonId, cause: Cause, by: PersonId | None) -> None:
        self.grants.person_gone(change, person, cause, by)
        self.approvals.person_gone(change, person)

    def person_locked_out(self, change: Change, person: PersonId) -> None:
        self.approvals.person_gone(change, person)

    def giver_lost_right(self, change: Change, person: PersonId, by: PersonId | None) -> None:
        self.grants.giver_lost_right(change, person, by)

    def person_locked(self, conn: Connection, person: PersonId) -> bool:
        return self.grants.person_locked(conn, person)
