"""The client library from a shell, against a device or against a hub's /ws."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from roomgate.cli.files import read_text
from roomgate.cli.output import Json, show_json
from roomgate.cli.room import parse_arguments
from roomgate.errors import BadInput
from roomgate.xapi.schema import Catalogue

SCHEMES = ("wss://", "https://", "ssh://")

app = App(name="xapi", help="The client library from a shell, against a device or a hub. Answers are JSON.")


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who is spoken to, and as whom."""

    device: Annotated[str, Parameter(help="wss://…/ws of a device, or of a hub (then the user is the room's name)")]
    user: Annotated[str, Parameter(help="the account at the device")]
    password_file: Annotated[
        Path | None, Parameter(help="a file with its password; else ROOMGATE_XAPI_PASSWORD is read")
    ] = None
    ca: Annotated[str | None, Parameter(help="a PEM file of the authority that the certificate is from")] = None
    pin: Annotated[str | None, Parameter(help="the SHA-256 of the device's own certificate")] = None


def _password(peer: Peer) -> str:
    kept = read_text(peer.password_file) if peer.password_file else ""
    password = kept.strip() or os.environ.get("ROOMGATE_XAPI_PASSWORD", "")
    if not password:
        raise BadInput("No password was given.", hint="Use --password-file, or set ROOMGATE_XAPI_PASSWORD.")
    return password


def _do(peer: Peer, act: Callable[[Any], Awaitable[Any]]) -> Any:
    return asyncio.run(_with(peer, act))


def _check(peer: Peer) -> None:
    if not peer.device.startswith(SCHEMES):
        raise BadInput(f"{peer.device!r} is no address of a device.", hint="It looks like wss://192.0.2.10/ws.")


async def _with(peer: Peer, act: Callable[[Any], Awaitable[Any]]) -> Any:
    from roomgate import xapi

    password = await asyncio.to_thread(_password, peer)
    _check(peer)
    async with xapi.connect(peer.device, user=peer.user, password=password, ca=peer.ca, pin=peer.pin) as room:
        return await act(room)


@app.command
def get(path: str, /, *, peer: Peer, json: Json = False) -> None:
    """Read a status or configuration.

    Example: ``roomgate xapi get Status/Audio/Volume --device wss://192.0.2.10/ws --user ops --pin …``
    """
    show_json(_do(peer, lambda room: room.get(path)))


@app.command(name="set")
def set_(path: str, value: str, /, *, peer: Peer, json: Json = False) -> None:
    """Write a configuration.

    Example: ``roomgate xapi set Configuration/Audio/DefaultVolume 40 --device wss://192.0.2.10/ws --user ops``
    """
    _do(peer, lambda room: room.set(path, value))
    if json:
        show_json({"path": path, "value": value})


@app.command
def command(name: str, /, *arguments: str, peer: Peer, json: Json = False) -> None:
    """Run a command.

    Example: ``roomgate xapi command "Audio Volume Set" Level=40 --device wss://192.0.2.10/ws --user ops``

    Parameters
    ----------
    arguments
        Name=value; repeat a name for a list
    """
    given = parse_arguments(arguments)
    show_json(_do(peer, lambda room: room.command(name, arguments=given)))


@app.command
def watch(path: str, /, *, peer: Peer, json: Json = False) -> None:
    """Print every change at or below a path until stopped.

    Example: ``roomgate xapi watch Status/Call --device wss://192.0.2.10/ws --user ops``
    """

    async def act(room: Any) -> None:
        async for seen in room.watch(path):
            show_json(seen.document)

    _do(peer, act)


@app.command
def schema(prefix: str = "", /, *, json: Json = False) -> None:
    """What the shipped catalogue knows under a prefix.

    Example: ``roomgate xapi schema Command/Audio/``
    """
    found = Catalogue.shipped().completions(prefix)
    if not found:
        raise BadInput(f"Nothing begins with {prefix!r}.", hint="Try `roomgate xapi schema Command/`.")
    if json:
        show_json(found)
    else:
        print("\n".join(found))


@app.command
def shell(*, peer: Peer, json: Json = False) -> int:
    """Ask a device line by line; Tab completes, `help` says what can be written.

    Example: ``roomgate xapi shell --device wss://192.0.2.10/ws --user ops --pin …``

    Reconnects by itself. Answers are JSON with or without ``--json``; with lines on standard input, one line each.
    """
    from roomgate.cli.shell import Shell, history_file, line_editor
    from roomgate.xapi import blocking

    _check(peer)
    password = _password(peer)
    options = {"user": peer.user, "password": password, "ca": peer.ca, "pin": peer.pin}
    with blocking.connect(peer.device, reconnect=True, **options) as room:
        name = str(room.get("Configuration/SystemUnit/Name") or "device")  # also shows that the account is right
        with line_editor(room, f"{name}> ", history_file()) as read:
            return Shell(room, read, sys.stderr).run()
