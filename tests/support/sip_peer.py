"""A meeting at the other end of a real SIP call: Debian's `sipp` for the signalling, a socket of ours for the media.

What the room sends is looked at by a reader of our own for RTP (RFC 3550) and telephone events (RFC 4733).
"""

import asyncio
import re
import shutil
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support.waiting import until

MEETING, BUSY = (Path(__file__).parent / "sipp" / name for name in ("meeting.xml", "busy.xml"))
_EVENTS = "0123456789*#ABCD"
_TELEPHONE_EVENT = 101  # as the scenario's answer has it


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Media(asyncio.DatagramProtocol):
    """The media that the room sends: how many packets of sound, and the digits in it."""

    sound: int = 0
    digits: str = ""
    _seen: set[bytes] = field(default_factory=set)

    def datagram_received(self, data: bytes, addr: object) -> None:
        if len(data) < 12 or data[0] >> 6 != 2:
            return
        kind = data[1] & 0x7F
        if kind == _TELEPHONE_EVENT and len(data) >= 16:
            # All packets of one event have the event's own time: what is new is a digit.
            if (event := data[4:8] + data[12:13]) not in self._seen:
                self._seen.add(event)
                self.digits += _EVENTS[data[12]]
        elif kind == 0:
            self.sound += 1


@dataclass
class Meeting:
    """One that takes a single call, and is over when that ends."""

    media: Media
    messages: Path
    process: asyncio.subprocess.Process
    over: float = 0.0  # the monotonic moment at which the room's BYE had been answered

    async def ended(self, within_s: float = 10.0) -> float:
        """Wait for the room to hang up; raises TimeoutError. The meeting's own verdict has to be good."""
        async with asyncio.timeout(within_s):
            code = await self.process.wait()
        self.over = time.monotonic()
        assert code == 0, f"sipp ended with {code}"
        return self.over

    def received(self) -> list[str]:
        """The SIP messages that the room sent, once the meeting is over."""
        parts = re.split(r"^-{20,}.*$", self.messages.read_text("utf-8"), flags=re.MULTILINE)
        return [text.split("\n\n", 1)[1].strip() for text in parts if "message received" in text]


def _listens(port: int) -> bool:
    """Whether somebody on this machine has the UDP port."""
    return any(line.split()[1].endswith(f":{port:04X}") for line in Path("/proc/net/udp").read_text().splitlines()[1:])


@asynccontextmanager
async def meeting(port: int, folder: Path, scenario: Path = MEETING) -> AsyncIterator[Meeting]:
    """A meeting that listens at this UDP port of 127.0.0.1, and behaves by the scenario."""
    program = shutil.which("sipp")
    if program is None:
        pytest.fail("there is no sipp; run: make setup-tests")
    folder.mkdir(exist_ok=True)
    loop = asyncio.get_running_loop()
    transport, media = await loop.create_datagram_endpoint(Media, ("127.0.0.1", 0))
    messages = folder / "messages.log"
    try:
        process = await asyncio.create_subprocess_exec(
            program, "-sf", str(scenario), "-key", "rtp_port", str(transport.get_extra_info("sockname")[1]),
            "-i", "127.0.0.1", "-p", str(port), "-m", "1", "-nostdin", "-trace_msg", "-message_file", str(messages),
            cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            await until(lambda: process.returncode is not None or _listens(port))
            assert process.returncode is None, "sipp did not start"
            yield Meeting(media, messages, process)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    finally:
        transport.close()
