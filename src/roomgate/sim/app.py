"""The simulator: several rooms in one program, each with its own listener, certificate, folder and screen."""

import asyncio
import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roomgate.clock import Clock, SystemClock
from roomgate.errors import BadInput
from roomgate.folder import alone_in
from roomgate.listening import PortTaken, lasting_port
from roomgate.sim.certificate import ensure_certificate
from roomgate.sim.panel import Panel
from roomgate.sim.profile import get_profile
from roomgate.sim.room import Room
from roomgate.sim.servers.listener import Listener
from roomgate.sim.servers.websocket import Server
from roomgate.sim.store import DAILY, OWNER, PRIVILEGED, Ports, ensure_passphrases, load_ports, save_ports

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _\-]{0,48}")


@dataclass(frozen=True, slots=True)
class RoomConfig:
    """One room. A port of 0 is the one that it had before, or any free one."""

    name: str
    port: int = 0
    panel_port: int = 0
    profile: str = "26"


@dataclass(frozen=True, slots=True)
class SimConfig:
    """``data`` gets a folder for each room; ``host`` is where the devices listen (their screens: loopback)."""

    data: Path
    rooms: tuple[RoomConfig, ...]
    host: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class RoomReady:
    """How to reach a room that runs. ``user`` and ``password`` are the daily account's; ``ca`` is a PEM file,
    ``panel`` the screen's address, ``pin`` the SHA-256 of the DER certificate in hex, ``journal`` the file
    with the device's own truth. Passwords are those that the accounts were made with."""

    name: str
    host: str
    port: int
    user: str
    password: str
    ca: Path
    panel: str
    privileged_user: str
    privileged_password: str
    admin_user: str
    admin_password: str
    pin: str
    journal: Path


async def serve(config: SimConfig, ready: Callable[[list[RoomReady]], None], *, clock: Clock | None = None) -> None:
    """Run the rooms until cancelled; ``ready`` is called once, when every one of them accepts connections.

    Raises BadInput for a configuration that cannot be, CannotStart for a port or a data folder that cannot be had.
    """
    names = [room.name for room in config.rooms]
    if not names or len(set(map(str.lower, names))) != len(names) or not all(map(_NAME.fullmatch, names)):
        raise BadInput("Rooms need different names of letters, digits, spaces and dashes")
    with ExitStack() as stack:
        stack.enter_context(alone_in(config.data))
        rooms = [_Running(config, one, clock or SystemClock(), stack) for one in config.rooms]
        try:
            async with asyncio.TaskGroup() as group:
                for running in rooms:
                    group.create_task(running.room.run(), name=f"sim.{running.room.name}.time")
                    group.create_task(running.device.run(), name=f"sim.{running.room.name}.device")
                    group.create_task(running.panel.run(), name=f"sim.{running.room.name}.panel")
                for running in rooms:
                    await running.device.ready()
                    await running.panel.ready()
                ready([running.ready for running in rooms])
        except* BadInput as bad:
            raise bad.exceptions[0] from None


def _listen(app: Any, host: str, wanted: int, kept: int, **tls: Path) -> Listener:
    """At the port that was asked for; where any will do, at the one from before, since devices do not move."""
    for port in (wanted,) if wanted else (kept or lasting_port(), lasting_port()):
        try:
            return Listener(app, host, port, **tls)
        except PortTaken:
            if wanted:
                raise
    return Listener(app, host, 0, **tls)


class _Running:
    """One room's parts, bound to their ports and not yet running."""

    def __init__(self, config: SimConfig, wanted: RoomConfig, clock: Clock, stack: ExitStack) -> None:
        folder = config.data / wanted.name
        profile = get_profile(wanted.profile)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        passphrases = ensure_passphrases(folder)
        certificate = ensure_certificate(folder, wanted.name, clock.now())
        self.room = Room.load(wanted.name, folder, profile, clock, passphrases)
        stack.callback(self.room.close)
        kept = load_ports(folder)
        self.device = _listen(
            Server(self.room), config.host, wanted.port, kept.device,
            certificate=certificate.certificate, key=certificate.key,
        )  # fmt: skip
        stack.callback(self.device.close)
        self.panel = _listen(Panel(self.room), "127.0.0.1", wanted.panel_port, kept.panel)
        stack.callback(self.panel.close)
        save_ports(folder, Ports(self.device.port, self.panel.port))
        self.ready = RoomReady(
            name=wanted.name,
            host=config.host,
            port=self.device.port,
            user=DAILY,
            password=passphrases[DAILY],
            ca=certificate.certificate,
            panel=f"http://127.0.0.1:{self.panel.port}/",
            privileged_user=PRIVILEGED,
            privileged_password=passphrases[PRIVILEGED],
            admin_user=OWNER,
            admin_password=passphrases[OWNER],
            pin=certificate.pin,
            journal=folder / "journal.jsonl",
        )
