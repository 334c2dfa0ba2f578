"""The page of settings: one's own sign-ins and factors, and how people come in.

Each part of it is a section: a template, and a function that gathers what it shows, or None where there is
nothing for whoever looks. A section's forms have routes of their own, beside its function.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from litestar import get

from roomgate.hub.console.visit import Page, Visit, Visiting
from roomgate.hub.http.asking import Hub
from roomgate.hub.identity import factor_pages, session_pages, token_pages
from roomgate.hub.parts import Parts

HERE = "/settings"


@dataclass(frozen=True, slots=True)
class Section:
    """``template`` is rendered with what ``gather`` gives, as ``it``."""

    key: str
    template: str
    gather: Callable[[Visit, Parts], Awaitable[Mapping[str, Any] | None]]


SECTIONS: list[Section] = [
    Section("factors", "settings_factors.html", factor_pages.gather_factors),
    Section("password", "settings_password.html", factor_pages.gather_password),
    Section("sessions", "_my_sessions.html", session_pages.gather),
    Section("tokens", "_my_tokens.html", token_pages.gather_own),
    Section("invitations", "settings_invitations.html", factor_pages.gather_invitations),
    Section("accounts", "_service_accounts.html", token_pages.gather_accounts),
]


@get(HERE, include_in_schema=False)
async def show_settings(visit: Visiting, parts: Hub) -> Page:
    shown = [(section, it) for section in SECTIONS if (it := await section.gather(visit, parts)) is not None]
    return visit.page("settings.html", sections=shown)


ROUTES = [show_settings, *factor_pages.ROUTES, *session_pages.ROUTES, *token_pages.ROUTES]
