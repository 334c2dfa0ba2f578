"""Running simulated rooms."""

import os
from pathlib import Path

from cyclopts import App

from roomgate.cli.output import Json, show_json
from roomgate.cli.running import run_program
from roomgate.errors import BadInput

app = App(name="sim", help="Run simulated rooms.")

_MOST = 60_000


@app.command
def serve(
    *,
    rooms: int = 1,
    name: list[str] | None = None,
    data: Path = Path("roomgate-sim"),
    host: str = "127.0.0.1",
    profile: str = "26",
    faults: str = "",
    unrest: str = "",
    real_limits: bool = False,
    shared: bool | None = None,
    sip: str = "",
    json: Json = False,
) -> None:
    """Simulate rooms until stopped; prints how to reach each, and its touch panel.

    Example: ``roomgate sim serve --rooms 3 --json``

    More than 200 rooms share their ports, and each has an address 127.x.y.z of its own; the same passphrases and
    one authority's certificates are then good for all of them.

    A schedule of faults is entries with a semicolon between them: ``KIND[=AMOUNT]@WHEN[+LASTING][/EVERY][:ROOM]``.
    ``seed=7; drop@10; delay=1.5@20+10:room-2; reboot=3@30..60/5m:?`` cuts every connection after 10 s, lets room-2
    answer 1.5 s late from the 20th to the 30th second, and restarts a room that the seed draws every five minutes,
    the first somewhen between 30 and 60 s. Kinds: drop, delay, stall, silent, reboot, half-frame, answer-twice,
    wrong-certificate, changed-certificate, slow-reader, garbage, huge-document, deep-document, clock-off, clear.

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
        the RoomOS release that they behave like: 9.15, 11 or 26; with readings that no public source settles, if you
        like: "26; empty_is_error=on" (docs/reference/simulator.md has them all)
    faults
        what goes wrong and when, by schedule
    unrest
        a leaf of their status that changes all the time, and every how many seconds: Status/RoomAnalytics/AmbientNoise/Level/A=30
    real_limits
        the rate limits of a real device, which few test suites can live under
    shared
        whether they share their ports; without a word, if there are more than 200
    sip
        where their SIP calls really go, an address of this machine's loopback such as 127.0.0.1:5060; needs baresip
    """
    if not 1 <= rooms <= _MOST:
        raise BadInput(f"Between 1 and {_MOST} rooms, please.")
    from roomgate.sim.app import RoomConfig, RoomReady, SimConfig
    from roomgate.sim.app import serve as run
    from roomgate.sim.restless import read_unrest
    from roomgate.sim.wires import Wires

    names = name or [f"room-{n + 1}" for n in range(rooms)]
    config = SimConfig(
        data,
        tuple(RoomConfig(one, profile=profile) for one in names),
        host,
        Wires(real_limits=real_limits),
        faults,
        read_unrest(unrest) if unrest else None,
        shared,
        sip,
    )

    def ready(found: list[RoomReady]) -> None:
        rows = [{field: getattr(room, field) for field in RoomReady.__dataclass_fields__} for room in found]
        if json:
            show_json({"rooms": rows, "pid": os.getpid()})
            return
        for row in rows:
            print(f"{row['name']}: wss://{row['host']}:{row['port']}/ws  {row['user']} / {row['password']}")
            print(f"  panel {row['panel']}  certificate {row['ca']}  ssh {row['host']}:{row['ssh_port']}", flush=True)

    run_program(run, config, ready)
