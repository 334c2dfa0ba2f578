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
from roomgate.hub.backups.applying import Ask, OneByOne
from roomgate.hub.backups.service import ANSWER_WITHIN_S, Backups, Made, Plan
from roomgate.hub.http.asking import Who, give
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
    """``left``: why it is not done (identity, absent, value). ``refused``: what the site's policy says against it."""

    kind: str
    name: str
    was: str | None
    will: str | int
    left: str | None
    refused: str
    asks_room: bool


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


class StepShown(msgspec.Struct, frozen=True):
    """``outcome``: done, not done, not tried."""

    what: str
    outcome: str
    words: str


class Restored(msgspec.Struct, frozen=True):
    steps: list[StepShown]


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
    plan = await backups.difference(
        asking(relay, signed.principal, room), id, asking(relay, signed.principal, target), target, same_room=same_room
    )
    return show_plan(plan)


@post("/rooms/{room:str}/backups/{id:str}/restore", summary="Restore a backup", status_code=200)
async def restore_backup(
    room: FromPath[str],
    id: FromPath[str],
    data: JSONBody[Restore],
    signed: Who,
    relay: RelayHere,
    backups: BackupsHere,
) -> Restored:
    """The difference that was shown, and nothing else: 412 where it would be another one now."""
    target = data.into or room
    into = asking(relay, signed.principal, target)
    steps = await backups.restore(
        asking(relay, signed.principal, room), id, into, target,
        same_room=data.same_room, seen=data.seen, restoring=OneByOne(into, data.reason),
    )  # fmt: skip
    return Restored([StepShown(one.what, one.outcome, one.words) for one in steps])


def show_plan(plan: Plan) -> DifferenceShown:
    found = plan.difference

    def show(one: Change) -> ChangeShown:
        what = f"{one.kind} {one.name}"
        return ChangeShown(
            one.kind, one.name, one.was, one.will, one.left, plan.refused.get(what, ""), what in plan.asks
        )

    return DifferenceShown(
        plan.seen, [show(one) for one in found.changes], [show(one) for one in found.left], list(found.masked),
        list(found.only_there), found.same, list(found.product) if found.product else None,
        list(found.software) if found.software else None, plan.document,
    )  # fmt: skip


API = Router(
    "/",
    tags=["backups"],
    route_handlers=[list_backups, make_backup, show_backup, remove_backup, show_difference, restore_backup],
    dependencies={
        "relay": give("relay"),
        "backups": give("backups"),
    },
)
