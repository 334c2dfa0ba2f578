"""The demonstration's world: certificates, folders, configuration files, four programs, and who is who."""

import asyncio
import json
import os
import secrets
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from roomgate.cli.demo.certificates import Authority
from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.leftovers import clear
from roomgate.cli.demo.people import Caller
from roomgate.cli.demo.programs import Programs
from roomgate.connector.site_policy import SitePolicy
from roomgate.listening import lasting_port

ROOMS = ("oslo", "lima", "kyoto", "accra", "turin", "quito", "perth", "delhi", "tunis", "leeds")
# The story's own rooms: so that what demo.json names is left alone.
HARBOUR, PIER, ATTIC, CELLAR, LOFT, MUSEUM = "harbour", "pier", "attic", "cellar", "loft", "museum"
STORY = (HARBOUR, PIER, ATTIC, CELLAR, LOFT)
HUB_PORT = 8443

POLICY = """\
# What this site allows. The connector reads this file; the hub cannot change it.
name = "service desk"
cedar = "site.cedar"
intrusive_per_minute = 12
open = ["Roomgate Tunnel"]  # dangerous: inside a device's own page nobody judges any more
"""
# The service desk's, and what this site adds.
CEDAR = f"""\
{SitePolicy.shipped_text("service-desk")}
@id("panels")
permit (principal, action == Action::"ui", resource)
when {{ context.path like "Command/UserInterface/Extensions/*" && [{", ".join(f'Room::"{room}"' for room in (HARBOUR, PIER, LOFT))}].contains(resource) }};

@id("bookings-from-afar")
permit (principal, action == Action::"bookings", resource)
when {{ ["Command/Bookings/Book", "Command/Bookings/Extend", "Command/Bookings/CheckIn", "Command/Bookings/CheckOut", "Command/Bookings/Delete"].contains(context.path) }};

@id("own-page-of-one-room")
permit (principal, action == Action::"web", resource == Room::"{HARBOUR}");
"""


def free_port(wanted: int) -> int:
    """The wanted port of loopback where it is free, else one that stays free while a program is restarted."""
    if wanted:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                return lasting_port()
        return wanted
    return lasting_port()


def toml(values: dict[str, Any]) -> str:
    """A flat TOML document; JSON's strings, numbers, switches and lists are TOML's too."""
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())


def write_private(path: Path, text: str) -> Path:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
    return path


def devices_file(rooms: Iterable[Inside], ports: Mapping[str, int]) -> str:
    """A site's own list of rooms; ``ports``: where another than the device's own is dialled."""
    return "".join(
        "[[room]]\n"
        + toml({"name": room.name, "host": room.host, "port": ports.get(room.name, room.port), "pin": room.pin})
        + "[room.accounts]\n"
        + toml({"daily": room.user, "privileged": room.privileged_user})
        + "\n"
        for room in rooms
    )


def passwords_file(rooms: Iterable[Inside]) -> str:
    """What `roomgate connector vault load` reads."""
    return "".join(
        f"{room.name} {room.user} {room.password}\n{room.name} {room.privileged_user} {room.privileged_password}\n"
        for room in rooms
    )


def password() -> str:
    return "-".join(secrets.token_hex(2) for _ in range(5))


@dataclass(slots=True)
class World:
    """Everything that runs, and how to reach it."""

    folder: Path
    rooms: int = 3
    hub_port: int = HUB_PORT  # where the hub listens if that is free
    cedar: str = CEDAR  # the site's policy
    hub: str = ""
    port: int = 0
    sites: dict[str, str] = field(default_factory=dict)  # ids, by the name of the connector's program
    connectors: dict[str, str] = field(default_factory=dict)
    admin: dict[str, Any] = field(default_factory=dict)
    guest: dict[str, Any] = field(default_factory=dict)
    inside: dict[str, Inside] = field(default_factory=dict)
    witness: dict[str, Any] = field(default_factory=dict)
    vkeys: list[str] = field(default_factory=list)
    _named: int = 0
    programs: Programs = field(init=False)
    authority: Authority = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.folder.resolve()
        self.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        clear(self.folder)
        (self.folder / "logs").mkdir()
        self.programs = Programs(self.folder / "logs")
        self.authority = Authority(self.folder)

    @property
    def connector(self) -> str:
        """The id of the first one."""
        return self.connectors["connector"]

    @property
    def ca(self) -> str:
        return str(self.authority.ca)

    @property
    def names(self) -> list[str]:
        """The rooms that demo.json names: the visitor's own."""
        return [ROOMS[n] if n < len(ROOMS) else f"room-{n + 1}" for n in range(self.rooms)]

    def file(self, name: str, text: str) -> Path:
        return write_private(self.folder / name, text)

    def secret_file(self, name: str, secret: str) -> Path:
        (self.folder / "secrets").mkdir(exist_ok=True, mode=0o700)
        return self.file(f"secrets/{name}", secret)

    # ---- the four programs -------------------------------------------------------------------------

    def somebody(self, what: str) -> str:
        """A new name for somebody in the story: guest-1, guest-2 …"""
        self._named += 1
        return f"{what}-{self._named}"

    async def start_all(self, rooms: Sequence[str] | None = None) -> None:
        """Everything, in the order in which one needs the other; ``rooms`` as for `start_connector`."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.start_sim())
            group.create_task(self.start_witness())
        await self.start_hub()
        await self.start_connector(rooms=rooms)

    async def start_sim(self) -> None:
        """Also after it was stopped: every room is where it was."""
        names = [*self.names, *STORY, MUSEUM]
        words = ["sim", "serve", "--data", str(self.folder / "sim"), "--json"]
        for name in names:
            words += ["--name", name]
        ready = await self.programs.start("sim", *words)
        self.inside |= {room["name"]: Inside.of(room) for room in ready["rooms"]}

    async def start_witness(self) -> None:
        certificate, key = self.authority.issue("witness")
        self.file(
            "witness.toml",
            toml(
                {
                    "data": str(self.folder / "witness"),
                    "port": free_port(0),
                    "certificate": str(certificate),
                    "key": str(key),
                    "name": "witness.demo",
                }
            ),
        )
        await self.run_witness()

    async def run_witness(self) -> None:
        config = str(self.folder / "witness.toml")
        self.witness = await self.programs.start("witness", "witness", "serve", "--config", config, "--json")

    async def start_hub(self) -> None:
        """Make the hub with its first administrator, and start it."""
        certificate, key = self.authority.issue("hub")
        self.port = free_port(self.hub_port)
        self.hub = f"https://localhost:{self.port}"
        values = {
            "data": str(self.folder / "hub"),
            "listen_host": "127.0.0.1",
            "listen_port": self.port,
            "public_url": self.hub,
            "certificate": str(certificate),
            "certificate_key": str(key),
            "ca": self.ca,
            "witness_url": self.witness["witness"],
            "witness_key": self.witness["vkey"],
            "witness_ca": self.ca,
        }
        self.file("hub.toml", toml(values))
        self.admin = {"user": "admin", "password": password()}
        words = ["--second-factor", "--config", str(self.folder / "hub.toml"), "--json"]
        kept = self.secret_file("admin", self.admin["password"])
        made = await self.programs.run(
            "hub init", "hub", "init", "--admin", "admin", "--password-file", str(kept), *words
        )
        self.admin |= {"id": made["person"], "token": made["token"], "totp": made["totp"], "recovery": made["recovery"]}
        await self.trust_log(made["vkey"])
        await self.run_hub()

    async def run_hub(self) -> None:
        await self.programs.start("hub", "hub", "serve", "--config", str(self.folder / "hub.toml"), "--json")

    async def trust_log(self, vkey: str) -> None:
        """Tell the witness about one more ledger that it watches."""
        self.vkeys.append(vkey)
        config = str(self.folder / "witness.toml")
        await self.programs.run("witness trust", "witness", "trust", vkey, "--config", config)

    def caller(self, token: str | None = None) -> Caller:
        return Caller.of(self.hub, self.ca, token or self.admin["token"])

    async def start_connector(
        self, name: str = "connector", site: str = "demo", rooms: Sequence[str] | None = None
    ) -> None:
        """Enrol a connector with a one-time code, give it the devices' passwords, and start it.

        ``name`` is that of its program and its data folder; the first one has every room but the museum.
        """
        rooms = (*self.names, *STORY) if rooms is None else rooms
        admin = self.caller()
        try:
            made = (await admin.call("POST", "/api/v1/sites", {"name": site}))["id"]
            offer = await admin.call("POST", "/api/v1/connectors", {"site": made})
            config = self._configure(name, rooms)
            code = self.secret_file("enrolment-code", offer["code"])
            enrolled = await self.programs.run(
                "connector enrol", "connector", "enrol", "--config", config, "--code-file", str(code),
                "--fingerprint", offer["hub_fingerprint"], "--json",
            )  # fmt: skip
            self.sites[name], self.connectors[name] = made, enrolled["connector"]
            async with asyncio.TaskGroup() as group:
                group.create_task(self.trust_log(enrolled["vkey"]))
                group.create_task(self._fill_vault(config, rooms))
                await admin.call("POST", f"/api/v1/connectors/{self.connectors[name]}/confirm", {})
            await self.run_connector(name)
        finally:
            await admin.close()

    async def run_connector(self, name: str = "connector") -> None:
        config = str(self.folder / f"{name}.toml")
        await self.programs.start(name, "connector", "serve", "--config", config, "--json")

    def _configure(self, name: str, rooms: Sequence[str]) -> str:
        """A connector's folder and files; gives the path of its configuration."""
        of = "" if name == "connector" else f"{name}-"
        (self.folder / name).mkdir(mode=0o700)
        for room in rooms:
            (self.folder / "calendar" / room).mkdir(parents=True)
        values = {
            "data": str(self.folder / name),
            "hub": self.hub,
            "hub_ca": self.ca,
            "devices": str(self.file(f"{of}devices.toml", devices_file((self.inside[room] for room in rooms), {}))),
            "policy": self._policy(of),
            "calendar": str(self.folder / "calendar"),
            "witness_url": self.witness["witness"],
            "witness_vkey": self.witness["vkey"],
            "witness_ca": self.ca,
        }
        return str(self.file(f"{name}.toml", toml(values)))

    def _policy(self, of: str) -> str:
        self.file("site.cedar", self.cedar)
        return str(self.file(f"{of}policy.toml", POLICY))

    async def _fill_vault(self, config: str, rooms: Sequence[str]) -> None:
        """All passwords in one go, from a file that is read once."""
        kept = self.secret_file("devices", passwords_file(self.inside[room] for room in rooms))
        await self.programs.run("vault", "connector", "vault", "load", str(kept), "--config", config)
        kept.unlink()

    async def start_double(self, secret: str) -> str:
        """The wrong connector, for the device that no connector of ours has; gives its address.

        ``secret`` is its administrator's password.
        """
        certificate, key = self.authority.issue("double")
        museum = self.inside[MUSEUM]
        told = {
            "certificate": str(certificate),
            "key": str(key),
            "device_host": museum.host,
            "device_port": museum.port,
            "device_user": museum.user,
            "device_password": museum.password,
            "device_ca": museum.ca,
            "admin_password": secret,
        }
        config = str(self.file("double.json", json.dumps(told)))
        return str((await self.programs.start("double", "check", "serve-double", config, "--json"))["double"])

    # ---- what a script may rely on -------------------------------------------------------------------

    @property
    def shown(self) -> Path:
        """The folder as people read it: relative to where they stand, if it is below."""
        relative = Path(os.path.relpath(self.folder))
        return self.folder if str(relative).startswith("..") else relative

    def write_contract(self) -> None:
        """``demo.json``, for scripts that use the demonstration like a customer; written whole, then moved into place."""
        contract = {
            "hub": self.hub,
            "ca": str(self.shown / "ca.pem"),
            "state": str(self.shown),
            "people": {
                "admin": {k: self.admin[k] for k in ("user", "password", "totp", "token")},
                "guest": {k: self.guest[k] for k in ("user", "password", "token")},
            },
            "rooms": [
                {
                    "name": name,
                    "panel": self.inside[name].panel,
                    "device": {k: getattr(self.inside[name], k) for k in ("host", "port", "user", "password", "ca")},
                }
                for name in self.names
            ],
            "calendar": str(self.shown / "calendar"),
            "processes": {name: self.programs.pid(name) for name in ("hub", "connector", "witness", "sim")},
        }
        draft = self.file("demo.json.new", json.dumps(contract, indent=2) + "\n")
        draft.rename(self.folder / "demo.json")
