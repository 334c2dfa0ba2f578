"""Who may look at what is kept of a room, and how the room's own status is asked for."""

from datetime import datetime

from roomgate.access.capability import Capability
from roomgate.access.decision import Denied
from roomgate.access.principal import Right
from roomgate.errors import NotFound
from roomgate.hub.http.problem import NO_SUCH_ROOM
from roomgate.hub.identity.person import Signed
from roomgate.hub.parts import Parts
from roomgate.hub.relay.asked import Wish
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.relay.standing import stand
from roomgate.hub.status.sampling import Values
from roomgate.hub.status.series import Sample
from roomgate.ids import RoomId
from roomgate.xapi.call import Verb

STATUS = Wish(Verb.GET, "Status")
WITHIN_S = 10.0
# What of a sample takes more than being let in, or having the right to see.
_TAKES = {"people": Capability.PRIVACY, "ambient": Capability.PRIVACY}


async def room_for(
    signed: Signed, parts: Parts, relay: RelayParts, name: str, now: datetime
) -> tuple[RoomId, frozenset[Capability]]:
    """A room that somebody may look at, and what their grants give there now.

    Raises NotFound alike for a room that is not there and one that is not theirs, and Denied for a locked one.
    """
    room, facts = await parts.grants.facts(signed.principal, name)
    if room is None:
        raise NotFound(NO_SUCH_ROOM)
    try:
        return room.id, stand(signed.principal, room, facts, now, relay.relay.catalogue, None).capabilities
    except Denied:
        if signed.may(Right.SEE):
            return room.id, frozenset()
        raise


def samples_for(samples: list[Sample], held: frozenset[Capability]) -> list[Sample]:
    """Without what these grants do not give: how many people there were is asked of nobody but with a grant for it."""
    hidden = {name for name, need in _TAKES.items() if need not in held}
    if not hidden:
        return samples

    def left(values: Values) -> Values:
        return {name: value for name, value in values.items() if name not in hidden}

    return [Sample(one.at, left(one.values)) for one in samples]
