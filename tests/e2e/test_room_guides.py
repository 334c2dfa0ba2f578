"""The guides of one room, followed word for word: their files written, their commands typed, their answers looked for.

Whoever follows has the classes that the guide asks for and no other, and the site has the policy that it shows.
What stands for the reader's own in a guide (two rooms, a backup, a certificate) is this world's here.
"""

import asyncio
import re
import shlex
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from e2e.test_security_pages import certificate
from roomgate import xapi
from roomgate.cli.demo.inside import Inside
from support.cli import Done, run
from support.policies import policy
from support.world import RunningWorld, in_world

pytestmark = in_world("world-3")

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w-]+\.(?:js|xml))`")
BACKUP = re.compile(r"\bbackup_[a-z0-9]+")
PIN = re.compile(r"sha256:\S+…")

# Of each guide: what whoever follows it is given, as its own words say, and the never-list's entries that its words
# name where it shows no file of them.
NEEDS = {
    "room-status": (["observe", "call", "privacy"], ""),
    "logs-and-security": (["observe", "security", "users", "logs", "network", "privacy", "call"], ""),
    "macros": (["macros", "observe", "configure"], ""),
    "panels": (["ui", "observe"], 'name = "managed"\ncedar = "managed"\n'),
    "daily-controls": (["privacy", "av-control", "in-call", "ui", "call", "observe"], ""),
    "device-page": (["web"], ""),
    "backups": (
        ["system", "ui", "macros", "configure", "observe", "av-control", "call", "network", "security"],
        'name = "managed"\ncedar = "managed"\nopen = ["Macros Macro Save", "Macros Macro Activate"]\n',
    ),
}
ENDS = {"roomgate room security oslo": 1}  # something bad was seen; of all others 0 is expected


@dataclass
class Reader:
    """Somebody at a shell, in a folder of their own."""

    world: RunningWorld
    folder: Path
    oslo: Inside
    lima: Inside
    env: dict[str, str]
    said: str = ""  # since the last block of commands began
    backup: str = ""
    _policy: AsyncExitStack = field(default_factory=AsyncExitStack)

    def mine(self, text: str) -> str:
        """A guide's text with this world's names in it."""
        text = re.sub(r"\boslo\b", self.oslo.name, re.sub(r"\blima\b", "\0", text)).replace("\0", self.lima.name)
        return PIN.sub(f"sha256:{self.oslo.pin}", BACKUP.sub(self.backup or r"\g<0>", text))

    async def follow(self, before: str, kind: str, body: str) -> None:
        if kind in ("js", "xml"):
            (self.folder / FILE.findall(before)[-1]).write_text(body)
        elif kind == "toml" and "cedar" in body:
            (self.folder / "policy.toml").write_text(body)
            await self._policy.enter_async_context(policy(self.world, body))
        elif kind == "sh":
            self.said = ""
            if "Change the file" in before:
                for file in self.folder.glob("lights.*"):
                    file.write_text(file.read_text().replace("eiling", "eiling lamp"))
            for line in self.mine(body).splitlines():
                await self._type(line)
        elif kind == "text":
            shown = " ".join(self.said.split())
            missing = [line for line in self.mine(body).splitlines() if not re.search(_like(line), shown)]
            assert missing == [], self.said

    async def _type(self, line: str) -> None:
        words = shlex.split(line, comments=True)
        assert words[0] == "roomgate", "a guide of a room takes no other program"
        if words[1:3] == ["room", "tunnel"]:
            self.said += await self._until_ctrl_c(words[1:])
            return
        config = {"connector.toml": str(self.world.folder / "connector.toml")}
        done: Done = await asyncio.to_thread(run, *(config.get(word, word) for word in words[1:]))
        wanted = next((end for start, end in ENDS.items() if line == self.mine(start)), 0)
        assert done.code == wanted, (line, done)
        self.said += done.out
        if words[3:4] == ["diff"]:
            assert re.search(r"^\+.*eiling lamp", done.out, re.MULTILINE), "the change that was made"
        if found := BACKUP.search(done.out):
            self.backup = found[0]

    async def _until_ctrl_c(self, words: list[str]) -> str:
        """A command that stays, and its end by Ctrl-C once it has said all that it says."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from roomgate.cli.main import main; main()", *words,
            env=self.world.world.programs.env | self.env | {"PATH": "/usr/bin:/bin", "BROWSER": "/bin/true"},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            async with asyncio.timeout(30):
                said = b"".join([await process.stdout.readline() for _ in range(3)])
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(15):
                _, errors = await process.communicate()
            assert (process.returncode, errors) == (0, b""), (said, errors)
            return said.decode()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def _like(line: str) -> str:
    """What a line of a guide's answer is found by: words as they stand, figures as any, columns however wide."""
    words = [r"\S+" if re.search(r"\d", word) else re.escape(word).replace("…", ".*") for word in line.split()]
    return " ".join(words)


def steps(page: str) -> Iterator[tuple[str, str, str]]:
    """Of each block the words before it, its language and its text."""
    text, at = (GUIDES / f"{page}.md").read_text("utf-8"), 0
    for block in BLOCK.finditer(text):
        yield text[at : block.start()], block[1], block[2]
        at = block.end()


@asynccontextmanager
async def somebody_says_yes(*rooms: Inside) -> AsyncIterator[None]:
    """People in the rooms, who agree to whatever they are asked."""

    async def agree(room: Inside) -> None:
        while True:
            with suppress(TimeoutError):
                await room.say_yes()

    async with asyncio.TaskGroup() as group:
        people = [group.create_task(agree(room)) for room in rooms]
        try:
            yield
        finally:
            for one in people:
                one.cancel()


@asynccontextmanager
async def furnished(page: str, room: Inside) -> AsyncIterator[None]:
    """The room as its guide takes it to be; it is as other tests want it afterwards."""
    address = f"wss://{room.host}:{room.port}/ws"
    async with xapi.connect(address, user=room.admin_user, password=room.admin_password, pin=room.pin) as device:
        fingerprint = ""
        if page == "logs-and-security":
            await device.set("Configuration/Conference/AutoAnswer/Mode", "On")
            fingerprint = (await device.command("Security.Certificates.Services.Add", body=certificate(12)))[
                "Fingerprint"
            ]
        if page == "daily-controls":
            await device.command("Camera.Preset.Store", CameraId=1, Name="Door", PresetId=7)
            await device.command("Dial", Number="meet@example.com")
        if page == "backups":
            await device.set("Configuration/Audio/DefaultVolume", 37)
            await device.command("UserInterface.Extensions.Panel.Save", PanelId="lights", body=PANEL)
            await device.command("Macros.Macro.Save", Name="lights", body=CODE)
        try:
            yield
        finally:
            await device.set("Configuration/Conference/AutoAnswer/Mode", "Off")
            await device.set("Configuration/Audio/DefaultVolume", 50)
            await device.set("Configuration/Macros/Mode", "Off")
            if fingerprint:
                await device.command("Security.Certificates.Services.Delete", Fingerprint=fingerprint)
            await device.command("Macros.Macro.RemoveAll")
            with suppress(xapi.CommandFailed):
                await device.command("UserInterface.Extensions.Panel.Remove", PanelId="lights")


CODE = "// Lights of the board room\nimport xapi from 'xapi';\n"
PANEL = "<Extensions><Version>1.11</Version><Panel><Name>Lights</Name><Icon>Lightbulb</Icon></Panel></Extensions>"


@pytest.mark.parametrize("page", NEEDS)
async def test_whoever_follows_the_guide_gets_what_it_says(
    page: str, world: RunningWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, shut = NEEDS[page]
    async with AsyncExitStack() as stack:
        oslo, lima = [await stack.enter_async_context(world.room()) for _ in range(2)]
        for room in (oslo, lima):
            await stack.enter_async_context(furnished(page if room is oslo else "", room))
        who = await world.guest(oslo.name, held)
        await world.grant(who.id, lima.name, held)
        env = {"ROOMGATE_HUB": world.hub, "ROOMGATE_CA": world.ca, "ROOMGATE_TOKEN": who.token}
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        if shut:
            await stack.enter_async_context(policy(world, shut))
        reader = Reader(world, tmp_path, oslo, lima, env)
        stack.push_async_exit(reader._policy)
        async with somebody_says_yes(oslo, lima):
            for before, kind, body in steps(page):
                await reader.follow(before, kind, body)
