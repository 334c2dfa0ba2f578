"""Pure: the few numbers and facts that are kept of a room, out of what its site lets out unasked.

No number says who, with whom or about what: whether it was in reach, in a call, how many people, how warm, how good.
"""

from roomgate.hub.status.reading import live_calls, loss_of, media_channels, members, read_count, read_text
from roomgate.hub.status.summary import ambient_of
from roomgate.xapi.tree import Document

Values = dict[str, float]
Facts = dict[str, str]
NAMES = ("online", "call", "people", "ambient", "loss", "jitter")  # of a sample's values, in the order of exports
FACTS = ("serial", "product", "mac", "software", "ipv4", "ipv6")


def build_values(document: Document, online: bool) -> Values:
    """``document`` is rooted. Of a room that is out of reach nothing is known but that."""
    if not online:
        return {"online": 0}
    status = document.get("Status")
    values: Values = {"online": 1, "call": 1 if live_calls(status) else 0}
    measured = {"people": read_count(status, "RoomAnalytics", "PeopleCount", "Current"), "ambient": ambient_of(status)}
    channels = [channel for _, channel in media_channels(status)]
    lost = [loss for channel in channels if (loss := loss_of(channel)) is not None]
    late = [jitter for channel in channels if (jitter := read_count(channel, "Netstat", "Jitter")) is not None]
    measured |= {"loss": max(lost, default=None), "jitter": max(late, default=None)}  # the worst of its streams
    return values | {name: value for name, value in measured.items() if value is not None}


def build_facts(status: object) -> Facts:
    """What a device is; only what it told. ``status`` is what stands below Status."""
    network = next((one for _, one in members(status, "Network")), {})
    told = {
        "serial": read_text(status, "SystemUnit", "Hardware", "Module", "SerialNumber"),
        "product": read_text(status, "SystemUnit", "ProductId") or read_text(status, "SystemUnit", "ProductPlatform"),
        "mac": read_text(network, "Ethernet", "MacAddress"),
        "software": read_text(status, "SystemUnit", "Software", "Version"),
        "ipv4": read_text(network, "IPv4", "Address"),
        "ipv6": read_text(network, "IPv6", "Address"),
    }
    return {name: text for name, text in told.items() if text}
