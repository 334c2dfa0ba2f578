"""Pure: the revocations heard of late, so that what was decided before one is not sent after it.

Theory: facts are read, then a decision is made, then its entry is written: other things happen meanwhile. A
revocation that was committed before the facts were read is in the facts. One that was committed later is
heard of here, before whoever caused it is answered. So: take a mark, read the facts, decide, write; and
before sending ask whether anything that concerns this was heard since the mark.
"""

from collections import deque
from dataclasses import dataclass, field

from roomgate.access.decision import Denied, Room
from roomgate.access.principal import Principal
from roomgate.hub.channels import concerns
from roomgate.hub.revocation import Revocation
from roomgate.ids import GrantId, SessionId

REMEMBERED = 2000


@dataclass(slots=True)
class Heard:
    count: int = 0
    _recent: deque[Revocation] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def take(self, revocation: Revocation) -> None:
        self.count += 1
        self._recent.append(revocation)

    def mark(self) -> int:
        return self.count

    def clear(
        self, mark: int, principal: Principal, room: Room, session: SessionId | None, grants: frozenset[GrantId]
    ) -> bool:
        """Whether nothing that concerns this was heard since the mark. What is not remembered was something."""
        since = self.count - mark
        if since > len(self._recent):
            return False
        latest = list(self._recent)[len(self._recent) - since :]
        return not any(concerns(revocation, principal, room, session, grants) for revocation in latest)

    def require(
        self, mark: int, principal: Principal, room: Room, session: SessionId | None, grants: frozenset[GrantId]
    ) -> None:
        """Raises Denied unless `clear`."""
        if not self.clear(mark, principal, room, session, grants):
            raise Denied(
                "changed", "Your access changed while this was being asked.", some_grant=True, hint="Ask again."
            )
