"""REST: the backups of a room, what restoring one would change, and restoring it."""

from typing import Any

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from roomgate.access.principal import Principal
from roomgate.errors import Unreachable
from roomgate.fleet.backup import Opened, Shown
from roomgate.fleet.restoring import Change
from roomgate.fleet.waves import Options
from roomgate.hub.backups.service import ANSWER_WITHIN_S, Ask, Backups, Comparison, Made
from roomgate.hub.http.asking import Hub, Who, give
from roomgate.hub.relay.asked import Wish
from roomgate.hub.relay.http import raise_unless_done
from roomgate.hub.relay.parts import RelayParts

RelayHere = NamedDependency[RelayParts]
BackupsHere = NamedDependency[Backups]


class BackupList(msgspec.Struct, frozen=True):
    items: list[Shown]
    next: str | None = None


class NewBackup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without a name nothing is kept of a room that is as its newest backup says."""

    name: str = ""
    reason: str = ""


class ChangeShown(msgspec.Struct, frozen=True):
    """``left``: why it is not done (identity, absent, value). What the site says against it, the plan tells."""

    kind: str
    name: str
    was: str | None
    will: str | int
    left: str | None


class DifferenceShown(msgspec.Struct, frozen=True):
    """What restoring would do; ``seen`` is what a restore has to name. Products and software: then and now."""

    seen: str
    changes: list[ChangeShown]
    left_out: list[ChangeShown]
    masked: list[str]
    only_there: list[str]
    same: int
    product: list[str] | None
    software: list[str] | None
    document: str


class Restore(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``seen`` is of the difference that was shown. ``same_room``: also what makes a device itself."""

    seen: str
    into: str | None = None
    same_room: bool = False
    reason: str = ""


class Restored(msgspec.Struct, frozen=True):
    """``plan``: what is left is to look at it and to start it, as any other."""

    plan: str


def asking(relay: RelayParts, principal: Principal, room: str) -> Ask:
    """Ask in this room, as this person, and wait for the answer."""

    async def ask(wish: Wish) -> Any:
        answer = await relay.relay.ask(principal, room, wish, wait_s=ANSWER_WITHIN_S)
        raise_unless_done(answer)
        if answer.outcome == "waiting":
            raise Unreachable("The room has not answered yet.")
        return answer.result

    return ask


@get("/rooms/{room:str}/backups", summary="The backups that the site keeps of a room")
async def list_backups(room: FromPath[str], signed: Who, relay: RelayHere, backups: BackupsHere) -> BackupList:
    """The newest first, those that are damaged last."""
    return BackupList(await backups.list_(asking(relay, signed.principal, room)))


@post("/rooms/{room:str}/backups", summary="Have a backup of a room made")
async def make_backup(
    room: FromPath[str], data: JSONBody[NewBackup], signed: Who, relay: RelayHere, backups: BackupsHere
) -> Response[Made]:
    """201 with the new one; 200 with the newest one where the room is as that says."""
    made = await backups.make(asking(relay, signed.principal, room), data.name, data.reason)
    return Response(made, status_code=200 if made.unchanged else 201)


@get("/rooms/{room:str}/backups/{id:str}", summary="What is in a backup")
async def show_backup(
    room: FromPath[str], id: FromPath[str], signed: Who, relay: RelayHere, backups: BackupsHere
) -> Opened:
    """As much as you may read in that room. The id `now`: what a backup would hold at this moment."""
    return await backups.get(asking(relay, signed.principal, room), id)


@delete("/rooms/{room:str}/backups/{id:str}", summary="Remove a backup", status_code=204)
async def remove_backup(
    room: FromPath[str], id: FromPath[str], signed: Who, relay: RelayHere, backups: BackupsHere
) -> None:
    await backups.remove(asking(relay, signed.principal, room), id)


@get("/rooms/{room:str}/backups/{id:str}/difference", summary="What restoring a backup would change")
async def show_difference(
    room: FromPath[str],
    id: FromPath[str],
    signed: Who,
    relay: RelayHere,
    backups: BackupsHere,
    into: FromQuery[str | None] = None,
    same_room: FromQuery[bool] = False,
) -> DifferenceShown:
    """``into``: another room; the backup's own where it is left out. Nothing is changed by looking."""
    target = into or room
    found = await backups.difference(
        asking(relay, signed.principal, room), id, asking(relay, signed.principal, target), target, same_room=same_room
    )
    return show_difference_of(found)


@post("/rooms/{room:str}/backups/{id:str}/restore", summary="Plan to restore a backup")
async def restore_backup(
    room: FromPath[str],
    id: FromPath[str],
    data: JSONBody[Restore],
    signed: Who,
    parts: Hub,
    relay: RelayHere,
    backups: BackupsHere,
) -> Restored:
    """A plan of the difference that was shown, and nothing else: 412 where it would be another one now."""
    target = data.into or room
    document = await backups.restorable(
        asking(relay, signed.principal, room), id, asking(relay, signed.principal, target), target,
        same_room=data.same_room, seen=data.seen, reason=data.reason,
    )  # fmt: skip
    return Restored((await parts.fleet.make(signed, document, Options(reason=data.reason), kind="restore")).id)


def show_difference_of(found: Comparison) -> DifferenceShown:
    one = found.difference
    return DifferenceShown(
        found.seen, [_show(change) for change in one.changes], [_show(change) for change in one.left],
        list(one.masked), list(one.only_there), one.same, list(one.product) if one.product else None,
        list(one.software) if one.software else None, found.document,
    )  # fmt: skip


def _show(one: Change) -> ChangeShown:
    return ChangeShown(one.kind, one.name, one.was, one.will, one.left)


API = Router(
    "/",
    tags=["backups"],
    route_handlers=[list_backups, make_backup, show_backup, remove_backup, show_difference, restore_backup],
    dependencies={
        "relay": give("relay"),
        "backups": give("backups"),
    },
)
