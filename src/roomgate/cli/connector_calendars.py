"""Looking at the site's calendars, as the connector would."""

import asyncio
import random
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import App

from roomgate.cli.connector import read_config
from roomgate.cli.exits import DONE, NO, UNREACHABLE
from roomgate.cli.output import Json, say, show_json
from roomgate.errors import BadInput

if TYPE_CHECKING:
    from roomgate.connector.calendar_check import Seen
    from roomgate.connector.config import ConnectorConfig

app = App(name="calendars", help="The site's calendars.")


@app.command
def check(*rooms: str, config: Path | None = None, json: Json = False) -> int:
    """Read each room's calendar once, and say what is there, or what stands in the way and what to do. Exit 1 if anything does.

    It needs no running connector, writes nothing, and shows no meeting: how many there are is all that it tells.

    Example: ``roomgate connector calendars check --config connector.toml``

    Parameters
    ----------
    rooms
        these alone; without them, all of the devices file and all that the calendars name
    config
        the connector's TOML file; its keys may also come as ROOMGATE_CONNECTOR_…
    """
    made = read_config(config)
    if made.calendar is None and not made.calendars:
        raise BadInput("The site has no calendar.", hint="Put calendar or [[calendars]] into the connector's settings.")
    seen = asyncio.run(_check(made, rooms))
    if json:
        show_json([one.to_json() for one in seen])
    else:
        for one in seen:
            say(f"{one.room}{f' ({one.calendar})' if one.calendar else ''}: {one.words}.")
            if one.hint:
                say(f"    {one.hint}")
    states = {one.state.value for one in seen}
    fine = {"read", "empty"} if rooms else {"read", "empty", "none"}  # a room that nobody named may be in no calendar
    return UNREACHABLE if "unreachable" in states else DONE if states <= fine else NO


async def _check(made: "ConnectorConfig", rooms: tuple[str, ...]) -> "list[Seen]":
    from roomgate.clock import SystemClock
    from roomgate.connector.calendar_check import check_calendars
    from roomgate.connector.calendars import SiteCalendars
    from roomgate.connector.devices import load_devices
    from roomgate.ids import RoomName

    clock = SystemClock()
    calendars = SiteCalendars(made, clock, random.Random())  # noqa: S311 (spreads load, guards nothing)
    try:
        named = [RoomName(room) for room in rooms]
        if not named:
            held = [entry.name for entry in load_devices(made.devices)] if made.devices.exists() else []
            named = list(dict.fromkeys([*held, *calendars.rooms()]))
        return await check_calendars(calendars, named, clock)
    finally:
        await calendars.aclose()
