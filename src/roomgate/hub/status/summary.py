"""Pure: a device's status as a person wants to read it. What is not told, or not to this person, is empty or None."""

from typing import Any

import msgspec

from roomgate.hub.status.reading import (
    live_calls,
    loss_of,
    media_channels,
    members,
    read_count,
    read_number,
    read_text,
)

_FAIR, _POOR = (1.0, 30), (5.0, 50)  # % lost, ms of jitter: above these a call is heard and seen to suffer
_PERIPHERAL_FINE = frozenset({"Connected", ""})
_LEVELS = ("Critical", "Error", "Warning", "Info")


class MediaStream(msgspec.Struct, frozen=True):
    """One stream of a call, in one direction."""

    direction: str  # Incoming, Outgoing
    type: str  # Audio, Video, Data
    role: str
    codec: str
    rate_kbps: int | None
    loss_percent: float | None
    jitter_ms: int | None
    most_jitter_ms: int | None
    round_trip_ms: int | None
    resolution: str  # 1280×720
    frames: int | None  # a second
    quality: str  # good, fair, poor; "" where nothing is told


class CallNow(msgspec.Struct, frozen=True):
    id: int
    name: str
    number: str
    status: str
    direction: str
    protocol: str
    seconds: int | None
    streams: list[MediaStream]


class NetworkNow(msgspec.Struct, frozen=True):
    interface: str
    ipv4: str
    gateway: str
    ipv6: str
    mac: str
    speed: str
    vlan: str
    wifi: str
    dot1x: str


class Registered(msgspec.Struct, frozen=True):
    kind: str  # SIP, Webex, H323
    status: str
    address: str
    reason: str
    fine: bool


class PeripheralNow(msgspec.Struct, frozen=True):
    name: str
    type: str
    status: str
    serial: str
    software: str
    fine: bool


class Message(msgspec.Struct, frozen=True):
    """One entry of the device's own diagnostics."""

    type: str
    level: str
    words: str


class Summary(msgspec.Struct, frozen=True):
    product: str
    serial: str
    software: str
    uptime_s: int | None
    heat: str  # the device's own: Normal, High, Critical
    ambient: float | None  # °C in the room
    humidity: int | None
    people: int | None
    capacity: int | None
    volume: int | None
    microphones: str
    standby: str
    calls: list[CallNow]
    networks: list[NetworkNow]
    registrations: list[Registered]
    peripherals: list[PeripheralNow]
    messages: list[Message]


def build_summary(status: object) -> Summary:
    """``status`` is what stands below Status; any shape will do."""
    return Summary(
        product=read_text(status, "SystemUnit", "ProductPlatform") or read_text(status, "SystemUnit", "ProductId"),
        serial=read_text(status, "SystemUnit", "Hardware", "Module", "SerialNumber"),
        software=read_text(status, "SystemUnit", "Software", "DisplayName")
        or read_text(status, "SystemUnit", "Software", "Version"),
        uptime_s=read_count(status, "SystemUnit", "Uptime"),
        heat=read_text(status, "SystemUnit", "Hardware", "Monitoring", "Temperature", "Status"),
        ambient=ambient_of(status),
        humidity=read_count(status, "RoomAnalytics", "RelativeHumidity"),
        people=read_count(status, "RoomAnalytics", "PeopleCount", "Current"),
        capacity=read_count(status, "RoomAnalytics", "PeopleCount", "Capacity"),
        volume=read_count(status, "Audio", "Volume"),
        microphones=read_text(status, "Audio", "Microphones", "Mute"),
        standby=read_text(status, "Standby", "State"),
        calls=_calls(status),
        networks=[_network(one) for _, one in members(status, "Network")],
        registrations=_registrations(status),
        peripherals=[_peripheral(one) for _, one in members(status, "Peripherals", "ConnectedDevice")],
        messages=_messages(status),
    )


def ambient_of(status: object) -> float | None:
    """Degrees Celsius in the room, by the device or else by the first of its panels that measures them."""
    for node in (status, *(one for _, one in members(status, "Peripherals", "ConnectedDevice"))):
        degrees = read_number(node, "RoomAnalytics", "AmbientTemperature")
        if degrees is not None and -50 < degrees < 100:
            return round(degrees, 1)
    return None


def _calls(status: object) -> list[CallNow]:
    streams: dict[int, list[MediaStream]] = {}
    for call, channel in media_channels(status):
        streams.setdefault(call, []).append(_stream(channel))
    return [
        CallNow(
            id,
            read_text(call, "DisplayName"),
            read_text(call, "RemoteNumber", limit=200) or read_text(call, "CallbackNumber", limit=200),
            read_text(call, "Status"),
            read_text(call, "Direction"),
            read_text(call, "Protocol"),
            read_count(call, "Duration"),
            sorted(streams.get(id, ()), key=lambda one: (one.type, one.role, one.direction)),
        )
        for id, call in live_calls(status)
    ]


def _stream(channel: dict[str, Any]) -> MediaStream:
    rate = read_count(channel, "Netstat", "ChannelRate")
    width, height = read_count(channel, "Video", "ResolutionX"), read_count(channel, "Video", "ResolutionY")
    type = read_text(channel, "Type")
    loss, jitter = loss_of(channel), read_count(channel, "Netstat", "Jitter")
    return MediaStream(
        direction=read_text(channel, "Direction"),
        type=type,
        role=read_text(channel, type, "ChannelRole") if type else "",
        codec=read_text(channel, type, "Protocol") if type else "",
        rate_kbps=None if rate is None else round(rate / 1000),
        loss_percent=loss,
        jitter_ms=jitter,
        most_jitter_ms=read_count(channel, "Netstat", "MaxJitter"),
        round_trip_ms=read_count(channel, "Netstat", "RoundTripTime"),
        resolution=f"{width}×{height}" if width and height else "",
        frames=read_count(channel, "Video", "FrameRate"),
        quality=judge_quality(loss, jitter),
    )


def judge_quality(loss: float | None, jitter: float | None) -> str:
    """A word for it; "" where neither is told."""
    if loss is None and jitter is None:
        return ""
    for word, (most_lost, most_jitter) in (("poor", _POOR), ("fair", _FAIR)):
        if (loss or 0) > most_lost or (jitter or 0) > most_jitter:
            return word
    return "good"


def _network(one: dict[str, Any]) -> NetworkNow:
    vlan = read_text(one, "VLAN", "Voice", "VlanId")
    return NetworkNow(
        interface=read_text(one, "ActiveInterface"),
        ipv4=read_text(one, "IPv4", "Address"),
        gateway=read_text(one, "IPv4", "Gateway"),
        ipv6=read_text(one, "IPv6", "Address"),
        mac=read_text(one, "Ethernet", "MacAddress"),
        speed=read_text(one, "Ethernet", "Speed"),
        vlan="" if vlan == "Off" else vlan,
        wifi=read_text(one, "Wifi", "SSID") if read_text(one, "ActiveInterface") == "WLAN" else "",
        dot1x="" if read_text(one, "IEEE8021X", "Status") == "Off" else read_text(one, "IEEE8021X", "Status"),
    )


def _registrations(status: object) -> list[Registered]:
    found = [
        Registered(
            "SIP", said, read_text(one, "URI", limit=200), read_text(one, "Reason"), said in ("Registered", "Inactive")
        )
        for _, one in members(status, "SIP", "Registration")
        if (said := read_text(one, "Status"))
    ]
    if said := read_text(status, "H323", "Gatekeeper", "Status"):
        reason = read_text(status, "H323", "Gatekeeper", "Reason")
        found.append(Registered("H323", said, "", reason, said != "Rejected"))
    if said := read_text(status, "Webex", "Status"):
        found.append(Registered("Webex", said, "", "", said not in ("Error", "Disconnected", "ConnectionError")))
    return found


def _peripheral(one: dict[str, Any]) -> PeripheralNow:
    said = read_text(one, "Status")
    return PeripheralNow(
        read_text(one, "Name"), read_text(one, "Type"), said, read_text(one, "SerialNumber"),
        read_text(one, "SoftwareInfo"), said in _PERIPHERAL_FINE,
    )  # fmt: skip


def _messages(status: object) -> list[Message]:
    """The gravest first."""
    found = [
        Message(
            read_text(one, "Type"), read_text(one, "Level"), read_text(one, "Description", limit=400),
        )
        for _, one in members(status, "Diagnostics", "Message")
    ]  # fmt: skip
    worst = {level: place for place, level in enumerate(_LEVELS)}
    return sorted(found, key=lambda one: (worst.get(one.level, len(worst)), one.type))
