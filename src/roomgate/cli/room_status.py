"""`room status`: what the hub knows of a room, what its device says in words, or a part of the status as it is."""

from collections.abc import Iterator, Mapping
from typing import Any

from roomgate.cli.api import Api, at
from roomgate.cli.output import say, show_facts, show_json
from roomgate.errors import RoomgateError


def tell_tree(room: str, path: str, *, json: bool) -> None:
    """A line for each value, with its path."""
    full = path if path.lower().startswith("status") else f"Status/{path}"
    found = Api.from_profile().call("GET", at("rooms", room, "status", path=full))
    if json:
        show_json(found["value"])
        return
    lines = list(flatten(found["value"], found["path"]))
    for line in lines or [f"{found['path']}: nothing"]:
        say(line)


def tell_status(room: str, *, brief: bool, json: bool) -> None:
    """The hub's own knowledge first; the device is read where one's grants and the device allow it."""
    api = Api.from_profile()
    known = api.call("GET", at("rooms", room))
    read: dict[str, Any] | None = None
    why = ""
    if not brief:
        try:
            read = api.call("GET", at("rooms", room, "status"))
        except RoomgateError as no:
            why = no.message
    if json:
        show_json(known if brief else {**known, "device": read["summary"] if read else None})
        return
    show_facts(known)
    for line in describe(read["summary"], read["advice"]) if read else ():
        say(line)
    if why:
        say(f"Its device was not read: {why}")


def describe(summary: Mapping[str, Any], advice: list[Mapping[str, str]]) -> Iterator[str]:
    """Pure: a summary of the hub's in lines for people; what is not known is left out."""
    for call in summary["calls"]:
        yield f"In a call with {call['name'] or call['number'] or 'somebody'}: " + _words(
            call["protocol"], call["direction"], call["status"], _unit(call["seconds"], "s")
        )
        for one in call["streams"]:
            yield f"  {one['type']} {one['direction']}: " + _words(
                one["quality"], _unit(one["loss_percent"], "% lost"), _unit(one["jitter_ms"], "ms jitter"),
                _unit(one["rate_kbps"], "kbit/s"), one["resolution"], one["codec"],
            )  # fmt: skip
    people = _unit(summary["people"], "people" if summary["people"] != 1 else "person")
    if here := _words(
        people, _unit(summary["ambient"], "°C"), summary["heat"] and f"temperature in the device: {summary['heat']}"
    ):
        yield f"Room: {here}"
    if device := _words(summary["product"], summary["software"], summary["serial"], _unit(summary["uptime_s"], "s up")):
        yield f"Device: {device}"
    for one in summary["networks"]:
        yield "Network: " + _words(
            one["interface"], one["ipv4"], one["ipv6"], one["mac"], one["speed"], one["vlan"] and f"VLAN {one['vlan']}"
        )
    for one in summary["registrations"]:
        yield f"{one['kind']}: " + _words(one["status"], one["address"], one["reason"])
    for one in summary["peripherals"]:
        yield f"{one['type'] or 'Peripheral'}: " + _words(one["status"], one["name"], one["software"])
    said = {one["type"]: one["words"] for one in advice}
    for one in summary["messages"]:
        yield f"{one['level'] or 'Message'}: " + _words(one["type"], one["words"])
        if one["type"] in said:
            yield f"  {said[one['type']]}"


def flatten(value: Any, path: str) -> Iterator[str]:
    """Pure: each value with its path; members of lists by their id."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from flatten(one, f"{path}/{name}")
    elif isinstance(value, list):
        for position, one in enumerate(value, 1):
            number = one.get("id", position) if isinstance(one, dict) else position
            left = {name: part for name, part in one.items() if name != "id"} if isinstance(one, dict) else one
            yield from flatten(left, f"{path}/{number}")
    elif value is not None:
        yield f"{path}: {value}"


def _words(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _unit(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:g} {unit}"
