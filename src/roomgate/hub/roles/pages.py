"""Roles on the page of access: what each allows and gives, own ones made and removed, and who has which."""

from dataclasses import dataclass

from litestar import post
from litestar.params import FromPath

from roomgate.access.capability import Capability
from roomgate.access.principal import Right
from roomgate.access.role import Role
from roomgate.errors import RoomgateError
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Page, Visit, Visiting, read_form, refused
from roomgate.hub.console.words import Words
from roomgate.hub.grants.wanted import parse_capabilities
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.parts import Parts
from roomgate.hub.roles.http import parse_rights

HERE = "/access#roles"


@dataclass(frozen=True, slots=True)
class RoleView:
    name: str
    title: str
    rights: list[str]
    gives: list[Capability]
    words: str
    may_remove: bool


def role_title(name: str, t: Words) -> str:
    return t(f"role.{name}") if t.has(f"role.{name}") else name


async def gather_roles(visit: Visit, parts: Parts) -> list[RoleView]:
    keeps, power = visit.signed.may(Right.PEOPLE), visit.signed.person.power
    return [
        RoleView(
            one.role.name, role_title(one.role.name, visit.t), sorted(one.role.rights),
            [c for c in Capability if c in one.role.gives], one.role.words,
            keeps and not one.role.shipped and power.may_make(one.role),
        )
        for one in await parts.roles.every()
    ]  # fmt: skip


@post("/access/roles", include_in_schema=False, status_code=303)
async def make_role(request: Req, visit: Visiting, parts: Hub) -> Page:
    form = await read_form(request)
    try:
        role = Role(
            form.text("name"), parse_rights(form.all("rights")), parse_capabilities(form.all("capabilities")),
            form.text("words"),
        )  # fmt: skip
        await parts.roles.add(role, visit.signed)
    except RoomgateError as fault:
        return visit.back(HERE, refused(visit.t, fault))
    return visit.back(HERE, Notice("ok", visit.t("said.done"), visit.t("roles.made", name=role.name)))


@post("/access/roles/{name:str}/remove", include_in_schema=False, status_code=303)
async def remove_role(name: FromPath[str], request: Req, visit: Visiting, parts: Hub) -> Page:
    try:
        await parts.roles.remove(name, visit.signed)
    except RoomgateError as fault:
        return visit.back(HERE, refused(visit.t, fault))
    return visit.back(HERE, Notice("ok", visit.t("said.done"), visit.t("roles.removed", name=name)))


@post("/access/people/roles", include_in_schema=False, status_code=303)
async def assign_roles(request: Req, visit: Visiting, parts: Hub) -> Page:
    """These and no others: what the person may not do any more is cut."""
    form = await read_form(request)
    try:
        person = await parts.identity.change_roles(form.text("person"), frozenset(form.all("roles")), visit.signed)
    except RoomgateError as fault:
        return visit.back(HERE, refused(visit.t, fault))
    said = ", ".join(role_title(name, visit.t) for name in sorted(person.roles)) or visit.t("people.no-role")
    return visit.back(HERE, Notice("ok", visit.t("said.done"), visit.t("roles.given", name=person.name, roles=said)))


ROUTES = [make_role, remove_role, assign_roles]
