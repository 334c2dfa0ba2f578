"""What HttpFeedback sends: for each change one document in every slot that asked for it. Pure.

The document begins with who sends it, as captures of CE 9 and 10 have it. Who may not read something is not posted it
either: a slot's account is asked about each change.
"""

import json
from dataclasses import dataclass
from typing import Any

from roomgate.sim.device import Device
from roomgate.sim.session import concerning
from roomgate.sim.slots import Slot
from roomgate.sim.state import Change
from roomgate.sim.xmldoc import build_xml


@dataclass(frozen=True, slots=True)
class Post:
    """One document on its way. ``verify``: the server's certificate must be good (HttpFeedback TlsVerify)."""

    slot: int
    url: str
    type: str
    body: bytes
    verify: bool


def plan_posts(device: Device, changes: list[Change]) -> list[Post]:
    """What is to be posted of these changes, in their order for each slot."""
    posts: list[Post] = []
    for slot in device.slots.by_number.values():
        account = device.accounts.by_name.get(slot.account)
        if slot.has_failed or account is None:
            continue
        for change in changes:
            heard = (concerning(device, account, change, path) for path in slot.expressions)
            document = next((one for one in heard if one is not None), None)
            if document is not None:
                posts.append(_post(device, slot, document))
    return posts


def fail(device: Device, post_slot: int, url: str) -> None:
    """A slot's server could not be reached at that address. The caller settles."""
    slot = device.slots.by_number.get(post_slot)
    if slot is not None and slot.url == url and not slot.has_failed:
        device.slots.fail(post_slot)


def _post(device: Device, slot: Slot, document: dict[str, Any]) -> Post:
    ((root, below),) = document.items()
    who = {"Identification": _identification(device)}
    verify = device.state.read("Configuration", "HttpFeedback", "TlsVerify") != "Off"
    if slot.format == "JSON":  # its layout is not established: this is the same tree
        body = json.dumps({root: who | below}, ensure_ascii=False)
        return Post(slot.number, slot.url, "application/json", body.encode("utf-8", "replace"), verify)
    # Events and their members have a number each: <CallDisconnect item="1">.
    content = who | (_numbered(below) if root == "Event" else below)
    text = '<?xml version="1.0"?>\n' + build_xml(root, content, count=False)
    return Post(slot.number, slot.url, "text/xml; charset=utf-8", text.encode("utf-8", "replace"), verify)


def _identification(device: Device) -> dict[str, Any]:
    read = device.state.read
    return {
        "SystemName": read("Configuration", "SystemUnit", "Name"),
        "MACAddress": read("Status", "Network", 1, "Ethernet", "MacAddress"),
        "IPAddress": read("Status", "Network", 1, "IPv4", "Address"),
        "ProductType": read("Status", "SystemUnit", "ProductType"),
        "ProductID": read("Status", "SystemUnit", "ProductId"),
        "SWVersion": read("Status", "SystemUnit", "Software", "Version"),
        "SerialNumber": read("Status", "SystemUnit", "Hardware", "Module", "SerialNumber"),
    }


def _numbered(node: Any) -> Any:
    """An event's tree with the number 1 on everything that has no number of its own."""
    if isinstance(node, dict):
        return {
            name: value if isinstance(value, list) or name in ("id", "ghost") else [_member(_numbered(value))]
            for name, value in node.items()
        }
    return node


def _member(value: Any) -> Any:
    return {**value, "id": 1} if isinstance(value, dict) else value
