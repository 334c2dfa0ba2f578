"""The relay's parts, put together once."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from roomgate.access.offered import offered
from roomgate.clock import Clock
from roomgate.hub.bus import Bus
from roomgate.hub.change import Changes
from roomgate.hub.channels import Channels
from roomgate.hub.cuts.service import Cuts
from roomgate.hub.relay import store
from roomgate.hub.relay.asked import Asks
from roomgate.hub.relay.cut import Cutter, FactsSource
from roomgate.hub.relay.heard import Heard
from roomgate.hub.relay.link_events import LinkEvents, Memory, RoomsTold, SiteLedgers
from roomgate.hub.relay.links import Links
from roomgate.hub.relay.service import Devices, Relay
from roomgate.hub.relay.sessions import Book
from roomgate.hub.relay.streams import EventStreams
from roomgate.storage.database import Database
from roomgate.storage.record import Record
from roomgate.xapi.schema import Catalogue


@dataclass(frozen=True, slots=True)
class RelayParts:
    """``events`` is the handler of the link's endpoint; `Relay.run` is to be supervised."""

    channels: Channels
    book: Book
    links: Links
    relay: Relay
    events: LinkEvents
    streams: EventStreams
    cutter: Cutter
    changes: Changes


def session_exists(book: Book) -> Callable[[Connection, str], bool]:
    """For locks that name a session: whether there is one, live or written down."""
    return lambda conn, id: book.find(id) is not None or store.find_session(conn, id) is not None


def build_relay(
    db: Database,
    record: Record,
    bus: Bus,
    changes: Changes,
    grants: FactsSource,
    rooms: RoomsTold,
    devices: Devices,
    ledgers: SiteLedgers,
    clock: Clock,
    catalogue: Catalogue | None = None,
    memory: Memory | None = None,
    cuts: Cuts | None = None,
) -> RelayParts:
    """Everything of the relay, listening to the bus from now on."""
    known = offered() if catalogue is None else catalogue
    channels, book, heard, asks = Channels(), Book(clock), Heard(), Asks(clock)
    links = Links(book, clock)
    relay = Relay(db, record, grants, devices, book, heard, links, asks, clock, known)
    cutter = Cutter(bus, book, heard, channels, links, asks, grants, db, clock, known, cuts or Cuts(db, clock))
    events = LinkEvents(relay, links, book, rooms, ledgers, grants, changes, db, record, clock, known, memory)
    return RelayParts(channels, book, links, relay, events, EventStreams(relay, channels, clock), cutter, changes)
