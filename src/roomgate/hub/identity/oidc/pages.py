"""Settings: by which accounts elsewhere one may sign in, and what to register at each provider."""

from collections.abc import Mapping
from typing import Any

from litestar import post

from roomgate.access.principal import Right
from roomgate.errors import BadInput, RoomgateError
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Page, Visit, Visiting, read_form, refused
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.identity.oidc.http import begun_page
from roomgate.hub.identity.pages import HERE, SECTIONS, Section
from roomgate.hub.parts import Parts


async def gather(visit: Visit, parts: Parts) -> Mapping[str, Any] | None:
    """None where no provider is configured. What is configured is for those who see or change people."""
    sign_on = parts.sign_on
    if not sign_on.providers:
        return None
    words = {one.issuer: one.words for one in sign_on.providers}
    mine = [
        {"words": words.get(linked.issuer, linked.issuer), "linked": linked}
        for linked in await sign_on.identities(visit.signed.person.id)
    ]
    facts: list[Mapping[str, Any]] = []
    if visit.signed.may(Right.PEOPLE) or visit.signed.may(Right.SEE):
        counted = await sign_on.counted()
        for one in sign_on.providers:
            linked, seen = counted.get(one.issuer, (0, None))
            facts.append({
                "name": one.name, "words": one.words, "issuer": one.issuer, "create": one.create,
                "callback": sign_on.address(one, "callback"), "logout": sign_on.address(one, "logout"),
                "roles": list(one.roles.items()), "linked": linked, "seen": seen,
            })  # fmt: skip
    mine.sort(key=lambda one: str(one["words"]))
    return {"mine": mine, "providers": sign_on.providers, "facts": facts}


@post("/settings/identities", include_in_schema=False)
async def act(request: Req, visit: Visiting, parts: Hub) -> Page:
    form, signed = await read_form(request), visit.signed
    try:
        match form.text("do"):
            case "link":
                url, begun = await parts.sign_on.begin(form.text("provider"), HERE, signed)
                return begun_page(request, url, begun)
            case "unlink":
                await parts.sign_on.unlink(signed.person.id, form.text("issuer"), form.text("subject"), signed)
                said = Notice("ok", visit.t("settings.providers-unlinked"), "")
            case _:
                raise BadInput("Link, or unlink.")
    except RoomgateError as no:
        said = refused(visit.t, no)
    return visit.back(HERE, said)


SECTIONS.append(Section("providers", "_settings_providers.html", gather))
ROUTES = [act]
