"""Pure: what the decision says of a call, from what the hub's API shows of a person, a room, grants and locks."""

from collections.abc import Mapping, Sequence
from typing import Any

from roomgate.access.capability import Capability
from roomgate.access.decision import Ask, Denied, Facts, Room, decide
from roomgate.access.grant import Grant, Lock
from roomgate.access.principal import Kind, Principal
from roomgate.clock import Clock, iso, parse_iso
from roomgate.errors import BadInput
from roomgate.ids import AskId, ConnectorId, GrantId, LockId, PersonId, RoomId, RoomName, SiteId
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.schema import Catalogue

Shown = Mapping[str, Any]


def explain(
    person: Shown, room: Shown, grants: Sequence[Shown], locks: Sequence[Shown], call: str, value: str | None,
    clock: Clock,
) -> dict[str, Any]:  # fmt: skip
    """``allowed`` with ``grant`` and ``until``, or not with ``rule``, ``words`` and ``hint``.

    Raises XapiError for a call that the catalogue does not know: then nobody may.
    """
    catalogue = Catalogue.shipped()
    here = Room(RoomId(room["id"]), RoomName(room["name"]), SiteId(room["site"]), ConnectorId(room["connector"]))
    who = Principal(PersonId(person["id"]), person["name"], Kind(person["kind"]), "explain")
    asked = parse_call(call, value, catalogue)
    facts = Facts(
        active=bool(person["active"]),
        room_live=True,  # the hub shows no other
        grants=tuple(_grant(shown, here) for shown in grants),
        locks=tuple(Lock(LockId(one["id"]), one["kind"], one["subject"], one["reason"]) for one in locks),
    )
    told = {"person": who.name, "room": here.name, "call": str(asked.path)}
    try:
        permit = decide(Ask(AskId("explain"), who, here, asked), facts, clock.now(), catalogue)
    except Denied as no:
        return {**told, "allowed": False, "rule": no.rule, "words": no.message, "hint": no.hint}
    return {**told, "allowed": True, "grant": permit.by, "until": iso(permit.until)}


def parse_call(call: str, value: str | None, catalogue: Catalogue) -> Call:
    """A call as people write it. A command's arguments do not change its class, so they are left out."""
    root = call.replace("/", " ").split(" ")[0].lower().removeprefix("x")
    if root not in ("status", "configuration"):
        if value is not None:
            raise BadInput("A command is judged by its name alone.", hint='For example "Audio Volume Set".')
        return Call(Verb.COMMAND, catalogue.command(call).path)
    if value is None:
        return catalogue.canonical(Verb.GET, call)
    return catalogue.canonical(Verb.SET, call, {"Value": value})


def _grant(shown: Shown, room: Room) -> Grant:
    """``rooms`` are shown by name; only this one matters here."""
    return Grant(
        GrantId(shown["id"]), PersonId(shown["person"]),
        frozenset(room.id if one in (room.name, room.id) else RoomId(one) for one in shown["rooms"]),
        frozenset(Capability(one) for one in shown["capabilities"]), shown["reason"],
        parse_iso(shown["start"]), parse_iso(shown["until"]), PersonId(shown["made_by"]), 0,
        paused=bool(shown["paused"]),
    )  # fmt: skip
