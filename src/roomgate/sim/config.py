"""What is asked of the simulator, and what it says once the rooms are up."""

from dataclasses import dataclass, field
from pathlib import Path

from roomgate.sim.restless import Unrest
from roomgate.sim.wires import Wires

APART_MOST = 200  # more rooms than that share their doors: a listener each would exhaust descriptors


@dataclass(frozen=True, slots=True)
class RoomConfig:
    """One room. A port of 0 is the one that it had before, or any free one."""

    name: str
    port: int = 0
    panel_port: int = 0
    profile: str = "26"
    ssh_port: int = 0


@dataclass(frozen=True, slots=True)
class SimConfig:
    """``data`` gets a folder for each room; ``host`` is where the devices listen (their screens: loopback).

    ``shared`` says whether all rooms share their doors, an address 127.x.y.z each (``host`` is then of no account);
    None: if there are more than APART_MOST of them. ``faults`` is a schedule (`roomgate.sim.schedule`), ``unrest``
    what changes again and again in every room. ``sip`` is where SIP calls really go, HOST:PORT; empty: they are played.
    """

    data: Path
    rooms: tuple[RoomConfig, ...]
    host: str = "127.0.0.1"
    wires: Wires = field(default_factory=Wires)
    faults: str = ""
    unrest: Unrest | None = None
    shared: bool | None = None
    sip: str = ""

    @property
    def is_shared(self) -> bool:
        return len(self.rooms) > APART_MOST if self.shared is None else self.shared


@dataclass(frozen=True, slots=True)
class RoomReady:
    """How to reach a room that runs. ``user`` and ``password`` are the daily account's; ``ca`` is a PEM file,
    ``panel`` the screen's address, ``pin`` the SHA-256 of the DER certificate in hex, ``journal`` the file
    with the device's own truth, ``ssh_pin`` the fingerprint of the host key, and ``ssh_host_key`` the key as
    known_hosts has it. Passwords are those that the accounts were made with."""

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
    ssh_port: int
    ssh_pin: str
    ssh_host_key: str
