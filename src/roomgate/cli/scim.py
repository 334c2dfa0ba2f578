"""Directories that keep people here by SCIM, through the hub's API."""

from cyclopts import App

from roomgate.cli.api import Api, at
from roomgate.cli.output import Json, say, show_json
from roomgate.cli.resource import Resource, add_list, show

app = App(name="scim", help="Directories that keep people and groups here, by SCIM 2.0.")

_DIRECTORIES = Resource(
    "scim", "directories", ["id", "name", "people", "groups", "ended", "limit", "held"],
    "None yet: `roomgate scim add upstream`.", "upstream",
)  # fmt: skip

add_list(app, _DIRECTORIES)


@app.command
def add(name: str, /, *, minutes: float = 180 * 24 * 60, json: Json = False) -> None:
    """Add a directory: a service account that may provision and nothing else, and its token, shown this once.

    Example: ``roomgate scim add upstream``

    Parameters
    ----------
    minutes
        how long the token lives; `roomgate token add NAME` makes the next one
    """
    api = Api.from_profile()
    account = api.call("POST", at("service-accounts"), {"name": name, "roles": ["provisioner"]})
    wish = {"service_account": account["id"], "minutes": minutes, "name": "SCIM"}
    token = api.call("POST", at("tokens"), wish)
    if json:
        show_json({"id": account["id"], "name": account["name"], **token})
        return
    print(token["token"])
    say(
        f"  for {account['name']}, until {token['until']}. The directory asks the hub's address with /scim/v2 after it."
    )


@app.command
def release(directory: str, /, *, minutes: float = 60, json: Json = False) -> None:
    """Let a directory that is braked go on for a while, however many people it ends.

    Example: ``roomgate scim release upstream``

    Parameters
    ----------
    minutes
        for how long
    """
    answer = Api.from_profile().call("POST", at("directories", directory, "release"), {"minutes": minutes})
    show(answer, "{name} may go on until {released_until}.", json=json)


@app.command
def hand_over(person: str, directory: str, /, *, json: Json = False) -> None:
    """Have a directory keep a person who was here before it. Nothing of theirs is cut.

    Example: ``roomgate scim hand-over alice upstream``

    Parameters
    ----------
    person
        their name or id; they have no rights over the hub
    """
    answer = Api.from_profile().call("POST", at("directories", directory, "people"), {"person": person})
    show(answer, f"{directory} keeps {{name}} from now on.", json=json)
