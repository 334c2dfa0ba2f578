"""What a room keeps over a restart: accounts, settings, bookings, history, volume, ports, and its contents."""

import os
import secrets
from pathlib import Path

import msgspec

from roomgate.errors import BadInput
from roomgate.sim.accounts import Account
from roomgate.sim.contents import Contents, contents_of, parts, restore
from roomgate.sim.device import Device
from roomgate.sim.diary import Booking
from roomgate.sim.history import Entry

OWNER, DAILY, PRIVILEGED = "admin", "roomgate-daily", "roomgate-privileged"
STANDING = {DAILY: ["User", "Integrator"], PRIVILEGED: ["Admin"], OWNER: ["Admin"]}


class Setting(msgspec.Struct, array_like=True):
    path: list[str | int]
    value: str | int


class Saved(msgspec.Struct):
    """The file ``state.json``. Passphrases are in it as scrypt digests only."""

    accounts: list[Account]
    settings: list[Setting]
    bookings: list[Booking]
    history: list[Entry]
    last_call: int
    volume: int = 50


class Ports(msgspec.Struct, frozen=True):
    """The file ``ports.json``: where the room listened last. 0: not known."""

    device: int = 0
    panel: int = 0
    ssh: int = 0


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    fresh.replace(path)


def ensure_passphrases(folder: Path) -> dict[str, str]:
    """The passphrases that the standing accounts were made with: random, kept in ``accounts.json``."""
    path = folder / "accounts.json"
    if path.exists():
        try:
            return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
        except msgspec.MsgspecError as bad:
            raise BadInput(f"{path} cannot be read: {bad}") from bad
    made = {name: secrets.token_urlsafe(18) for name in STANDING}
    write_private(path, msgspec.json.format(msgspec.json.encode(made)))
    return made


def load_ports(folder: Path) -> Ports:
    """A file that cannot be read costs nothing but a new port."""
    try:
        return msgspec.json.decode((folder / "ports.json").read_bytes(), type=Ports)
    except (OSError, msgspec.MsgspecError):
        return Ports()


def save_ports(folder: Path, ports: Ports) -> None:
    write_private(folder / "ports.json", msgspec.json.encode(ports))


def load_state(folder: Path, device: Device, passphrases: dict[str, str]) -> None:
    """Bring a fresh device to where it was; at the first start, give it its standing accounts."""
    path = folder / "state.json"
    _load_contents(folder / "contents.json", device)
    if not path.exists():
        for name, roles in STANDING.items():
            device.accounts.add(name, passphrases[name], roles)
        if device.state.read("Configuration", "NetworkServices", "Websocket") == "Off":  # CE 9.15 leaves it off
            device.restore_setting(("NetworkServices", "Websocket"), "FollowHTTPService")
        return
    try:
        saved = msgspec.json.decode(path.read_bytes(), type=Saved)
    except msgspec.MsgspecError as bad:
        raise BadInput(f"{path} cannot be read: {bad}") from bad
    device.accounts.by_name = {account.name: account for account in saved.accounts}
    for setting in saved.settings:
        device.restore_setting(tuple(setting.path), setting.value)
    device.diary.bookings = saved.bookings
    device.history.entries, device.calls.last_id = saved.history, saved.last_call
    device.state.put("Audio", "Volume", value=saved.volume, quiet=True)


def _load_contents(path: Path, device: Device) -> None:
    if not path.exists():
        return
    try:
        restore(device, msgspec.json.decode(path.read_bytes(), type=Contents))
    except ValueError as bad:  # msgspec's own errors, and a certificate that is none
        raise BadInput(f"{path} cannot be read: {bad}") from bad


def save_state(folder: Path, device: Device) -> None:
    write_private(folder / "state.json", msgspec.json.encode(_of(device)))


class Keeper:
    """Saves one room's state when there is something to save."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept = b""  # all but the volume, as it was written last
        self._volume = -1
        self._parts: tuple[object, ...] | None = None  # the contents, as they were looked at last

    def begin(self, device: Device) -> None:
        """Take what the device has for what is kept of it, without a word to the disk."""
        now = _of(device)
        self._kept, self._volume = msgspec.json.encode(msgspec.structs.replace(now, volume=0)), now.volume
        self._parts = parts(device)

    def look(self, device: Device) -> bool:
        """Save what changed, at once; but a new volume alone, which is true: it may wait a moment for `save`."""
        self._look_at_contents(device)
        now = _of(device)
        kept = msgspec.json.encode(msgspec.structs.replace(now, volume=0))
        if kept == self._kept:
            return now.volume != self._volume
        self._kept, self._volume = kept, now.volume
        write_private(self._folder / "state.json", msgspec.json.encode(now))
        return False

    def _look_at_contents(self, device: Device) -> None:
        now = parts(device)
        if self._parts is None:
            self._parts = now  # as they were loaded
        elif now != self._parts:
            self._parts = now
            write_private(self._folder / "contents.json", msgspec.json.encode(contents_of(device)))

    def save(self, device: Device) -> None:
        self._look_at_contents(device)
        self._volume = _of(device).volume
        save_state(self._folder, device)


def _of(device: Device) -> Saved:
    return Saved(
        accounts=list(device.accounts.by_name.values()),
        settings=[Setting(list(parts), value) for parts, value in device.settings.items()],
        bookings=device.diary.bookings,
        history=device.history.entries,
        last_call=device.calls.last_id,
        volume=int(device.state.read("Status", "Audio", "Volume")),
    )
