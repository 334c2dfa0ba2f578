"""A small world of the real programs, each of which may be killed and started again on the same folder and port."""

import asyncio
import json
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from roomgate.cli.demo.certificates import Authority
from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.people import Caller
from roomgate.cli.demo.programs import Programs
from roomgate.cli.demo.world import devices_file, password, passwords_file, toml, write_private
from roomgate.listening import lasting_port
from support.world import CHEAP, START_S

VOLUME = {"get": "Status/Audio/Volume"}  # a wish that changes nothing
SHOW = "UserInterface/Message/TextLine/Display"
CAPABILITIES = ["observe", "call", "in-call", "av-control", "ui", "bookings", "configure"]
POLICY = 'name = "service desk"\ncedar = "service-desk"\ncommands_per_minute = 6000\nintrusive_per_minute = 600\n'


def show(text: str) -> dict[str, Any]:
    """A wish whose every run can be told from the others in the room's journal."""
    return {"command": SHOW, "arguments": {"Text": text, "Duration": 3}}


@dataclass(slots=True)
class Shaken:
    """Hub, connector, witness and simulator of one site, by `start_all`; `kill` and `start` work on each alone."""

    folder: Path
    rooms: tuple[str, ...]
    hub: str = ""
    connector: str = ""
    admin: str = ""  # a token
    vkeys: dict[str, str] = field(default_factory=dict)
    witness_vkey: str = ""
    inside: dict[str, Inside] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    link_port: int = 0  # where the connector finds the hub, if something stands between
    witness_port: int = 0  # and the hub and the connector the witness
    server: str = ""  # the address of hub and witness, where it is not this machine's loopback
    devices: str = "127.0.0.1"  # the address of the simulated devices
    hub_extra: dict[str, Any] = field(default_factory=dict)
    connector_extra: dict[str, Any] = field(default_factory=dict)
    env: dict[str, dict[str, str]] = field(default_factory=dict)  # one program's own, by its name
    programs: Programs = field(init=False)
    authority: Authority = field(init=False)

    def __post_init__(self) -> None:
        (self.folder / "logs").mkdir(parents=True)
        self.programs = Programs(self.folder / "logs", {"ROOMGATE_DEBUG": "", **CHEAP}, start_s=START_S)
        self.authority = Authority(self.folder, (self.server,) if self.server else ())
        self.ports = {"hub": lasting_port(), "witness": lasting_port()}

    # ---- making it ---------------------------------------------------------------------------------

    async def start_all(self) -> None:
        self.hub = self._url(self.ports["hub"])
        self._write_witness()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.start("sim"))
            witness = group.create_task(self.start("witness"))
        self.witness_vkey = witness.result()["vkey"]
        await self._make_hub()
        await self.start("hub")
        await self._make_connector()
        await self.start("connector")

    def _url(self, port: int) -> str:
        return f"https://{self.server or 'localhost'}:{port}"

    @property
    def _listens(self) -> str:
        return self.server or "127.0.0.1"

    def _write(self, name: str, text: str) -> Path:
        return write_private(self.folder / name, text)

    def _write_witness(self) -> None:
        certificate, key = self.authority.issue("witness")
        values = {
            "data": str(self.folder / "witness"), "host": self._listens, "port": self.ports["witness"], "certificate": str(certificate),
            "key": str(key), "name": "witness.test",
        }  # fmt: skip
        self._write("witness.toml", toml(values))

    def _witness(self) -> dict[str, str]:
        return {"url": self._url(self.witness_port or self.ports["witness"]), "key": self.witness_vkey}

    async def _make_hub(self) -> None:
        certificate, key = self.authority.issue("hub")
        values: dict[str, Any] = {
            "data": str(self.folder / "hub"), "listen_host": self._listens, "listen_port": self.ports["hub"],
            "public_url": self.hub, "certificate": str(certificate), "certificate_key": str(key),
            "witness_url": self._witness()["url"], "witness_key": self.witness_vkey,
            "witness_ca": str(self.authority.ca),
        }  # fmt: skip
        config = str(self._write("hub.toml", toml(values | self.hub_extra)))
        kept = str(self._write("admin", password()))
        made = await self.programs.run(
            "hub init", "hub", "init", "--admin", "admin", "--password-file", kept, "--config", config, "--json"
        )
        self.admin = made["token"]
        await self._trust("hub", made["vkey"])

    async def _trust(self, name: str, vkey: str) -> None:
        self.vkeys[name] = vkey
        await self.programs.run("trust", "witness", "trust", vkey, "--config", str(self.folder / "witness.toml"))

    async def _make_connector(self) -> None:
        (self.folder / "connector").mkdir(mode=0o700)
        self._write("policy.toml", POLICY)
        self.write_devices()
        for name in self.rooms:
            (self.folder / "calendar" / name).mkdir(parents=True)
        values: dict[str, Any] = {
            "data": str(self.folder / "connector"), "hub": self._url(self.link_port or self.ports["hub"]), "hub_ca": str(self.authority.ca),
            "devices": str(self.folder / "devices.toml"), "policy": str(self.folder / "policy.toml"),
            "calendar": str(self.folder / "calendar"), "meeting_domains": ["example.com"], "witness_url": self._witness()["url"],
            "witness_vkey": self.witness_vkey, "witness_ca": str(self.authority.ca),
        }  # fmt: skip
        config = str(self._write("connector.toml", toml(values | self.connector_extra)))
        async with self.caller() as admin:
            site = (await admin.call("POST", "/api/v1/sites", {"name": "site"}))["id"]
            offer = await admin.call("POST", "/api/v1/connectors", {"site": site})
            code = str(self._write("code", offer["code"]))
            enrolled = await self.programs.run(
                "enrol", "connector", "enrol", "--config", config, "--code-file", code,
                "--fingerprint", offer["hub_fingerprint"], "--json",
            )  # fmt: skip
            self.connector = enrolled["connector"]
            await self._trust("connector", enrolled["vkey"])
            await admin.call("POST", f"/api/v1/connectors/{self.connector}/confirm", {})
        kept = self._write("passwords", passwords_file(self.inside[name] for name in self.rooms))
        await self.programs.run("vault", "connector", "vault", "load", str(kept), "--config", config)
        kept.unlink()

    def write_devices(self, ports: dict[str, int] | None = None) -> None:
        """The site's own file; ``ports`` puts something between connector and device."""
        self._write("devices.toml", devices_file((self.inside[name] for name in self.rooms), ports or {}))

    # ---- running, killing --------------------------------------------------------------------------

    async def start(self, name: str) -> dict[str, Any]:
        """Start a program (again), on the folder and port that it had; returns once it says that it is ready."""
        if name == "sim":
            words = ["sim", "serve", "--data", str(self.folder / "sim"), "--host", self.devices, "--json"]
            for room in self.rooms:
                words += ["--name", room]
        else:
            words = [name, "serve", "--config", str(self.folder / f"{name}.toml"), "--json"]
        before = self.programs.env
        self.programs.env = before | self.env.get(name, {})
        try:
            ready = await self.programs.start(name, *words)
        finally:
            self.programs.env = before
        if name == "sim":
            self.inside |= {room["name"]: Inside.of(room) for room in ready["rooms"]}
        return ready

    async def kill(self, name: str) -> None:
        """``kill -9``: nothing of it runs on."""
        process = self.programs.running.pop(name)
        process.send_signal(signal.SIGKILL)
        await process.wait()

    def log(self, name: str) -> str:
        return (self.folder / "logs" / f"{name}.log").read_text("utf-8", "replace")

    @asynccontextmanager
    async def caller(self, token: str = "") -> AsyncIterator[Caller]:
        made = Caller.of(self.hub, str(self.authority.ca), token or self.admin)
        try:
            yield made
        finally:
            await made.close()

    async def give(self, room: str, within_s: float = 30.0) -> None:
        """A grant for the administrator, as soon as the hub knows the room."""
        wish = {"person": "admin", "rooms": [room], "capabilities": CAPABILITIES, "minutes": 600}
        async with asyncio.timeout(within_s), self.caller() as admin:
            while (await admin.http.post("/api/v1/grants", json=wish)).status_code != httpx.codes.CREATED:
                await asyncio.sleep(0.05)

    async def status(self) -> dict[str, Any]:
        """The connector's own word, by its local door."""
        from roomgate.connector.local import ask_local

        return await ask_local(self.folder / "connector" / "connector.sock", {"do": "status"})

    # ---- looking from outside ------------------------------------------------------------------------

    def rows(self, name: str, query: str, *values: object) -> list[Any]:
        """What stands in a program's database, read beside it."""
        path = self.folder / name / f"{name}.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as db:
            return db.execute(query, values).fetchall()

    def size(self, name: str) -> int:
        """How many entries are durable in a program's ledger."""
        return int(self.rows(name, 'SELECT coalesce(max("index") + 1, 0) FROM record_entries')[0][0])

    def at_hub(self) -> int:
        """How many of the connector's entries are durable at the hub."""
        found = self.rows("hub", "SELECT size FROM site_checkpoints WHERE connector = ?", self.connector)
        return int(found[0][0]) if found else 0

    def witnessed(self, name: str) -> int:
        return int(self.rows(name, "SELECT coalesce(max(size), 0) FROM record_checkpoints WHERE witnessed > 0")[0][0])

    def entries(self, name: str) -> list[bytes]:
        return [bytes(row[0]) for row in self.rows(name, 'SELECT bytes FROM record_entries ORDER BY "index"')]

    def shown(self, room: str, text: str) -> int:
        """How often the device did what `show` wishes."""
        lines = self.inside[room].lines()
        return sum(1 for one in lines if one["what"] == "command" and one["arguments"].get("Text") == text)

    def shown_bookings(self, room: str) -> set[str]:
        """The titles on the device's own list, as it keeps them over a restart."""
        saved = json.loads((self.folder / "sim" / room / "state.json").read_bytes())
        return {one["Title"] for one in saved["bookings"]}


@asynccontextmanager
async def shaken(folder: Path, *rooms: str, **extra: Any) -> AsyncIterator[Shaken]:
    world = Shaken(folder, rooms, **extra)
    try:
        await world.start_all()
        yield world
    finally:
        await world.programs.stop_all()


async def ready(http: httpx.AsyncClient) -> bool:
    """Whether the hub answers."""
    try:
        return (await http.get("/readyz")).is_success
    except httpx.TransportError:
        return False
