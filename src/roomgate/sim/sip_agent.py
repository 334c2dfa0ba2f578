"""A real SIP user agent for a simulated room: Debian's `baresip`, one process, from the first SIP call on.

Whatever the room's calls ask is put in order and said to the agent one after the other; what happens to a call there
is what happens to it here. Where the agent falls, its calls end as those of a device that lost its network, and the
next call starts it anew. It dies with the simulator, also with one that is killed: the kernel sees to that.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from roomgate import log
from roomgate.errors import CannotStart
from roomgate.listening import lasting_port
from roomgate.sim import baresip
from roomgate.sim.baresip import BadFrame, Frames, Happened, Reply
from roomgate.sim.room import Room

START_S, GREET_S, ANSWER_S, STOP_S = 10.0, 2.0, 5.0, 1.0
TRIES = 3  # to start it
_LOOK_S = 0.02
_MOST = 64  # orders that wait; a room that asks for more has lost its agent
_MODULES = ("/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules", "/usr/lib64/baresip/modules")
_NOWHERE = asyncio.subprocess.DEVNULL
# The kernel ends the agent when whoever started it is gone, however that came about.
_TIED = ("setpriv", "--pdeathsig", "KILL")
_STRANGER = -1  # instead of a call of the room: somebody who calls in
NOT_FOUND, NO_SERVICE = 404, 503
_GREETING = "hello"

_log = log.get("sim.sip")


class NoAgent(CannotStart):
    """There is no SIP user agent on this machine."""

    code = "sim.sip.no-agent"
    hint = "sudo apt-get install baresip-core"


_LOST = (BadFrame, NoAgent, OSError, TimeoutError)


def find_agent() -> tuple[str, Path]:
    """The program and its folder of modules; raises NoAgent."""
    program = shutil.which("baresip")
    modules = next((Path(one) for one in _MODULES if Path(one, "ctrl_tcp.so").exists()), None)
    if program is None or modules is None:
        raise NoAgent("Real SIP needs the user agent baresip, with its module ctrl_tcp.")
    return program, modules


@dataclass(slots=True)
class _Order:
    call: int
    command: str
    parameters: str = ""


@dataclass(slots=True)
class SipAgent:
    """`line.Line` for one room. Made without a process; `run` has to run."""

    room: Room
    proxy: str
    _orders: asyncio.Queue[_Order] = field(default_factory=lambda: asyncio.Queue(_MOST))
    _ids: dict[int, str] = field(default_factory=dict)  # the room's call → the agent's
    _answers: dict[str, asyncio.Future[Reply]] = field(default_factory=dict)
    _dialling: dict[str, int] = field(default_factory=dict)  # the token of a dial under way → the room's call
    _number: int = 0

    # -- what calls ask

    def dial(self, call: int, number: str) -> None:
        target = baresip.find_target(number)
        if target is None or not self._put(_Order(call, "dial", target)):
            # Not now: whoever dials is still being told that the call has begun.
            asyncio.get_running_loop().call_soon(self._closed, call, NOT_FOUND)

    def hang_up(self, call: int) -> None:
        self._put(_Order(call, "hangup"))

    def send_tones(self, call: int, tones: str) -> None:
        if baresip.is_tones(tones):
            self._put(_Order(call, "sndcode", tones))

    def hold(self, call: int, *, on: bool) -> None:
        self._put(_Order(call, "hold" if on else "resume"))

    def _put(self, order: _Order) -> bool:
        try:
            self._orders.put_nowait(order)
        except asyncio.QueueFull:
            _log.warning("sip.overrun", room=self.room.name, command=order.command)
            return False
        return True

    # -- the process ----------------------------------------------------------------------------------

    async def run(self) -> None:
        """For ever. Cancelling ends the process, and with it what calls it carries."""
        while True:
            first = await self._orders.get()
            if first.command != "dial":  # what concerns a call that ended with an earlier agent, or never began
                continue
            try:
                async with self._started() as (reader, writer), asyncio.TaskGroup() as group:
                    group.create_task(self._read(reader), name=f"sip.{self.room.name}.read")
                    group.create_task(self._work(first, writer), name=f"sip.{self.room.name}.work")
            except* _LOST as many:
                _log.warning("sip.lost", room=self.room.name, error=str(many.exceptions[0])[:200])
                for call in {first.call, *self._ids}:
                    self._closed(call, NO_SERVICE)
                self._ids.clear()

    @asynccontextmanager
    async def _started(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """The agent, listening for commands; gone when the block ends."""
        program, modules = find_agent()
        account = baresip.build_account(self.room.name, self.proxy)
        with tempfile.TemporaryDirectory(prefix="roomgate-sip-") as name:
            for left in reversed(range(TRIES)):
                port = lasting_port()
                _write(Path(name), baresip.build_config(modules, port), account)
                process = await asyncio.create_subprocess_exec(
                    *_TIED, program, "-f", name, stdin=_NOWHERE, stdout=_NOWHERE, stderr=_NOWHERE
                )
                writer: asyncio.StreamWriter | None = None
                try:
                    try:
                        reader, writer = await _connected(process, port)
                    except (BadFrame, OSError, TimeoutError):  # somebody else took the port in between, say
                        if not left:
                            raise
                        continue
                    yield reader, writer
                    return
                finally:
                    if writer is not None:
                        writer.close()
                    await _stop(process)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        frames = Frames()
        while more := await reader.read(baresip.LARGEST):
            for frame in frames.feed(more):
                match baresip.parse_frame(frame):
                    case Reply() as reply:
                        self._answered(reply)
                    case Happened() as happened:
                        self._hear(happened)
        raise ConnectionResetError("the user agent is gone")

    def _answered(self, reply: Reply) -> None:
        # The call's first events may be in the same breath as its id, and the waiter is not awake before them.
        if reply.call and (call := self._dialling.get(reply.token)) is not None:
            self._ids[call] = reply.call
        if (answer := self._answers.get(reply.token)) and not answer.done():
            answer.set_result(reply)

    async def _work(self, order: _Order, writer: asyncio.StreamWriter) -> None:
        while True:
            await self._do(order, writer)
            order = await self._orders.get()

    async def _do(self, order: _Order, writer: asyncio.StreamWriter) -> None:
        if order.command == "dial":
            reply = await self._ask(writer, "dial", order.parameters, dialling=order.call)
            if not reply.call:
                self._closed(order.call, NO_SERVICE)
        elif (its := self._ids.get(order.call)) is not None:  # else it is over
            await self._ask(writer, "callfind", its)  # the other commands are for the call that was found last
            await self._ask(writer, order.command, order.parameters)

    async def _ask(
        self, writer: asyncio.StreamWriter, command: str, parameters: str, *, dialling: int | None = None
    ) -> Reply:
        self._number += 1
        token = str(self._number)
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._answers[token] = answer
        if dialling is not None:
            self._dialling[token] = dialling
        try:
            async with asyncio.timeout(ANSWER_S):
                writer.write(baresip.build_command(command, parameters, token))
                await writer.drain()
                return await answer
        finally:
            del self._answers[token]
            self._dialling.pop(token, None)

    # -- what happens to its calls --------------------------------------------------------------------

    def _hear(self, happened: Happened) -> None:
        call = next((ours for ours, its in self._ids.items() if its == happened.call), None)
        if happened.kind == "CALL_INCOMING":  # nobody calls in this way, and it must not ring for ever
            self._ids[_STRANGER] = happened.call
            self.hang_up(_STRANGER)
        elif call is None:
            return
        elif happened.kind in ("CALL_RINGING", "CALL_PROGRESS"):
            self.room.device.calls.line_rings(call)
            self.room.settle()
        elif happened.kind == "CALL_ESTABLISHED":
            self.room.device.calls.line_answers(call, self.room.clock.now())
            self.room.settle()
        elif happened.kind == "CALL_CLOSED":
            del self._ids[call]
            self._closed(call, happened.code)

    def _closed(self, call: int, code: int) -> None:
        self.room.device.calls.line_closes(call, code, self.room.clock.now())
        self.room.settle()


def _write(folder: Path, config: str, account: str) -> None:
    """Its configuration, in a folder that only we may read; without the files it would make some up."""
    for name, text in (("config", config), ("accounts", account), ("contacts", "")):
        (folder / name).write_text(text, "utf-8")


async def _connected(
    process: asyncio.subprocess.Process, port: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A conversation with the agent, and with nobody else: it answers as no other program does."""
    async with asyncio.timeout(START_S):
        while True:
            if process.returncode is not None:
                raise ConnectionResetError("the user agent ended as soon as it was started")
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                break
            except ConnectionRefusedError:
                await asyncio.sleep(_LOOK_S)
    try:
        async with asyncio.timeout(GREET_S):
            writer.write(baresip.build_command("reginfo", "", _GREETING))
            frames, greeted = Frames(), False
            while not greeted:
                if not (more := await reader.read(baresip.LARGEST)):
                    raise ConnectionResetError("the user agent hung up")
                replies = map(baresip.parse_frame, frames.feed(more))
                greeted = any(isinstance(one, Reply) and one.token == _GREETING for one in replies)
    except BaseException:
        writer.close()
        raise
    return reader, writer


async def _stop(process: asyncio.subprocess.Process) -> None:
    """It says good-bye to whom it speaks with; but it would wait for half a minute for one who no longer answers."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
    await process.wait()
