"""The client library from a shell, against a device or against a hub's /ws."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from roomgate.cli.output import show_json
from roomgate.errors import BadInput
from roomgate.xapi.schema import Catalogue

app = App(name="xapi", help="The client library from a shell.")

Device = Annotated[str, Parameter(help="wss://…/ws of a device, or of a hub (then the user is the room's name)")]


async def _with(
    device: str,
    user: str,
    password_file: Path | None,
    ca: str | None,
    pin: str | None,
    act: Callable[[Any], Awaitable[Any]],
) -> Any:
    from roomgate import xapi

    kept = await asyncio.to_thread(password_file.read_text, "utf-8") if password_file else ""
    password = kept.strip() or os.environ.get("ROOMGATE_XAPI_PASSWORD", "")
    if not password:
        raise BadInput("No password: use --password-file or ROOMGATE_XAPI_PASSWORD.")
    async with xapi.connect(device, user=user, password=password, ca=ca, pin=pin) as room:
        return await act(room)


@app.command
def get(
    path: str,
    *,
    device: Device,
    user: str,
    password_file: Path | None = None,
    ca: str | None = None,
    pin: str | None = None,
) -> None:
    """Read a status or configuration.

    Example: ``roomgate xapi get Status/Audio/Volume --device wss://192.0.2.10/ws --user ops --pin …``
    """
    show_json(asyncio.run(_with(device, user, password_file, ca, pin, lambda room: room.get(path))))


@app.command
def set(
    path: str,
    value: str,
    *,
    device: Device,
    user: str,
    password_file: Path | None = None,
    ca: str | None = None,
    pin: str | None = None,
) -> None:
    """Write a configuration."""
    asyncio.run(_with(device, user, password_file, ca, pin, lambda room: room.set(path, value)))


@app.command
def command(
    name: str,
    *arguments: str,
    device: Device,
    user: str,
    password_file: Path | None = None,
    ca: str | None = None,
    pin: str | None = None,
) -> None:
    """Run a command with Name=value arguments.

    Example: ``roomgate xapi command "Audio Volume Set" Level=40 --device …``
    """
    given = dict(word.split("=", 1) for word in arguments if "=" in word)
    show_json(
        asyncio.run(_with(device, user, password_file, ca, pin, lambda room: room.command(name, arguments=given)))
    )


@app.command
def watch(
    path: str,
    *,
    device: Device,
    user: str,
    password_file: Path | None = None,
    ca: str | None = None,
    pin: str | None = None,
) -> None:
    """Print every change at or below a path until stopped."""

    async def act(room: Any) -> None:
        async for seen in room.watch(path):
            show_json(seen.document)

    asyncio.run(_with(device, user, password_file, ca, pin, act))


@app.command
def schema(prefix: str = "") -> None:
    """What the shipped catalogue knows under a prefix. Example: ``roomgate xapi schema Command/Audio``"""
    for name in Catalogue.shipped().completions(prefix):
        print(name)
