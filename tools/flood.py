"""`make flood`: 2,000 slow sockets and 200 sign-in attempts a second, while honest users work. All on loopback.

The hub runs as it does by default (argon2 at its real cost). The attackers are processes of their own; each
guesser has an address of its own, so that each has its free tries; the honest ones keep their connections and ask who they are and
which rooms there are. Prints one JSON object, and fails where the honest p99 misses its target. Bounded in time.
"""

import asyncio
import contextlib
import json
import os
import random
import resource
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from support.hub_program import HubProgram  # noqa: E402  (the path comes first)

SLOW = 2000
TRIES_A_SECOND = 200
GUESSERS = 40
SIGN_IN = (
    b"POST /signin HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
)
HONEST = 20
PAUSE_S = 0.2  # an honest user's, between asks: 20 users, about 100 asks a second
BASE_S, WARM_S, FLOOD_S = 6.0, 10.0, 20.0
TARGET_MS = 500.0


def trust(ca: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca)


async def dial(port: int, tls: ssl.SSLContext | None, source: str = "127.0.0.1"):
    return await asyncio.open_connection(
        "127.0.0.1", port, ssl=tls, server_hostname="localhost" if tls else None, local_addr=(source, 0)
    )


# -- the attackers ---------------------------------------------------------------------------------------


async def crawl(port: int, tls: ssl.SSLContext, dice: random.Random, counts: dict[str, int]) -> None:
    """One slow socket, for ever: some never speak TLS, the others send a byte of a request now and then."""
    while True:
        try:
            async with asyncio.timeout(60):
                _, writer = await dial(port, tls if dice.random() < 0.3 else None)
                counts["dialled"] += 1
                for byte in b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"x" * 10_000:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(dice.uniform(1, 4))
        except (OSError, TimeoutError):
            counts["shed"] += 1
            await asyncio.sleep(dice.uniform(0, 1))


async def guess(port: int, tls: ssl.SSLContext, number: int, until: float, counts: dict[str, int]) -> None:
    """One guesser on a connection and an address of its own: five names a second, whatever the answers say."""
    body = b"user=person%d&password=wrong+wrong+wrong"
    reader: asyncio.StreamReader | None = None
    tried = 0
    await asyncio.sleep(number / GUESSERS)
    due = time.monotonic()
    while due < until:
        try:
            async with asyncio.timeout(20):
                if reader is None:
                    reader, writer = await dial(port, tls, f"127.0.1.{number + 1}")
                said = body % (number * 1000 + tried % 7)
                writer.write(SIGN_IN % len(said) + said)
                tried += 1
                head = await reader.readuntil(b"\r\n\r\n")
                status = head.split()[1].decode()
                await reader.readexactly(length_of(head))
        except (OSError, TimeoutError, IndexError, asyncio.IncompleteReadError):
            reader, status = None, "none"
        counts[status] = counts.get(status, 0) + 1
        due = max(due + GUESSERS / TRIES_A_SECOND, time.monotonic() - 1)
        await asyncio.sleep(max(0.0, due - time.monotonic()))


def length_of(head: bytes) -> int:
    return next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))


async def attack(how: str, port: int, ca: str, seconds: float) -> None:
    tls, dice = trust(ca), random.Random(1)  # noqa: S311 (the attackers' moods guard nothing)
    until = time.monotonic() + seconds
    counts: dict[str, int] = {}
    async with asyncio.TaskGroup() as group:
        if how == "guess":
            for number in range(GUESSERS):
                group.create_task(guess(port, tls, number, until, counts))
        else:
            counts |= {"dialled": 0, "shed": 0}
            slow = []
            for _ in range(SLOW):
                slow.append(group.create_task(crawl(port, tls, dice, counts)))
                await asyncio.sleep(0.002)
            await asyncio.sleep(max(0.0, until - time.monotonic()))
            for task in slow:
                task.cancel()
    print(json.dumps(counts | {"seconds": round(seconds)}))


# -- the honest ------------------------------------------------------------------------------------------


async def work(port: int, tls: ssl.SSLContext, token: str, until: float, took: list[float], pause: float) -> None:
    reader, writer = await dial(port, tls)
    paths = ["/api/v1/whoami", "/api/v1/rooms", "/api/v1/grants"]
    while time.monotonic() < until:
        path = paths[len(took) % 3]
        began = time.monotonic()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise RuntimeError(head.decode())
        await reader.readexactly(length_of(head))
        took.append(time.monotonic() - began)
        await asyncio.sleep(pause)
    writer.close()


def cpu_s(hub: HubProgram) -> float:
    assert hub.process is not None
    fields = Path(f"/proc/{hub.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(hub: HubProgram, port: int, seconds: float) -> dict[str, float]:
    tls, took = trust(str(hub.folder / "ca.pem")), []
    until = time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        for _ in range(HONEST):
            group.create_task(work(port, tls, hub.token, until, took, PAUSE_S))
            await asyncio.sleep(PAUSE_S / HONEST)
    took.sort()
    at = lambda share: round(took[min(len(took) - 1, int(len(took) * share))] * 1000, 1)  # noqa: E731
    return {"asks": len(took), "p50_ms": at(0.5), "p99_ms": at(0.99), "max_ms": at(1)}


async def main() -> int:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20_000), hard))
    with tempfile.TemporaryDirectory(prefix="flood-") as folder:
        hub = HubProgram(
            Path(folder) / "hub", {"argon2_time_cost": 3, "argon2_memory_kib": 65536, "argon2_parallelism": 4}
        )
        hub.init()
        hub.serve()
        try:
            port = int(hub.url.rsplit(":", 1)[1])
            calm = await measure(hub, port, BASE_S)
            before = hub.rss_kib()
            attackers = [
                subprocess.Popen(  # noqa: ASYNC220 (it starts, and is waited for in a thread)
                    [sys.executable, __file__, how, str(port), str(hub.folder / "ca.pem"), str(FLOOD_S + WARM_S + 2)],
                    stdout=subprocess.PIPE,
                )
                for how in ("crawl", "guess")
            ]
            await asyncio.sleep(WARM_S)
            used = cpu_s(hub)
            flood = await measure(hub, port, FLOOD_S)
            used, during = cpu_s(hub) - used, hub.rss_kib()
            said = [json.loads((await asyncio.to_thread(one.communicate))[0]) for one in attackers]
            report = {
                "calm": calm, "flood": flood, "slow_sockets": said[0], "guesses": said[1],
                "hub_cores": round(used / FLOOD_S, 2), "target_ms": TARGET_MS,
                "rss_mib": {"calm": before // 1024, "flood": during // 1024},
                "machine": {"cores": os.cpu_count(), "load": [round(x, 1) for x in os.getloadavg()]},
            }  # fmt: skip
        finally:
            with contextlib.suppress(Exception):
                hub.stop()
    print(json.dumps(report, indent=1))
    return 0 if report["flood"]["p99_ms"] < TARGET_MS else 1


if __name__ == "__main__":
    if sys.argv[1:]:
        asyncio.run(attack(sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])))
    else:
        raise SystemExit(asyncio.run(main()))
