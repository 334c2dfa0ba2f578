"""What somebody should look after, through the hub's API."""

from cyclopts import App

from roomgate.cli.api import Api, at
from roomgate.cli.output import Json, tell, tell_rows

app = App(name="alert", help="What somebody should look after, and where it is sent.")

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
