"""Many rooms join the site's file at once: all of them or none.

Each device is looked at once, without any credential. Its certificate has to be the one of the sheet; one that
nobody has compared is believed only where the operator says so. Then the passwords go into the vault, and last the
file is replaced whole: before that moment no keeper knows of any of the rooms.
"""

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from roomgate.connector.devices import DeviceEntry, parse_devices
from roomgate.connector.rooms_sheet import BadRooms, Wanted, identified, render_rooms
from roomgate.errors import Conflict, Unreachable
from roomgate.redact import Secret

AT_ONCE = 32

See = Callable[[str, int], Awaitable[str]]
Put = Callable[[str, str, Secret[str]], object]
Remove = Callable[[str, str], object]
Held = Mapping[str, Mapping[str, int]]  # room → account → version

COMPARED = "the sheet's pin"
ABSENT = "the sheet's pin; the device did not answer"
FIRST_USE = "first use: nobody has compared it"
COMPARE = (
    "Nothing was changed. Compare each certificate at its device and write it into the column pin. "
    "--trust-first-use believes what is shown now; whoever stands between now then stays believed."
)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A room of the sheet, with the certificate by which it is known from now on, and why."""

    entry: DeviceEntry
    why: str
    passwords: Mapping[str, Secret[str]]


async def identify(wanted: Iterable[Wanted], see: See, *, first_use: bool) -> tuple[Known, ...]:
    """Look at each device once; raises BadRooms with every one that cannot be known."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def look(one: Wanted) -> str | None:
        async with turns:
            try:
                return await see(one.entry.host, one.entry.port)
            except Unreachable:
                return None

    wanted = tuple(wanted)
    async with asyncio.TaskGroup() as group:
        looks = [group.create_task(look(one), name="devices.look") for one in wanted]
    complaints: list[str] = []
    known: list[Known] = []
    for one, task in zip(wanted, looks, strict=True):
        seen = task.result()
        good, why = _judge(one, seen, first_use)
        if good:
            known.append(Known(identified(one.entry, one.pin or seen or ""), why, one.passwords))
        else:
            complaints.append(f"Line {one.line}, {one.entry.name}: {why}")
    if complaints:
        raise BadRooms(complaints, hint=COMPARE)
    return tuple(known)


def _judge(one: Wanted, seen: str | None, first_use: bool) -> tuple[bool, str]:
    """Whether the device is known, and why or why not."""
    if seen is None:
        return (True, ABSENT) if one.pin else (False, "it does not answer, and the sheet has no pin of it.")
    for column, said in (("pin", one.pin), ("shown", one.shown)):
        if said is not None and said != seen:
            return False, (
                f"it shows the certificate sha256:{seen}, and the column {column} has another. "
                "It was renewed, or something stands between: find out at the device."
            )
    if one.pin:
        return True, COMPARED
    if first_use:
        return True, FIRST_USE
    return False, f"it shows sha256:{seen}, and nobody has compared that."


def complain_of_passwords(known: Iterable[Known], held: Held) -> None:
    """Raises BadRooms for rooms whose daily account would have no password."""
    missing = [
        f"{one.entry.name}: there is no password of {one.entry.daily}."
        for one in known
        if one.entry.daily not in one.passwords and one.entry.daily not in held.get(one.entry.name, {})
    ]
    if missing:
        raise BadRooms(missing)


def join(before: str, known: Iterable[Known], base: Path) -> str:
    """The site's file with the rooms at its end, and all that it had as it was; raises BadConfig."""
    text = (before if before.endswith("\n") or not before else before + "\n") + render_rooms(one.entry for one in known)
    parse_devices(text, base)
    return text.lstrip("\n") if not before else text


def add(known: Iterable[Known], file: Path, before: str, held: Held, put: Put, remove: Remove) -> None:
    """Do it. Where a password cannot be kept, those before it are taken out again, and the file stays as it was."""
    known = tuple(known)
    text = join(before, known, file.parent)
    done: list[tuple[str, str]] = []
    try:
        for one in known:
            for account, password in one.passwords.items():
                put(one.entry.name, account, password)
                done.append((one.entry.name, account))
        replace(file, before, text)
    except BaseException:
        for room, account in done:
            if account not in held.get(room, {}):
                remove(room, account)
        raise


def read(file: Path) -> str:
    """The site's file, or nothing where there is none yet."""
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        return ""


def replace(file: Path, before: str, after: str) -> None:
    """Durably and whole, with the mode that it had. Raises Conflict if somebody wrote to it meanwhile."""
    file = file.resolve()  # a link stays one
    if read(file) != before:
        raise Conflict(f"{file.name} was changed meanwhile.", hint="Look at it, and do this again.")
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o600
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as new:
            new.write(after)
            new.flush()
            os.fsync(new.fileno())
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
