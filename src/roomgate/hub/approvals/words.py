"""Pure: a request as a sentence that needs no knowledge of capabilities."""

from roomgate.access.capability import Capability
from roomgate.hub.approvals.request import Request
from roomgate.hub.console.words import Words


def say_list(t: Words, parts: list[str]) -> str:
    """``a, b and c``."""
    if len(parts) < 2:
        return "".join(parts)
    return t("list.and", first=t("list.comma").join(parts[:-1]), last=parts[-1])


def say_may(t: Words, request: Request) -> str:
    """What it is for: "see what goes on there and change the volume"."""
    wanted = request.wanted
    parts = [t(f"do.{one.value}") for one in Capability if one.value in wanted.capabilities]
    if wanted.role is not None:
        role = t(f"role.{wanted.role}") if t.has(f"role.{wanted.role}") else wanted.role
        parts.append(t("do.role", role=role))
    return say_list(t, parts)


def say_request(t: Words, request: Request, name: str) -> str:
    """Who asks for what, where, for how long and why; or, of break-glass, who took it."""
    where = say_list(t, [*request.wanted.rooms, *request.wanted.sites, *request.wanted.tags])
    return t(
        "glass.sentence" if request.loud else "approvals.sentence", name=name, where=where, may=say_may(t, request),
        time=t.duration((request.wanted.minutes or 0) * 60), why=request.wanted.reason,
    )  # fmt: skip
