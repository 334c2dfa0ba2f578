"""Starting and stopping our own programs, each a process of its own with a log file of its own."""

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from roomgate.errors import RoomgateError

START_S = 30.0
STOP_S = 5.0


class NotStarted(RoomgateError):
    """A program of the demonstration did not come up."""

    code = "demo.start"
    hint = "The log file that the message names says why."


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()


@dataclass(slots=True)
class Programs:
    """The running programs, by name.

    ``within``: the command that a program is started by where not by itself, by its first word; it must become
    the program, as ``ip netns exec`` does. ``start_s``: how long a program may take until it says that it is ready.
    """

    logs: Path
    env: dict[str, str] = field(default_factory=dict)
    running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)
    within: dict[str, tuple[str, ...]] = field(default_factory=dict)
    start_s: float = START_S

    def _command(self, words: tuple[str, ...]) -> tuple[str, ...]:
        return *self.within.get(words[0], ()), sys.executable, "-m", "roomgate.cli.main", *words

    def _environment(self) -> dict[str, str]:
        return os.environ | {"PYTHONUNBUFFERED": "1"} | self.env

    async def start(self, name: str, *words: str, env: dict[str, str] | None = None) -> dict[str, Any]:
        """Start ``roomgate WORDS`` and wait for the one JSON line that says it is ready."""
        log = self.logs / f"{name}.log"
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *self._command(words),
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=errors,
                env=self._environment() | (env or {}), start_new_session=True, limit=1 << 20,
            )  # fmt: skip
        self.running[name] = process
        assert process.stdout is not None
        try:
            async with asyncio.timeout(self.start_s):
                while line := await process.stdout.readline():
                    if line.startswith(b"{"):
                        ready: dict[str, Any] = json.loads(line)
                        return ready
        except TimeoutError:
            pass
        raise NotStarted(f"{name} did not start; see {log}.")

    async def run(self, name: str, *words: str) -> dict[str, Any]:
        """Run ``roomgate WORDS`` to its end; gives its JSON (or an empty object)."""
        code, out, err = await self.finish(*words)
        if code != 0:
            raise NotStarted(f"{name} failed: {err.strip()[-500:]}")
        return json.loads(out) if out.strip().startswith("{") else {}

    async def finish(self, *words: str, env: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Run ``roomgate WORDS`` to its end; gives exit code, standard output and standard error."""
        process = await asyncio.create_subprocess_exec(
            *self._command(words),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=self._environment() | (env or {}),
        )  # fmt: skip
        try:
            async with asyncio.timeout(90):
                out, err = await process.communicate()
        finally:
            _kill(process)
        return process.returncode or 0, out.decode(), err.decode()

    def pid(self, name: str) -> int:
        return self.running[name].pid

    async def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop one program; one that does not stop in time is killed, and so it is when this is cancelled."""
        process = self.running.pop(name, None)
        if process is None or process.returncode is not None:
            return
        process.send_signal(how)
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        finally:
            _kill(process)

    async def stop_all(self) -> None:
        """Stop what still runs, all at once: none needs another to end well."""
        processes = list(self.running.values())
        try:
            async with asyncio.TaskGroup() as group:
                for name in list(self.running):
                    group.create_task(self.stop(name))
        finally:
            for process in processes:  # a second ctrl-C leaves nothing behind either
                _kill(process)
