"""Running simulated rooms."""

import os
from pathlib import Path

from cyclopts import App

from roomgate.cli.output import Json, show_json
from roomgate.cli.running import run_program
from roomgate.errors import BadInput

app = App(name="sim", help="Run simulated rooms.")

_MOST = 1000


@app.command
def serve(
    *,
    rooms: int = 1,
    name: list[str] | None = None,
    data: Path = Path("roomgate-sim"),
    host: str = "127.0.0.1",
    profile: str = "26",
    json: Json = False,
) -> None:
    """Simulate rooms until stopped; prints how to reach each, and its touch panel.

    Example: ``roomgate sim serve --rooms 3 --json``

    Parameters
    ----------
    rooms
        how many, where no names are given
    name
        a room's name; may be repeated
    data
        the folder that keeps their state
    host
        the address to listen at
    profile
        the RoomOS release that they behave like
    """
    if not 1 <= rooms <= _MOST:
        raise BadInput(f"Between 1 and {_MOST} rooms, please.")
    from roomgate.sim.app import RoomConfig, RoomReady, SimConfig
    from roomgate.sim.app import serve as run

    names = name or [f"room-{n + 1}" for n in range(rooms)]
    config = SimConfig(data, tuple(RoomConfig(one, profile=profile) for one in names), host)

    def ready(found: list[RoomReady]) -> None:
        rows = [{field: getattr(room, field) for field in RoomReady.__dataclass_fields__} for room in found]
        if json:
            show_json({"rooms": rows, "pid": os.getpid()})
            return
        for row in rows:
            print(f"{row['name']}: wss://{row['host']}:{row['port']}/ws  {row['user']} / {row['password']}")
            print(f"  panel {row['panel']}  certificate {row['ca']}", flush=True)

    run_program(run, config, ready)
