"""Everything around a double that stands alone: certificates, its device, its port, its target file."""

import asyncio
import base64
import hashlib
import os
import re
import secrets
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roomgate.checks.catalogue import all_checks
from roomgate.checks.doubles.device import Bridged, PretendDevice
from roomgate.checks.doubles.face import Face
from roomgate.checks.doubles.flaws import Flaw, Flaws
from roomgate.checks.doubles.real_device import Reach, RealDevice
from roomgate.checks.doubles.scene import ELM, OAK, Scene, build_scene
from roomgate.checks.doubles.serving import Papers, build_tls, build_trust, dial_device, open_door, running, splitter
from roomgate.checks.doubles.target_file import Place, build_tables, write_toml
from roomgate.checks.pace import SystemTime
from roomgate.cli.demo.certificates import Authority
from roomgate.listening import lasting_port, load_tls
from roomgate.sim.app import RoomConfig, RoomReady, SimConfig
from roomgate.sim.app import serve as simulate

HOST = "127.0.0.1"
GOLDEN = {"signin.html": "/web/signin"}


@dataclass(frozen=True, slots=True)
class Found:
    """A double that runs."""

    address: str
    target: Path
    scene: Scene


@asynccontextmanager
async def double_world(folder: Path, flaws: Flaws, device: str = "pretend", port: int = 0) -> AsyncIterator[Found]:
    """It runs for as long as this block does. Raises CannotStart."""
    _make(folder)
    async with AsyncExitStack() as stack:
        authority = Authority(folder)
        bridge = await _bridge(stack, folder, authority, device, flaws)

        async def dial(host: str, where: int) -> str:
            return await dial_device(host, where, bridge.trust, bridge.authorization)

        scene = await build_scene(flaws, SystemTime(), bridge.devices, dial)
        papers = _papers(folder, authority)
        listening = await _listen(stack, scene, build_tls(papers, flaws), flaws, port)
        door = lasting_port()
        if Flaw.LISTENS in flaws:
            door = await stack.enter_async_context(open_door(HOST, door))
        address = f"https://localhost:{listening}"
        (folder / "authorities.pem").write_text(authority.ca.read_text() + bridge.ca.read_text())
        place = Place(
            address, "authorities.pem", (await bridge.devices[OAK].read())["serial"], (f"https://{HOST}:{listening}",),
            bridge.table, door, bridge.user if bridge.asked else "",
        )  # fmt: skip
        await _write_golden(folder, scene.double.imitates)
        target = _write_private(folder / "target.toml", write_toml(_known(build_tables(scene, place))))
        yield Found(address, target, scene)


def _make(folder: Path) -> None:
    """The folder, without the device of an earlier double: a check has changed its passwords."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.rmtree(folder / "sim", ignore_errors=True)


def _papers(folder: Path, authority: Authority) -> Papers:
    (folder / "stranger").mkdir(exist_ok=True, mode=0o700)
    bad = Authority(folder / "stranger").issue("double")  # an authority that nobody is told of
    return Papers(*authority.issue("double"), *bad)


async def _listen(stack: AsyncExitStack, scene: Scene, tls: ssl.SSLContext, flaws: Flaws, port: int) -> int:
    if Flaw.PLAIN_HTTP not in flaws:
        return await stack.enter_async_context(running(scene.double, HOST, port, tls))
    secure = await stack.enter_async_context(running(scene.double, HOST, 0, tls))
    plain = await stack.enter_async_context(running(scene.double, HOST, 0, None))
    return await stack.enter_async_context(splitter(HOST, port, secure, plain))


@dataclass(frozen=True, slots=True)
class _Bridge:
    """What the connector bridges, and as whom. ``table`` is the target file's, of the first device."""

    devices: dict[str, Bridged]
    table: dict[str, str]
    trust: ssl.SSLContext
    ca: Path
    user: str
    password: str
    asked: bool  # whether the device can be asked over xAPI

    @property
    def authorization(self) -> str:
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


async def _bridge(stack: AsyncExitStack, folder: Path, authority: Authority, kind: str, flaws: Flaws) -> _Bridge:
    elm, golden = PretendDevice("Elm room"), {"golden": "golden"}
    if kind == "sim":
        room = await stack.enter_async_context(_simulated(folder / "sim"))
        group = await stack.enter_async_context(asyncio.TaskGroup())
        reach = Reach(
            room.host, room.port, room.user, room.password, str(room.ca), room.admin_user, room.admin_password,
            room.panel,
        )  # fmt: skip
        real = RealDevice(reach, group)
        stack.push_async_callback(real.aclose)
        table = {
            "url": reach.address, "certificate_sha256": room.pin, "user": room.admin_user,
            "password": room.admin_password,
        }  # fmt: skip
        trust = build_trust(room.ca, flaws)
        return _Bridge({OAK: real, ELM: elm}, table | golden, trust, room.ca, room.user, room.password, True)
    pretended = PretendDevice("Oak room")
    certificate, key = authority.issue("device")
    port = await stack.enter_async_context(running(Face(pretended), HOST, 0, load_tls(certificate, key)))
    table = {"url": f"https://localhost:{port}", "certificate_sha256": _pin(certificate)}
    trust, password = build_trust(authority.ca, flaws), secrets.token_urlsafe(12)
    return _Bridge({OAK: pretended, ELM: elm}, table | golden, trust, authority.ca, "bridge", password, False)


@asynccontextmanager
async def _simulated(folder: Path) -> AsyncIterator[RoomReady]:
    started: asyncio.Future[list[RoomReady]] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        config = SimConfig(folder, (RoomConfig("Oak room"),), HOST)
        task = group.create_task(simulate(config, started.set_result), name="double.sim")
        yield (await started)[0]
        task.cancel()


def _known(tables: dict[str, Any]) -> dict[str, Any]:
    """Without the tables of checks that this installation has not."""
    ids = {check.id for check in all_checks() if check.options is not None}
    return {name: table for name, table in tables.items() if not re.fullmatch(r"K\d\d", name) or name in ids}


def _pin(certificate: Path) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest()


async def _write_golden(folder: Path, device: Bridged) -> None:
    (folder / "golden").mkdir(exist_ok=True)
    for name, path in GOLDEN.items():
        (folder / "golden" / name).write_text(await device.page(path))


def _write_private(path: Path, text: str) -> Path:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
    return path
