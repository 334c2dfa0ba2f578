"""Many people's xAPI clients in one process: the same code, the same library, whoever answers.

A program of its own, so that what it costs is not mixed with anything else: `bench/clients.py` starts it. It reads
JSON lines and answers each with one.

    {"do": "open", "group": "hub", "peers": [{"url", "user", "password", "ca"}]}
    {"do": "ask", "group": "hub", "kind": "read" or "command", "people": 50, "seconds": 4.0, "asks": 0, "pace_s": 0.0}

`ask` has each of the first `people` of a group ask again as soon as it is answered (`pace_s` 0), or at moments
that are set beforehand, whether or not the last answer is there (`pace_s` more than 0): then a delay is counted
from the moment at which it should have been asked. It ends after `seconds`, or after `asks` of each. The answer
has the times in nanoseconds, one list for each peer.
"""

import asyncio
import base64
import json
import ssl
import time
from typing import Any

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench.program import serve_lines

_READ = b'{"jsonrpc":"2.0","id":%d,"method":"xGet","params":{"Path":["Status","Audio","Volume"]}}'
_COMMAND = b'{"jsonrpc":"2.0","id":%d,"method":"xCommand/Audio/Volume/Set","params":{"Level":%d}}'
_DRAIN_S = 30.0  # for answers that are still out when the time is over


class Peer(WSListener):
    """One connection. Answers come in order or not; each is told by its id."""

    def __init__(self) -> None:
        self.transport: WSTransport
        self.asked: dict[int, int] = {}  # id → when it was asked, in ns
        self.took: list[int] = []
        self.fault = ""
        self.done = asyncio.Event()
        self.command = False
        self._number = 0
        self._left = 0
        self._until = 0
        self._again = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        now = time.perf_counter_ns()
        if frame.msg_type == WSMsgType.CLOSE:
            self._fail(f"closed: {frame.get_close_code()}")
            transport.disconnect()
            return
        if frame.msg_type != WSMsgType.TEXT:
            return
        answer = json.loads(frame.get_payload_as_bytes())
        began = self.asked.pop(answer.get("id", 0), 0)
        if "result" not in answer or not began:
            self._fail(str(answer)[:300])
            return
        self.took.append(now - began)
        if self._again:
            if self._left > 0 and now < self._until:
                self.ask()
            else:
                self.done.set()
        elif not self.asked and self._left <= 0:
            self.done.set()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._fail("disconnected")

    def _fail(self, why: str) -> None:
        self.fault = self.fault or why
        self.done.set()

    def begin(self, command: bool, asks: int, until_ns: int, again: bool) -> None:
        self.command, self._left, self._until, self._again = command, asks, until_ns, again
        self.took, self.asked = [], {}
        self.done.clear()
        if self.fault:
            self.done.set()
        elif again:
            self.ask()

    def ask(self, due_ns: int = 0) -> None:
        self._number += 1
        self._left -= 1
        number = self._number
        # A level that differs each time, so that the room really changes.
        frame = _COMMAND % (number, 30 + number % 40) if self.command else _READ % number
        self.asked[number] = due_ns or time.perf_counter_ns()
        self.transport.send(WSMsgType.TEXT, frame)


class Asker:
    def __init__(self) -> None:
        self.groups: dict[str, list[Peer]] = {}
        self._tls: dict[str, ssl.SSLContext] = {}

    async def open(self, group: str, peers: list[dict[str, str]]) -> dict[str, Any]:
        for one in peers:
            trust = self._tls.setdefault(one["ca"], ssl.create_default_context(cafile=one["ca"]))
            pair = base64.b64encode(f"{one['user']}:{one['password']}".encode()).decode()
            _, peer = await ws_connect(
                Peer, one["url"], ssl_context=trust, extra_headers={"Authorization": f"Basic {pair}"},
                websocket_handshake_timeout=20,
            )  # fmt: skip
            assert isinstance(peer, Peer)
            self.groups.setdefault(group, []).append(peer)
        return {"open": len(self.groups[group])}

    async def ask(
        self, group: str, kind: str, people: int, seconds: float = 0.0, asks: int = 0, pace_s: float = 0.0
    ) -> dict[str, Any]:
        peers = self.groups[group][:people]
        cpu, began = time.process_time(), time.perf_counter_ns()
        until = began + int((seconds or 3600) * 1e9)
        if pace_s:
            asks = max(1, int(seconds / pace_s))
            for peer in peers:
                peer.begin(kind == "command", asks, until, again=False)
            await self._paced(peers, began, asks, pace_s)
        else:
            for peer in peers:
                peer.begin(kind == "command", asks or 1 << 40, until, again=True)
        async with asyncio.timeout((seconds or 60) + _DRAIN_S):
            for peer in peers:
                await peer.done.wait()
        elapsed = (time.perf_counter_ns() - began) / 1e9
        faults = [peer.fault for peer in peers if peer.fault]
        return {
            "took_ns": [peer.took for peer in peers], "elapsed_s": elapsed, "cpu_s": time.process_time() - cpu,
            "faults": faults[:5],
        }  # fmt: skip

    async def _paced(self, peers: list[Peer], began: int, asks: int, pace_s: float) -> None:
        """Each person at moments of their own, evenly spread; the loop sleeps until the next of them."""
        step = int(pace_s * 1e9)
        for turn in range(asks):
            for number, peer in enumerate(peers):
                due = began + turn * step + number * step // len(peers)
                if (wait := due - time.perf_counter_ns()) > 0:
                    await asyncio.sleep(wait / 1e9)
                if peer.fault:
                    return
                # The timer's own lateness is the client's, not the answerer's.
                peer.ask(0 if wait > 0 else due)  # the loop may wake a little early or late: that is nobody's delay


async def main() -> None:
    asker = Asker()
    await serve_lines({"open": asker.open, "ask": asker.ask})


if __name__ == "__main__":
    uvloop.run(main())
