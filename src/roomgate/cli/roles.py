"""Roles over the hub, through its API."""

from cyclopts import App

from roomgate.cli.api import Api, at
from roomgate.cli.output import Json, tell
from roomgate.cli.resource import Resource, add_list, add_show, show
from roomgate.errors import BadInput

role = App(name="role", help="Roles: rights over the hub, and what a grant by a role's name gives.")

_ROLES = Resource("role", "roles", ["name", "rights", "capabilities", "shipped", "words"], "No roles.", "observer")
add_list(role, _ROLES)
add_show(role, _ROLES)


@role.command
def add(
    name: str,
    /,
    *,
    right: list[str] | None = None,
    capability: list[str] | None = None,
    words: str = "",
    json: Json = False,
) -> None:
    """Make a role of your own, within your own rights.

    Example: ``roomgate role add av-team --capability observe --capability av-control``

    Parameters
    ----------
    right
        see, give, people, sites, cut, audit, approve, provision; may be repeated
    capability
        what a grant by this role's name gives; may be repeated
    words
        what it is for
    """
    wish = {"name": name, "rights": right or [], "capabilities": capability or [], "words": words}
    show(Api.from_profile().call("POST", at("roles"), wish), "There is a role {name} now.", json=json)


@role.command
def change(
    name: str,
    /,
    *,
    right: list[str] | None = None,
    capability: list[str] | None = None,
    no_rights: bool = False,
    no_capabilities: bool = False,
    words: str | None = None,
    json: Json = False,
) -> None:
    """Change a role of your own. What it takes from whoever has it is cut; grants that exist stay as they are.

    Example: ``roomgate role change av-team --capability observe``

    Parameters
    ----------
    right
        all its rights from now on; may be repeated
    capability
        all that a grant by its name gives from now on; may be repeated
    no_rights
        take all its rights away
    no_capabilities
        let it give nothing
    words
        what it is for
    """
    wish = {
        "rights": [] if no_rights else right, "capabilities": [] if no_capabilities else capability, "words": words,
    }  # fmt: skip
    given = {key: value for key, value in wish.items() if value is not None}
    if not given:
        raise BadInput("Nothing to change.", hint="Give --right, --capability or --words.")
    show(Api.from_profile().call("PATCH", at("roles", name), given), "The role {name} is changed.", json=json)


@role.command
def remove(name: str, /, *, json: Json = False) -> None:
    """Remove a role of your own that nobody has.

    Example: ``roomgate role remove av-team``
    """
    Api.from_profile().call("DELETE", at("roles", name))
    tell({"removed": name}, f"The role {name} is gone.", json=json)
