"""A room with doors of its own: a listener each for HTTPS, for SSH and for its screen."""

import asyncio
from contextlib import ExitStack

from roomgate.clock import Clock
from roomgate.sim.certificate import ensure_certificate
from roomgate.sim.config import RoomConfig, RoomReady, SimConfig
from roomgate.sim.doors import bind_again
from roomgate.sim.host_key import ensure_host_key
from roomgate.sim.panel import Panel
from roomgate.sim.profile import get_profile
from roomgate.sim.room import Room
from roomgate.sim.servers.front import Front
from roomgate.sim.servers.identity import Identity
from roomgate.sim.servers.listener import Listener
from roomgate.sim.servers.poster import Poster
from roomgate.sim.servers.ssh import Ssh
from roomgate.sim.sip_agent import SipAgent
from roomgate.sim.store import DAILY, OWNER, PRIVILEGED, Ports, ensure_passphrases, load_ports, save_ports


class Apart:
    """One room's parts, bound to their ports and not yet running."""

    def __init__(self, config: SimConfig, wanted: RoomConfig, clock: Clock, poster: Poster, stack: ExitStack) -> None:
        folder = config.data / wanted.name
        profile = get_profile(wanted.profile)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        passphrases = ensure_passphrases(folder)
        certificate = ensure_certificate(folder, wanted.name, clock.now())
        key = ensure_host_key(folder)
        room = Room.load(wanted.name, folder, profile, clock, passphrases, config.wires)
        stack.callback(room.close)
        room.post = poster.of(room)
        room.stir(config.unrest)
        self._agent = SipAgent(room, config.sip) if config.sip else None
        room.device.calls.line = self._agent
        identity = Identity.of(certificate)
        kept, front, panel = load_ports(folder), Front(room), Panel(room)
        self.room = room
        self._device = bind_again(
            lambda port: Listener(front, config.host, port, tls=lambda _: identity.context(room)),
            wanted.port,
            kept.device,
        )
        stack.callback(self._device.close)
        self._panel = bind_again(lambda port: Listener(panel, "127.0.0.1", port), wanted.panel_port, kept.panel)
        stack.callback(self._panel.close)
        self._ssh = bind_again(lambda port: Ssh(lambda _: (room, key), config.host, port), wanted.ssh_port, kept.ssh)
        stack.callback(self._ssh.close)
        save_ports(folder, Ports(self._device.port, self._panel.port, self._ssh.port))
        self.ready = RoomReady(
            name=wanted.name,
            host=config.host,
            port=self._device.port,
            user=DAILY,
            password=passphrases[DAILY],
            ca=certificate.certificate,
            panel=f"http://127.0.0.1:{self._panel.port}/",
            privileged_user=PRIVILEGED,
            privileged_password=passphrases[PRIVILEGED],
            admin_user=OWNER,
            admin_password=passphrases[OWNER],
            pin=certificate.pin,
            journal=folder / "journal.jsonl",
            ssh_port=self._ssh.port,
            ssh_pin=key.pin,
            ssh_host_key=key.public,
        )

    def start(self, group: asyncio.TaskGroup) -> None:
        """Let people in, and time pass; for as long as the group lives."""
        name = self.room.name
        group.create_task(self.room.run(), name=f"sim.{name}.time")
        group.create_task(self._device.run(), name=f"sim.{name}.device")
        group.create_task(self._panel.run(), name=f"sim.{name}.panel")
        group.create_task(self._ssh.run(), name=f"sim.{name}.ssh")
        if self._agent is not None:
            group.create_task(self._agent.run(), name=f"sim.{name}.sip")
