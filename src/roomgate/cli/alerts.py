"""What somebody should look after, through the hub's API."""

from pathlib import Path

from cyclopts import App

from roomgate.cli.api import Api, at
from roomgate.cli.files import read_secret
from roomgate.cli.output import Json, tell, tell_rows

app = App(name="alert", help="What somebody should look after, and where it is sent.")

route = App(name="route", help="Where alerts are sent to.")
app.command(route)

_COLUMNS = ["id", "severity", "kind", "room_name", "subject", "since", "ended", "words", "seen_by"]


@app.command(name="list")
def list_(*, ended: bool = False, json: Json = False) -> None:
    """The alerts of the rooms that you may see, what to do first.

    Example: ``roomgate alert list``

    Parameters
    ----------
    ended
        those of the last 90 days that are over
    """
    rows = Api.from_profile().items(at("alerts", ended="true") if ended else at("alerts"))
    columns = [name for name in _COLUMNS if ended or name != "ended"]
    tell_rows(rows, columns, empty="No alert.", json=json)


@app.command
def seen(id: str, /, *, json: Json = False) -> None:
    """Say that you look after it, so that others need not.

    Example: ``roomgate alert seen alert_3f2a``
    """
    done = Api.from_profile().call("POST", at("alerts", id, "seen"), {})
    tell(done, f"You look after it: {done['words']}", json=json)


@app.command
def routes(*, json: Json = False) -> None:
    """Where alerts are sent to, and what went wrong the last time.

    Example: ``roomgate alert routes``
    """
    rows = Api.from_profile().call("GET", at("alert-routes"))["items"]
    columns = ["id", "name", "address", "kinds", "last_at", "last_words"]
    tell_rows(rows, columns, empty="Alerts are sent nowhere: `roomgate alert route add NAME`.", json=json)


@route.command
def add(name: str, /, *, kind: list[str] | None = None, address_file: Path | None = None, json: Json = False) -> None:
    """Send alerts somewhere from now on. The address is asked for, or read from a file: it may hold a secret.

    Example: ``roomgate alert route add desk --kind room.offline --address-file address.txt``

    Parameters
    ----------
    address_file
        a file with the address, for scripts
    kind
        only this kind of alert; may be given several times
    """
    address = read_secret(address_file, "Address: ", "--address-file").reveal()
    wish = {"name": name, "address": address, "kinds": kind or []}
    made = Api.from_profile().call("POST", at("alert-routes"), wish)
    tell(
        made,
        f"{made['name']} is {made['id']}: {made['address']}. Next: `roomgate alert route test {made['id']}`.",
        json=json,
    )


@route.command(name="test")
def try_out(id: str, /, *, json: Json = False) -> None:
    """Send a text there now, and say what came of it.

    Example: ``roomgate alert route test desk``
    """
    done = Api.from_profile().call("POST", at("alert-routes", id, "test"), {})
    tell(done, done["last_words"] or "The test was taken.", json=json)


@route.command
def remove(id: str, /, *, json: Json = False) -> None:
    """Send nothing there any more.

    Example: ``roomgate alert route remove desk``
    """
    Api.from_profile().call("DELETE", at("alert-routes", id))
    tell({"removed": id}, f"Nothing is sent to {id} any more.", json=json)
