"""What Roomgate is held against: two plain nginx proxies in a chain, TLS on every leg, in front of the same devices.

    client ──TLS──► outer nginx ──TLS──► inner nginx ──TLS──► device

They decide nothing and record nothing. Each is one process with one worker, as hub and connector are one each.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.process import children
from bench.program import WentWrong, stop
from roomgate.cli.demo.certificates import Authority
from roomgate.cli.demo.inside import Inside
from roomgate.listening import lasting_port

_START_S = 10.0
_CONFIG = """\
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection "upgrade";
  proxy_read_timeout 1h;
  proxy_send_timeout 1h;
  proxy_ssl_verify on;
  proxy_ssl_name localhost;
  server {{
    listen 127.0.0.1:{port} ssl;
    server_name localhost;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    ssl_protocols TLSv1.3;
{locations}  }}
}}
"""
_LOCATION = """\
    location = /{room}/ws {{ proxy_pass {target}; proxy_ssl_trusted_certificate {ca}; }}
"""


@dataclass(frozen=True, slots=True)
class Chain:
    """``url`` of a room is the outer proxy's."""

    port: int
    masters: tuple[int, int]

    def url(self, room: str) -> str:
        return f"wss://localhost:{self.port}/{room}/ws"

    @property
    def pids(self) -> list[list[int]]:
        """Of the outer one and of the inner one, master and worker."""
        return [[master, *children(master)] for master in self.masters]


def binary() -> str:
    """Raises WentWrong where there is none, with the command that brings it."""
    found = shutil.which("nginx", path=f"{os.defpath}:/usr/sbin:/sbin")
    if found is None:
        raise WentWrong("there is no nginx to compare with; run: tools/setup_bench.sh")
    return found


def build_config(
    folder: Path, port: int, certificate: Path, key: Path, locations: Iterable[tuple[str, str, str]]
) -> str:
    """``locations``: room, target address, PEM file to trust."""
    user = "user root;" if os.geteuid() == 0 else ""
    lines = "".join(_LOCATION.format(room=room, target=target, ca=ca) for room, target, ca in locations)
    return _CONFIG.format(user=user, folder=folder, port=port, certificate=certificate, key=key, locations=lines)


@asynccontextmanager
async def _running(folder: Path, config: str, port: int) -> AsyncIterator[int]:
    folder.mkdir(mode=0o700, parents=True)
    file = folder / "nginx.conf"
    file.write_text(config)
    process = await asyncio.create_subprocess_exec(
        binary(), "-c", str(file), "-p", str(folder), "-e", "stderr",
        stdin=asyncio.subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(_START_S):
            while process.returncode is None:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                except OSError:
                    await asyncio.sleep(0.02)
            else:
                raise WentWrong("nginx did not start")
        yield process.pid
    finally:
        await stop(process)


@asynccontextmanager
async def chain(folder: Path, authority: Authority, rooms: Iterable[Inside]) -> AsyncIterator[Chain]:
    """Both proxies, in front of these rooms; gone when the block ends."""
    rooms = list(rooms)
    outer, inner = lasting_port(), lasting_port()
    certificate, key = authority.issue("nginx")
    ca = str(authority.ca)
    to_device = [(room.name, f"https://127.0.0.1:{room.port}/ws", str(room.ca)) for room in rooms]
    to_inner = [(room.name, f"https://127.0.0.1:{inner}/{room.name}/ws", ca) for room in rooms]
    async with (
        _running(folder / "inner", build_config(folder / "inner", inner, certificate, key, to_device), inner) as second,
        _running(folder / "outer", build_config(folder / "outer", outer, certificate, key, to_inner), outer) as first,
    ):
        yield Chain(outer, (first, second))
