"""Running the connector that checks are tried on: as wrong as in 2019, in part, or not at all."""

import asyncio
import json as form
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from roomgate.cli.files import read_text
from roomgate.cli.output import Json, show_json
from roomgate.cli.running import run_program
from roomgate.errors import BadInput

if TYPE_CHECKING:
    from roomgate.checks.doubles.flaws import Flaws

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class DoubleConfig:
    """For a program that has a device of its own: where the double listens, and what it bridges."""

    certificate: Path
    key: Path
    device_host: str
    device_port: int
    device_user: str
    device_password: str = field(repr=False)
    device_ca: str
    admin_password: str = field(repr=False)
    host: str = HOST
    port: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A double with a device of its own and a target file."""

    folder: Path
    flaws: "Flaws"
    device: str = "pretend"
    port: int = 0


@dataclass(frozen=True, slots=True)
class Ready:
    address: str
    target: Path | None = None


def serve_double(
    config: Path | None = None,
    /,
    *,
    flaw: list[str] | None = None,
    flaws: Literal["all", "none"] | None = None,
    device: Literal["pretend", "sim"] = "pretend",
    folder: Path = Path("roomgate-double"),
    port: int = 0,
    json: Json = False,
) -> None:
    """Run a connector on loopback that does it all wrong, as in 2019, and write the target file for checking it.

    Example: ``roomgate check serve-double --flaw no-sign-in --flaw endless``

    Parameters
    ----------
    config
        in place of all the rest: a JSON file with the fields of ``DoubleConfig``, for a device that runs already; it
        holds passwords, so keep it mode 0600, and never name a real device
    flaw
        what it does wrong, and nothing else; may be repeated. docs/checks/README.md has their names
    flaws
        everything (the default), or nothing at all
    device
        a device that is only pretended, or a simulated one, which the checks with site access need
    folder
        where the target file, its certificates and the device's own pages go
    port
        where it listens; any free port if you do not say
    """
    from roomgate.checks.doubles.flaws import parse_flaws

    chosen = parse_flaws([*(flaw or ()), *([flaws] if flaws else [])] or ["all"])

    def ready(found: Ready) -> None:
        if json:
            told = {"double": found.address, "pid": os.getpid(), "flaws": sorted(chosen)}
            show_json(told | ({"target": str(found.target)} if found.target else {}))
            return
        print(f"The double answers at {found.address}; it has {_told(chosen)}.", flush=True)
        if found.target:
            tier = "site --allow-intrusive" if device == "sim" else "accounts"
            print(f"Check it from another terminal: roomgate check run {found.target} --tier {tier}", flush=True)

    if config is not None:
        run_program(_serve_beside, parse_config(config, read_text(config)), ready)
    else:
        run_program(_serve_alone, Wanted(folder, chosen, device, port), ready)


def _told(flaws: "Flaws") -> str:
    from roomgate.checks.doubles.flaws import ALL

    if flaws == ALL:
        return "every flaw of 2019, and more"
    return f"these flaws: {', '.join(sorted(flaws))}" if flaws else "no flaw"


def parse_config(file: Path, text: str) -> DoubleConfig:
    """Raises BadInput for anything but an object with the right fields."""
    try:
        values: Any = form.loads(text)
    except ValueError as bad:
        raise BadInput(f"{file} is not JSON: {bad}.") from bad
    known = {one.name: one for one in fields(DoubleConfig)}
    if not isinstance(values, dict):
        raise BadInput(f"{file} is not a JSON object.")
    missing = [name for name, one in known.items() if one.default is MISSING and name not in values]
    unknown = sorted(values.keys() - known.keys())
    wrong = [
        n for n, one in known.items() if n in values and not isinstance(values[n], int if one.type is int else str)
    ]
    complaints = [f"{n}: is missing" for n in missing] + [f"{n}: there is no such field" for n in unknown]
    if complaints := complaints + [f"{n}: is of the wrong kind" for n in wrong]:
        raise BadInput(f"{file}: " + "; ".join(complaints) + ".")
    return DoubleConfig(**values | {"certificate": Path(values["certificate"]), "key": Path(values["key"])})


# ---- beside a device that runs already: every flaw, and a portal for its administrators ------------


async def _serve_beside(made: DoubleConfig, ready: Callable[[Ready], None]) -> None:
    from roomgate.checks.doubles.flaws import ALL
    from roomgate.checks.doubles.real_device import Reach, RealDevice
    from roomgate.checks.doubles.scene import OAK, build_bare
    from roomgate.checks.doubles.serving import serve_app
    from roomgate.checks.pace import SystemTime
    from roomgate.listening import load_tls

    reach = Reach(made.device_host, made.device_port, made.device_user, made.device_password, made.device_ca)
    async with asyncio.TaskGroup() as group:
        device = RealDevice(reach, group, stays=True)
        try:
            await device.read()
            double = build_bare(ALL, SystemTime(), {OAK: device}, made.admin_password)
            tls = load_tls(made.certificate, made.key)
            await serve_app(double, made.host, made.port, tls, lambda port: ready(Ready(f"https://localhost:{port}")))
        finally:
            await device.aclose()


# ---- alone, with a device of its own ---------------------------------------------------------------


async def _serve_alone(made: Wanted, ready: Callable[[Ready], None]) -> None:
    from roomgate.cli.double_world import double_world

    async with AsyncExitStack() as stack:
        found = await stack.enter_async_context(double_world(made.folder, made.flaws, made.device, made.port))
        ready(Ready(found.address, found.target))
        await asyncio.Event().wait()
