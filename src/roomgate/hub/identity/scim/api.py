"""REST: directories, as administrators see them. What directories themselves ask is at /scim/v2."""

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, JSONBody

from roomgate.clock import iso
from roomgate.hub.http.asking import Hub, Who
from roomgate.hub.http.paging import Page
from roomgate.hub.identity.http import PersonShown, show_person
from roomgate.hub.identity.scim.service import Directory


class DirectoryShown(msgspec.Struct, frozen=True):
    """``ended`` of at most ``limit`` people within an hour; ``held``: the next one waits for an administrator."""

    id: str
    name: str
    active: bool
    people: int
    groups: int
    ended: int
    limit: int
    held: bool
    released_until: str | None


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    minutes: float = 60


class HandOver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    person: str  # id or name


def show_directory(directory: Directory) -> DirectoryShown:
    account, brake = directory.account, directory.brake
    return DirectoryShown(
        account.id, account.name, account.active, directory.people, directory.groups, len(brake.ended), brake.limit,
        directory.held, iso(brake.released) if brake.released else None,
    )  # fmt: skip


@get("/directories")
async def list_directories(parts: Hub, signed: Who) -> Page[DirectoryShown]:
    return Page([show_directory(one) for one in await parts.directories.directories(signed)], None)


@post("/directories/{id:str}/release", status_code=200)
async def release_directory(parts: Hub, signed: Who, id: FromPath[str], data: JSONBody[Release]) -> DirectoryShown:
    """Let a directory that is braked go on for a while."""
    return show_directory(await parts.directories.release(id, data.minutes, signed))


@post("/directories/{id:str}/people", status_code=200)
async def hand_over(parts: Hub, signed: Who, id: FromPath[str], data: JSONBody[HandOver]) -> PersonShown:
    """Have a directory keep a person who was here before it."""
    return show_person(await parts.directories.hand_over(data.person, id, signed))


API = Router("/", tags=["identity"], route_handlers=[list_directories, release_directory, hand_over])
