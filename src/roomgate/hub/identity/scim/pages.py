"""The part of the page of settings that is about directories: their address, how each stands, and its brake."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import post
from litestar.params import FromPath

from roomgate.access.principal import Kind, Right
from roomgate.errors import BadInput, RoomgateError
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Page, Visit, Visiting, read_form, refused
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.identity.pages import HERE, SECTIONS, Section
from roomgate.hub.identity.scim.http import PATH
from roomgate.hub.parts import Parts

DAYS = (30, 90, 180, 365)
RELEASE_MINUTES = 60


@dataclass(frozen=True, slots=True)
class DirectoryLine:
    id: str
    name: str
    active: bool
    people: int
    groups: int
    tokens: int
    until: datetime | None  # when the last of its tokens ends
    ended: int
    limit: int
    held: bool
    released: datetime | None


async def gather(visit: Visit, parts: Parts) -> Mapping[str, Any] | None:
    if not visit.signed.may(Right.PEOPLE):
        return None
    lines = []
    for one in await parts.directories.directories(visit.signed):
        tokens = await parts.identity.tokens(one.account.id)
        released = one.brake.released
        lines.append(
            DirectoryLine(
                one.account.id, one.account.name, one.account.active, one.people, one.groups, len(tokens),
                max((token.until for token in tokens), default=None), len(one.brake.ended), one.brake.limit, one.held,
                released if released is not None and released > visit.now else None,
            )
        )  # fmt: skip
    base = (parts.config.public_url or f"https://{visit.host}").rstrip("/") + PATH
    return {"base": base, "directories": lines, "days": DAYS}


@post("/settings/scim", include_in_schema=False, status_code=303)
async def add(request: Req, visit: Visiting, parts: Hub) -> Page:
    """A service account and its first token, which is shown this once."""
    form = await read_form(request)
    try:
        days = form.text("days")
        if days not in map(str, DAYS):
            raise BadInput("A token lives for one of the times that the form offers.")
        role = frozenset({"provisioner"})
        account = await parts.identity.create_person(form.text("name"), None, role, visit.signed, Kind.SERVICE)
        _, token = await parts.identity.make_token(account.id, int(days) * 24 * 60, "SCIM", visit.signed)
    except RoomgateError as fault:
        return visit.back(HERE, refused(visit.t, fault))
    title, text = visit.t("settings.scim.added"), visit.t("settings.scim.added-text", name=account.name)
    return visit.back(HERE, Notice("ok", title, text, secret=token.reveal()))


@post("/settings/scim/{id:str}/release", include_in_schema=False, status_code=303)
async def release(visit: Visiting, parts: Hub, id: FromPath[str]) -> Page:
    try:
        directory = await parts.directories.release(id, RELEASE_MINUTES, visit.signed)
    except RoomgateError as fault:
        return visit.back(HERE, refused(visit.t, fault))
    text = visit.t(
        "settings.scim.released-text", name=directory.account.name, length=visit.t.duration(RELEASE_MINUTES * 60)
    )
    return visit.back(HERE, Notice("ok", visit.t("settings.scim.released"), text))


SECTIONS.append(Section("scim", "_settings_scim.html", gather))
ROUTES = [add, release]
