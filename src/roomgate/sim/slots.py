"""HttpFeedback: four slots, each with an address to which the room posts what it was registered for. Pure, but for
the small file that keeps the registrations over a restart (inferred: managers find theirs in status after a boot).

A slot whose server could not be reached is Failed, and stays so until it is enabled again.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path as FilePath

import msgspec

from roomgate.sim.accounts import Account
from roomgate.sim.asked import Answer, Asked
from roomgate.sim.device import Device
from roomgate.sim.refusal import CommandError, InvalidParams, Refused
from roomgate.sim.session import concerning
from roomgate.sim.state import Change
from roomgate.sim.store import write_private
from roomgate.sim.xmldoc import build_xml
from roomgate.xapi.errors import InvalidPath
from roomgate.xapi.path import Path

FILE = "feedback.json"


class Slot(msgspec.Struct):
    """One registration, as it is kept. ``account`` is whose roles decide what is posted."""

    number: int
    url: str
    format: str
    expressions: list[str]
    account: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    """One document on its way. ``verify``: the server's certificate must be good (HttpFeedback TlsVerify)."""

    slot: int
    url: str
    type: str
    body: bytes
    verify: bool


@dataclass(slots=True)
class Slots:
    """Made by `Slots.load`."""

    device: Device
    file: FilePath
    by_number: dict[int, Slot] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: FilePath, device: Device) -> "Slots":
        """The slots as the folder has them; a file that cannot be read costs the registrations."""
        slots = cls(device, folder / FILE)
        device.equip(
            {
                "HttpFeedback/Register": slots.register,
                "HttpFeedback/Deregister": slots.deregister,
                "HttpFeedback/Enable": slots.enable,
            }
        )
        try:
            kept = msgspec.json.decode(slots.file.read_bytes(), type=list[Slot])
        except (OSError, msgspec.MsgspecError):
            kept = []
        for slot in kept:
            slots.by_number[slot.number] = slot
            slots._show(slot, quiet=True)
        return slots

    def register(self, asked: Asked) -> Answer:
        """Take a slot, whoever had it before. An expression that the account may not read is refused."""
        expressions = [str(one) for one in asked.listed("Expression")]
        if not expressions:
            raise InvalidParams("Bad usage: Missing or invalid parameter(s).")
        for one in expressions:
            self._path(asked.account, one)
        url = asked.text("ServerUrl")
        if not url.startswith(("http://", "https://")):
            raise CommandError("Invalid URL specified")
        number = asked.number("FeedbackSlot", 0)
        slot = Slot(number, url, asked.text("Format", "XML"), expressions, asked.account.name)
        self.by_number[number] = slot
        self._show(slot)
        self._save()
        self.device.state.note("httpfeedback.registered", slot=number, by=asked.account.name)
        return {}

    def deregister(self, asked: Asked) -> Answer:
        """Give a slot back; one that is free already is no error (inferred)."""
        number = asked.number("FeedbackSlot", 0)
        if self.by_number.pop(number, None) is not None:
            self.device.state.drop("HttpFeedback", number)
            self._save()
        return {}

    def enable(self, asked: Asked) -> Answer:
        """Try a slot again that had failed."""
        slot = self.by_number.get(asked.number("FeedbackSlot", 0))
        if slot is None:
            raise CommandError("The feedback slot is not in use")
        slot.failed = False
        self._show(slot)
        self._save()
        return {}

    def fail(self, number: int, url: str) -> None:
        """The slot's server could not be reached; nothing more is posted there. The caller settles."""
        slot = self.by_number.get(number)
        if slot is not None and slot.url == url and not slot.failed:
            slot.failed = True
            self._show(slot)
            self._save()
            self.device.state.note("httpfeedback.failed", slot=number)

    def notify(self, changes: list[Change]) -> list[Post]:
        """What is to be posted of these changes: one document for each, in every slot that asked for it."""
        posts: list[Post] = []
        for slot in self.by_number.values():
            account = self.device.accounts.by_name.get(slot.account)
            if slot.failed or account is None:
                continue
            paths = [path for one in slot.expressions if (path := self._find_path(account, one)) is not None]
            for change in changes:
                heard = (concerning(self.device, account, change, path) for path in paths)
                document = next((one for one in heard if one is not None), None)
                if document is not None:
                    posts.append(self._post(slot, document))
        return posts

    def _post(self, slot: Slot, document: dict[str, object]) -> Post:
        ((root, below),) = document.items()
        verify = self.device.state.read("Configuration", "HttpFeedback", "TlsVerify") != "Off"
        if slot.format == "JSON":  # its layout is not established: this is the same tree
            body = json.dumps({root: self._identified(below)}, ensure_ascii=False)
            return Post(slot.number, slot.url, "application/json", body.encode("utf-8", "replace"), verify)
        # Events and their members have a number each: <CallDisconnect item="1">, as captures of CE 9 and 10 have it.
        content = self._identified(_numbered(below) if root == "Event" else below)
        text = '<?xml version="1.0"?>\n' + build_xml(root, content, count=False)
        return Post(slot.number, slot.url, "text/xml; charset=utf-8", text.encode("utf-8", "replace"), verify)

    def _identified(self, below: object) -> dict[str, object]:
        return {"Identification": self._identification(), **(below if isinstance(below, dict) else {})}

    def _identification(self) -> dict[str, object]:
        read = self.device.state.read
        return {
            "SystemName": read("Configuration", "SystemUnit", "Name"),
            "MACAddress": read("Status", "Network", 1, "Ethernet", "MacAddress"),
            "IPAddress": read("Status", "Network", 1, "IPv4", "Address"),
            "ProductType": read("Status", "SystemUnit", "ProductType"),
            "ProductID": read("Status", "SystemUnit", "ProductId"),
            "SWVersion": read("Status", "SystemUnit", "Software", "Version"),
            "SerialNumber": read("Status", "SystemUnit", "Hardware", "Module", "SerialNumber"),
        }

    def _find_path(self, account: Account, expression: str) -> Path | None:
        try:
            return self._path(account, expression)
        except Refused:
            return None

    def _path(self, account: Account, expression: str) -> Path:
        try:
            return self.device.subscription(account, list(Path.parse(expression).parts))
        except InvalidPath as bad:
            raise InvalidParams(self.device.profile.no_match) from bad

    def _show(self, slot: Slot, *, quiet: bool = False) -> None:
        for name, value in (("URL", slot.url), ("Format", slot.format), ("Status", "Failed" if slot.failed else "OK")):
            self.device.state.put("HttpFeedback", slot.number, name, value=value, quiet=quiet)

    def _save(self) -> None:
        write_private(self.file, msgspec.json.encode(list(self.by_number.values())))


def _numbered(node: object) -> object:
    """An event's tree with the number 1 on everything that has no number of its own."""
    if isinstance(node, dict):
        return {
            name: value if isinstance(value, list) or name in ("id", "ghost") else [_member(_numbered(value))]
            for name, value in node.items()
        }
    return node


def _member(value: object) -> object:
    return {**value, "id": 1} if isinstance(value, dict) else value
