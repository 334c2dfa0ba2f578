"""The device that the double bridges, behind one face; and one that is only pretended, in memory."""

import secrets
from dataclasses import dataclass, field
from typing import Any, Protocol

from roomgate.checks.doubles import device_pages

Reading = dict[str, str]
HELPER = "bridge-helper"  # what the double puts on a device: a macro, and an account of this name
NOTICE = "Connected from afar"


class Bridged(Protocol):
    """One device, as the connector has it."""

    async def read(self) -> Reading:
        """What only the device knows: its name, product and serial number."""

    async def command(self, name: str, arguments: dict[str, Any]) -> Any:
        """Raises XapiError, KeyError for a command that it does not know."""

    async def calls(self) -> int:
        """How many calls it is in, or has placed."""

    async def notify(self, text: str) -> None:
        """Tell the people in the room."""

    async def shown(self) -> str:
        """What its screen shows of that."""

    async def page(self, path: str) -> str:
        """Its own page, as its owner's browser gets it; empty where there is none."""

    async def visit(self, *, leave: bool) -> None:
        """Somebody comes: whatever session this takes at the device is ended again, unless ``leave``."""

    async def change_password(self, new: str) -> None:
        """Its owner's own hand: the account that the connector uses gets another password."""

    async def install(self) -> None:
        """Put the connector's own things on it."""

    async def uninstall(self) -> None:
        """Take them away again."""


@dataclass(slots=True)
class PretendDevice:
    """A device in memory: quick, and never tired."""

    name: str
    serial: str = field(default_factory=lambda: f"PRT{secrets.token_hex(4).upper()}")
    password: str = field(default="", repr=False)
    dialled: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    macros: set[str] = field(default_factory=set)
    accounts: set[str] = field(default_factory=lambda: {"admin"})
    sessions: int = 1

    async def read(self) -> Reading:
        return {"name": self.name, "product": "Pretended Board", "serial": self.serial}

    async def command(self, name: str, arguments: dict[str, Any]) -> Any:
        if name == "Dial":
            self.dialled.append(str(arguments["Number"]))
            return {"CallId": len(self.dialled)}
        if name == "Call Disconnect":
            return {}
        raise KeyError(name)

    async def calls(self) -> int:
        return len(self.dialled)

    async def notify(self, text: str) -> None:
        self.notices.append(text)
        del self.notices[:-20]

    async def shown(self) -> str:
        return self.notices[-1] if self.notices else ""

    async def page(self, path: str) -> str:
        return device_pages.show(path, self.name, self.serial)

    async def visit(self, *, leave: bool) -> None:
        self.sessions += leave

    async def change_password(self, new: str) -> None:
        self.password = new

    async def install(self) -> None:
        self.macros.add(HELPER)
        self.accounts.add(HELPER)

    async def uninstall(self) -> None:
        self.macros.discard(HELPER)
        self.accounts.discard(HELPER)
