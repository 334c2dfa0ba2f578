"""Very many rooms in one program: they share their doors, one key and three accounts, and are made when somebody comes.

Each has an address 127.x.y.z of its own, by which whoever comes in is told apart. A room that nobody dialled, touched
or broke yet is a name and an address; whatever is true of all rooms (a fault everywhere, what never rests) is true of
it from the moment it is made. Certificates stand for blocks of neighbouring addresses, and all have one authority.
"""

import asyncio
import ssl
from contextlib import ExitStack
from dataclasses import dataclass

from roomgate.clock import Clock
from roomgate.descriptors import ensure_most
from roomgate.sim.accounts import Account, Accounts
from roomgate.sim.certificate import ensure_authority
from roomgate.sim.config import RoomReady, SimConfig
from roomgate.sim.doors import bind_again
from roomgate.sim.faults import Fault, Kind
from roomgate.sim.host_key import HostKey, ensure_host_key
from roomgate.sim.pacer import Pacer
from roomgate.sim.panel import Panel
from roomgate.sim.profile import get_profile
from roomgate.sim.room import Room
from roomgate.sim.servers.asgi import Receive, Scope, Send, see_other, send_response, text
from roomgate.sim.servers.front import Front
from roomgate.sim.servers.identity import Identity
from roomgate.sim.servers.listener import Listener
from roomgate.sim.servers.poster import Poster
from roomgate.sim.servers.ssh import Ssh
from roomgate.sim.state import State
from roomgate.sim.store import DAILY, OWNER, PRIVILEGED, STANDING, Ports, ensure_passphrases, load_ports, save_ports

MOST = 60_000
_BLOCK = 50  # rooms that one certificate stands for: few contexts, and still a short certificate
_HOSTS = 250  # addresses of one 127.x.y.0/24 that are given out, from 127.x.y.1 on


def address_of(number: int) -> str:
    """The address of the room of that number, from 0 on."""
    rest, last = divmod(number, _HOSTS)
    second, third = divmod(rest, 250)
    return f"127.{second + 1}.{third}.{last + 1}"


def number_of(address: str) -> int | None:
    """Whose address this is; None for one that is nobody's."""
    parts = address.split(".")
    if len(parts) != 4 or parts[0] != "127" or not all(part.isdecimal() for part in parts):
        return None
    second, third, last = (int(part) for part in parts[1:])
    if second < 1 or third >= 250 or not 1 <= last <= _HOSTS:
        return None
    return ((second - 1) * 250 + third) * _HOSTS + last - 1


@dataclass(slots=True)
class _Awake:
    """A room that somebody came to."""

    room: Room
    identity: Identity
    front: Front
    panel: Panel


class Fleet:
    """All the rooms of one program, behind doors that are bound and not yet open."""

    def __init__(self, config: SimConfig, clock: Clock, poster: Poster, stack: ExitStack) -> None:
        """Raises CannotStart for a door that cannot be had."""
        ensure_most()
        data, now = config.data, clock.now()
        self._config, self._clock, self._poster = config, clock, poster
        self._numbers = {room.name: number for number, room in enumerate(config.rooms)}
        self._awake: dict[int, _Awake] = {}
        self._everywhere: dict[Kind, tuple[Fault, float]] = {}
        self._pacer = Pacer(clock)
        self._passphrases = ensure_passphrases(data)
        self._standing = _make_accounts(self._passphrases)
        self._key = ensure_host_key(data)
        authority = ensure_authority(data, now)
        issued = data / "certificates"
        issued.mkdir(mode=0o700, exist_ok=True)
        self._ca = authority.ca
        self._identities = [
            Identity.of(authority.ensure_issued(issued, f"rooms-{first + 1}", now, _addresses(first)))
            for first in range(0, len(config.rooms), _BLOCK)
        ]
        kept, wanted = load_ports(data), config.rooms[0]
        self._device = bind_again(
            lambda port: Listener(self._at_door, "", port, tls=self._context, shared=True), wanted.port, kept.device
        )
        stack.callback(self._device.close)
        self._panels = bind_again(
            lambda port: Listener(self._at_screen, "127.0.0.1", port), wanted.panel_port, kept.panel
        )
        stack.callback(self._panels.close)
        self._ssh = bind_again(lambda port: Ssh(self._whose, "", port, shared=True), wanted.ssh_port, kept.ssh)
        stack.callback(self._ssh.close)
        stack.callback(self._close)
        save_ports(data, Ports(self._device.port, self._panels.port, self._ssh.port))

    @property
    def ready(self) -> list[RoomReady]:
        """How to reach each of them."""
        words = self._passphrases
        return [
            RoomReady(
                name=room.name,
                host=address_of(number),
                port=self._device.port,
                user=DAILY,
                password=words[DAILY],
                ca=self._ca,
                panel=f"http://127.0.0.1:{self._panels.port}/{room.name.replace(' ', '%20')}/",
                privileged_user=PRIVILEGED,
                privileged_password=words[PRIVILEGED],
                admin_user=OWNER,
                admin_password=words[OWNER],
                pin=self._identities[number // _BLOCK].certificate.pin,
                journal=self._config.data / room.name / "journal.jsonl",
                ssh_port=self._ssh.port,
                ssh_pin=self._key.pin,
                ssh_host_key=self._key.public,
            )
            for number, room in enumerate(self._config.rooms)
        ]

    def start(self, group: asyncio.TaskGroup) -> None:
        """Let people in, and time pass; for as long as the group lives."""
        group.create_task(self._pacer.run(), name="sim.time")
        group.create_task(self._device.run(), name="sim.devices")
        group.create_task(self._panels.run(), name="sim.panels")
        group.create_task(self._ssh.run(), name="sim.ssh")

    def break_down(self, name: str, fault: Fault) -> None:
        """Break one room."""
        self._wake(self._numbers[name]).room.break_down(fault)

    def break_all(self, fault: Fault) -> None:
        """Break every room: those that are awake now, and every other as it wakes."""
        if fault.kind is Kind.CLEAR:
            self._everywhere.clear()
        elif fault.kind is not Kind.DROP:
            self._everywhere[fault.kind] = (fault, self._clock.monotonic())
        for one in list(self._awake.values()):
            one.room.break_down(fault)

    def _wake(self, number: int) -> _Awake:
        """The room of that number, made now if nobody came to it before."""
        found = self._awake.get(number)
        if found is not None:
            return found
        config = self._config
        wanted = config.rooms[number]
        folder = config.data / wanted.name
        folder.mkdir(mode=0o700, exist_ok=True)
        profile = get_profile(wanted.profile)
        room = Room.load(wanted.name, folder, profile, self._clock, self._passphrases, config.wires, self._standing)
        room.post = self._poster.of(room)
        for fault, since in self._everywhere.values():
            room.faults.apply(fault, since)
        room.stir(config.unrest)
        shared = self._identities[number // _BLOCK]
        made = _Awake(room, Identity(shared.certificate, shared.own), Front(room), Panel(room))
        self._awake[number] = made
        self._pacer.add(room)
        return made

    def _number(self, address: str) -> int | None:
        number = number_of(address)
        return number if number is not None and number < len(self._config.rooms) else None

    def _context(self, address: str) -> ssl.SSLContext:
        """Whose certificate is shown. An address that is no room's is nobody: the connection is closed unanswered."""
        number = self._number(address)
        if number is None:
            raise ConnectionRefusedError(f"no room has the address {address}")
        if number in self._awake or self._everywhere:
            one = self._wake(number)
            return one.identity.context(one.room)
        return self._identities[number // _BLOCK].own

    def _whose(self, address: str) -> tuple[Room, HostKey] | None:
        number = self._number(address)
        return None if number is None else (self._wake(number).room, self._key)

    async def _at_door(self, scope: Scope, receive: Receive, send: Send) -> None:
        number = self._number(str(scope["server"][0]))
        if number is not None:
            await self._wake(number).front(scope, receive, send)

    async def _at_screen(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The screens share a listener: the first word of the path is the room."""
        if scope["type"] != "http":
            return
        name, slash, below = str(scope["path"])[1:].partition("/")
        number = self._numbers.get(name)
        if number is None:
            await send_response(send, text(404, "No such room"))
        elif not slash:
            await send_response(send, see_other(f"/{name.replace(' ', '%20')}/"))
        else:
            await self._wake(number).panel({**scope, "path": "/" + below}, receive, send)

    def _close(self) -> None:
        for one in self._awake.values():
            one.room.close()


def _addresses(first: int) -> list[str]:
    return [address_of(number) for number in range(first, first + _BLOCK)]


def _make_accounts(passphrases: dict[str, str]) -> tuple[Account, ...]:
    """The standing accounts, digested once for all rooms."""
    accounts = Accounts(State())
    return tuple(accounts.add(name, passphrases[name], roles) for name, roles in STANDING.items())
