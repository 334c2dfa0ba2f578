"""The site's calendars, put together from its settings."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from roomgate.clock import Clock
from roomgate.connector.calendar_tables import CalendarTable
from roomgate.connector.config import BadConfig, ConnectorConfig
from roomgate.errors import BadInput
from roomgate.ids import RoomName
from roomgate.meetings.calendars import google, google_sign_in
from roomgate.meetings.calendars.address import Address, plain_address
from roomgate.meetings.calendars.base import Calendar, CalendarRefused
from roomgate.meetings.calendars.bearer import SignIn
from roomgate.meetings.calendars.caldav import CalDav
from roomgate.meetings.calendars.clouds import CLOUDS
from roomgate.meetings.calendars.credentials import Basic, SecretFile
from roomgate.meetings.calendars.davfinder import private
from roomgate.meetings.calendars.folder import Folder
from roomgate.meetings.calendars.google import Google
from roomgate.meetings.calendars.google_sign_in import GoogleSignIn
from roomgate.meetings.calendars.google_writer import GoogleWriter
from roomgate.meetings.calendars.graph import Graph
from roomgate.meetings.calendars.graph_sign_in import GraphSignIn
from roomgate.meetings.calendars.graph_writer import GraphWriter
from roomgate.meetings.calendars.http import BURST, RATE_PER_S, Web
from roomgate.meetings.calendars.several import Several
from roomgate.redact import Secret


@dataclass(slots=True)
class Site:
    """What a calendar is built with. `web` gives each its own client, closed with the site's calendars."""

    clock: Clock
    dice: random.Random
    proxy: str | None
    zone: tzinfo = UTC  # where whole days begin, unless the calendar says so itself
    webs: list[Web] = field(default_factory=list)

    def web(self, table: CalendarTable, rate_per_s: float = RATE_PER_S, burst: int = BURST) -> Web:
        """A client with the table's ``ca`` and ``proxy``, the connector's own proxy where it names none."""
        told = table.settings
        made = Web(
            self.clock, self.dice, ca=told.get("ca"), proxy=told.get("proxy", self.proxy),
            rate_per_s=rate_per_s, burst=burst,
        )  # fmt: skip
        self.webs.append(made)
        return made


Builder = Callable[[CalendarTable, Site], Calendar]


def _folder(table: CalendarTable, site: Site) -> Calendar:
    return Folder(table.settings["path"], clock=site.clock, find=table.place)


def _caldav(table: CalendarTable, site: Site) -> Calendar:
    told = table.settings
    if not private(told["url"]):
        raise BadInput("url: the password would go in the clear; it has to begin with https://")
    return CalDav(
        site.web(table), _basic(table), told["url"], table.place, site.clock, site.dice,
        hosts=told.get("hosts", ()), poll_s=table.poll_s,
    )  # fmt: skip


def _ics(table: CalendarTable, site: Site) -> Calendar:
    """A place is an address, or a file that holds one: many such addresses are secrets."""
    files: dict[Path, SecretFile] = {}

    def find(room: RoomName) -> Secret[str] | None:
        place = table.place(room)
        if place is None or "://" in place:
            return None if place is None else Secret(place)
        path = table.base / Path(place).expanduser()
        return files.setdefault(path, SecretFile(path)).load()

    for room in table.rooms:
        try:
            if (address := find(room)) is not None:
                plain_address(address.reveal())
        except (BadInput, CalendarRefused) as bad:
            raise BadInput(f"rooms.{room}: {bad.message}") from bad
    credentials = _basic(table) if "user" in table.settings else None
    return Address(site.web(table), find, site.clock, site.dice, credentials=credentials, poll_s=table.poll_s)


def _microsoft(table: CalendarTable, site: Site) -> Calendar:
    told = table.settings
    login, graph = CLOUDS[told.get("cloud", "global")]
    login, graph = told.get("login_url", login), told.get("graph_url", graph)
    sign_in = GraphSignIn(
        told["tenant"], told["client_id"], login, graph, told.get("client_secret_file"), told.get("certificate_file")
    )
    _try_credential(sign_in, site.clock)
    made = GraphWriter if told.get("write") else Graph
    return made(
        site.web(table), sign_in, table.place, site.clock, site.dice,
        graph=graph, foreign=told.get("foreign_mailbox"), zone=site.zone, poll_s=table.poll_s, fresh_s=table.poll_s,
    )  # fmt: skip


def _google(table: CalendarTable, site: Site) -> Calendar:
    told = table.settings
    writes = bool(told.get("write"))
    sign_in = GoogleSignIn(told["key_file"], writes, told.get("token_url", google_sign_in.TOKEN_URL))
    _try_credential(sign_in, site.clock)
    made = GoogleWriter if writes else Google
    web = site.web(table, google.RATE_PER_S, google.BURST)
    return made(
        web, sign_in, table.place, site.clock, site.dice,
        api=told.get("api_url", google.API), zone=site.zone, poll_s=table.poll_s, fresh_s=table.poll_s,
    )  # fmt: skip


def _try_credential(sign_in: SignIn, clock: Clock) -> None:
    """A file that is of no use is told at the start, and not by the first room."""
    try:
        sign_in.load_request(clock.now())
    except CalendarRefused as bad:
        raise BadInput(bad.message) from bad


def _basic(table: CalendarTable) -> Basic:
    secret = SecretFile(table.settings["password_file"])
    try:
        secret.load()  # a file that is not there is told at the start, and not by the first room
    except CalendarRefused as bad:
        raise BadInput(f"password_file: {bad.message}") from bad
    return Basic(table.settings["user"], secret)


BUILDERS: dict[str, Builder] = {
    "folder": _folder, "caldav": _caldav, "ics": _ics, "microsoft": _microsoft, "google": _google,
}  # fmt: skip


class SiteCalendars:
    """All calendars of a site as one; `aclose` when done. ``calendar`` is None where the settings name none."""

    def __init__(self, config: ConnectorConfig, clock: Clock, dice: random.Random) -> None:
        """Raises BadConfig with every complaint."""
        self._site = Site(clock, dice, config.proxy, ZoneInfo(config.time_zone))
        self._tables = config.calendars
        self._built: dict[str, Calendar] = {}
        complaints: list[str] = []
        for table in config.calendars:
            try:
                self._built[table.name] = BUILDERS[table.kind](table, self._site)
            except BadInput as bad:
                complaints.append(f"calendars: {table.name}: {bad}")
        if complaints:
            raise BadConfig("\n".join(complaints))
        self._rest: Calendar | None = Folder(config.calendar, clock=clock) if config.calendar else None
        self.calendar: Calendar | None = Several(self.calendar_of, dice) if self._built else self._rest

    def name_of(self, room: RoomName) -> str | None:
        """The calendar that the room is in, as the settings call it; None where it is in none."""
        for table in self._tables:
            if room in table.rooms:
                return table.name
        rest = next((table.name for table in self._tables if table.address is not None), None)
        return rest or ("calendar" if self._rest is not None else None)

    def calendar_of(self, room: RoomName) -> Calendar | None:
        name = self.name_of(room)
        return self._built.get(name, self._rest) if name is not None else None

    def rooms(self) -> tuple[RoomName, ...]:
        """Those that the settings name, whether the site has them or not."""
        return tuple(dict.fromkeys(room for table in self._tables for room in table.rooms))

    async def aclose(self) -> None:
        for web in self._site.webs:
            await web.aclose()
