"""Sites and their connectors, through the hub's API."""

from cyclopts import App

from roomgate.cli.api import Api, at
from roomgate.cli.output import Json, say, show_json, tell_rows
from roomgate.cli.resource import Resource, add_list, add_show, show

site = App(name="site", help="Sites and their connectors.")

_SITES = Resource(
    "site", "sites", ["id", "name", "created"], "No sites yet: `roomgate site add NAME`.", "oslo-office", alone=False
)
add_list(site, _SITES)
add_show(site, _SITES)


@site.command
def add(name: str, /, *, json: Json = False) -> None:
    """Add a site: one network of one customer.

    Example: ``roomgate site add oslo-office``
    """
    answer = Api.from_profile().call("POST", at("sites"), {"name": name})
    show(answer, "Site {name} is {id}. Next: `roomgate site code {id}`.", json=json)


@site.command
def code(site: str, /, *, json: Json = False) -> None:
    """A one-time code with which a connector of this site enrols. It opens nothing by itself, and ends soon.

    Example: ``roomgate site code oslo-office``
    """
    answer = Api.from_profile().call("POST", at("connectors"), {"site": site})
    if json:
        show_json(answer)
        return
    say(f"Code         {answer['code']}   (good once, for {answer['minutes']} minutes)")
    say(f"Fingerprint  {answer['hub_fingerprint']}   (the hub's)")
    print("At the site: `roomgate connector enrol --config connector.toml --fingerprint …`, then `site confirm` here.")


@site.command
def connectors(site: str | None = None, /, *, json: Json = False) -> None:
    """All connectors, or those of one site, and whether they are there.

    Example: ``roomgate site connectors``
    """
    rows = Api.from_profile().items(at("connectors", site=site))
    columns = ["id", "site", "name", "state", "linked", "fingerprint"]
    tell_rows(rows, columns, empty="No connector yet: `roomgate site code SITE`.", json=json)


@site.command
def confirm(connector: str, /, *, json: Json = False) -> None:
    """Trust a connector, once its fingerprint here is the one that it printed at the site.

    Example: ``roomgate site confirm connector_…``
    """
    answer = Api.from_profile().call("POST", at("connectors", connector, "confirm"), {})
    show(answer, "{id} is trusted now; its key is {fingerprint}.", json=json)


@site.command
def disable(connector: str, /, *, json: Json = False) -> None:
    """Trust a connector no more: its rooms are cut off at once.

    Example: ``roomgate site disable connector_…``
    """
    answer = Api.from_profile().call("POST", at("connectors", connector, "disable"), {})
    show(answer, "{id} is disabled, and everything in its rooms is cut.", json=json)
