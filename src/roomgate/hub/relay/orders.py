"""Pure: a Permit becomes an order; a living session becomes part of a renewal."""

from collections.abc import Iterable

from roomgate.access.decision import Permit
from roomgate.hub.channels import Session
from roomgate.hub.relay.asked import Asked
from roomgate.ids import DeviceId
from roomgate.link.order import Order, Renewal


def build_order(permit: Permit, asked: Asked, device: DeviceId, link: bytes, sequence: int) -> Order:
    """The order for one permitted call: good once, in one link session, at one place in its sequence."""
    ask, call = permit.ask, permit.ask.call
    return Order(
        id=asked.order,
        link=link,
        sequence=sequence,
        session=asked.session.id,
        site=ask.room.site,
        connector=ask.room.connector,
        room=ask.room.name,
        device=device,
        verb=call.verb.value,
        path=list(call.path.parts),
        arguments=[(name, list(value) if isinstance(value, tuple) else value) for name, value in call.arguments],
        body=call.body,
        digest=asked.digest,
        principal=ask.principal.id,
        principal_name=ask.principal.name,
        principal_kind=ask.principal.kind.value,
        grant=permit.by,
        reason=ask.reason,
        held=sorted(capability.value for capability in permit.held),
    )


def build_renewal(sessions: Iterable[Session], link: bytes, sequence: int, heartbeat: int) -> Renewal:
    """The word that these sessions live, in answer to one heartbeat."""
    return Renewal(link, sequence, heartbeat, sorted(session.id for session in sessions))
