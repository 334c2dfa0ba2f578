"""Asks a device's shell over SSH what the corpus asks; SSH itself is asyncssh's, the lines are ours."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import asyncssh

from support.truth import Truth, mismatches, xml_mismatches

WAIT_S = 5.0
_DOCUMENT = json.JSONDecoder()


@dataclass(frozen=True)
class ShellDoor:
    """Where the shell is, the key that it has to show, and who comes."""

    host: str
    port: int
    host_key: str
    user: str
    phrase: str


class Shell:
    """One signed-in shell without a terminal, as programs use it."""

    def __init__(self, process: "asyncssh.SSHClientProcess[str]") -> None:
        self.process, self.rest = process, ""

    async def line(self) -> str:
        """The next line without its end; raises EOFError at the end of all."""
        async with asyncio.timeout(WAIT_S):
            text = await self.process.stdout.readline()
        if not text:
            raise EOFError
        return text.rstrip("\r\n")

    async def until(self, *ends: str) -> None:
        while await self.line() not in ends:
            pass

    def type(self, typed: list[str]) -> None:
        """Lines as they are typed; what follows ``{$length}`` goes as it is, and is counted there."""
        for number, text in enumerate(typed):
            if "$length" in text:
                self.process.stdin.write(text.replace("$length", str(len(typed[number + 1].encode()))) + "\n")
            else:
                self.process.stdin.write(text if text.endswith("\n") else text + "\n")

    async def document(self) -> dict[str, Any]:
        """The next JSON document, over as many lines as it takes; lines that begin none are passed over."""
        while True:
            start = self.rest.find("{")
            if start >= 0:
                try:
                    value, end = _DOCUMENT.raw_decode(self.rest, start)
                    self.rest = self.rest[end:]
                    return dict(value)
                except json.JSONDecodeError:
                    pass
            self.rest += await self.line() + "\n"

    async def enter(self, mode: str) -> None:
        """Past the welcome and into an output mode."""
        await self.until("OK")
        await self.do("echo off")
        if mode != "terminal":
            self.type([f"xpreferences outputmode {mode}"])  # what is said to this is not known

    async def do(self, typed: str) -> None:
        self.type([typed])
        await self.until("OK", "ERROR")


async def ask_shell(door: ShellDoor, truth: Truth) -> list[str]:
    """Every place where the shell answers otherwise; nothing if one of the readings holds."""
    mode = truth.entry["mode"]
    phrase = "not the passphrase" if mode == "wrong passphrase" else door.phrase
    known = asyncssh.import_known_hosts(f"[{door.host}]:{door.port} {door.host_key}")
    try:
        async with asyncssh.connect(
            door.host, door.port, username=door.user, password=phrase, known_hosts=known, client_keys=None, config=None
        ) as line:
            if mode == "wrong passphrase":
                return ["the wrong passphrase was taken"]
            if mode == "new" and (steps := _typed(truth, "prepare")):
                before = Shell(await line.create_process())
                await before.enter("terminal")
                for step in steps:
                    await before.do(step)
            shell = Shell(await line.create_process())
            return await _converse(shell, truth, mode)
    except asyncssh.PermissionDenied:
        return [] if mode == "wrong passphrase" else ["the passphrase was not taken"]
    except (TimeoutError, EOFError, asyncssh.Error) as end:
        return [f"no answer: {end!r}"]


def _typed(truth: Truth, when: str) -> list[str]:
    return [line for step in truth.entry.get(when, []) for line in step.get("type", [])]


async def _converse(shell: Shell, truth: Truth, mode: str) -> list[str]:
    if mode != "new":
        await shell.enter(mode)
        for step in _typed(truth, "prepare"):
            if mode == "terminal":
                await shell.do(step)
            else:
                shell.type([f'{step} | resultId="before"'])
                while (await shell.document()).get("ResultId") != "before":
                    pass
    typed = truth.entry["request"]["type"]
    if mode == "new" and typed:
        await shell.until("OK")
    shell.type(typed)
    wrong = await _hear(shell, list(truth.readings.items()))
    shell.type(_typed(truth, "after"))
    return wrong


async def _hear(shell: Shell, readings: list[tuple[str, dict[str, Any]]]) -> list[str]:
    answer = readings[0][1]
    if "lines" in answer:
        return await _lines(shell, answer["lines"])
    if "ends" in answer:
        try:
            while True:
                await shell.line()
        except EOFError:
            return []
    if "xml" in answer:
        text = ""
        while "resultId=" not in text:  # what is said to the output mode has none
            text = ""
            while "</XmlDoc>" not in text:
                text += await shell.line() + "\n"
        return xml_mismatches(answer["xml"], text[text.index("<") :])
    if "documents" in answer:
        wanted = list(answer["documents"])
        while wanted:
            if not mismatches({"...": "more", **wanted[0]}, await shell.document()):
                wanted.pop(0)
        return []
    while "ResultId" not in (said := await shell.document()):
        pass
    wrong = {name: mismatches(one["json"], said, name) for name, one in readings}
    return [] if not all(wrong.values()) else [no for all_ in wrong.values() for no in all_]


async def _lines(shell: Shell, wanted: list[Any]) -> list[str]:
    found: list[str] = []
    line = await shell.line()
    while line == "":
        line = await shell.line()
    for number, one in enumerate(wanted):
        if number:
            line = await shell.line()
        if isinstance(one, dict) and one["?"] in ("lines until", "some line"):
            while mismatches(one["line"], line):
                line = await shell.line()
        else:
            found += mismatches(one, line, f"line {number + 1}")
    return found
