"""What somebody should look at, through the hub's API: exposure checks, the comparison of the records, directories."""

from typing import Literal

from cyclopts import App

from roomgate.cli.api import Api, at
from roomgate.cli.output import Json, show_facts, show_json, tell, tell_rows

app = App(name="finding", help="What exposure checks and the hub itself found, and that it has been dealt with.")

_COLUMNS = ["id", "severity", "source", "title", "first_seen", "last_seen"]
_CLOSED = ["id", "severity", "source", "title", "closed", "reason"]
Severity = Literal["critical", "warning", "note"]


@app.command(name="list")
def list_(
    *,
    find: str = "",
    source: str = "",
    severity: Severity | None = None,
    closed: bool = False,
    json: Json = False,
) -> None:
    """What is open, what to do first at the top. Takes the right to audit.

    Example: ``roomgate finding list --severity critical``

    Parameters
    ----------
    find
        words that must stand somewhere in it
    source
        only those of this source: check, reconciliation, rooms, scim, break-glass
    severity
        only those of this severity
    closed
        those that were dealt with instead
    """
    asked = {"q": find, "source": source, "severity": severity or "", "closed": "true" if closed else ""}
    rows = Api.from_profile().items(at("findings", **{name: text for name, text in asked.items() if text}))
    empty = "None was dealt with." if closed else "Nothing to look at."
    tell_rows(rows, _CLOSED if closed else _COLUMNS, empty=empty, json=json)


@app.command
def show(id: str, /, *, json: Json = False) -> None:
    """Everything about one: what was seen, since when, and what to do.

    Example: ``roomgate finding show finding_3f2a``
    """
    found = Api.from_profile().call("GET", at("findings", id))
    if json:
        show_json(found)
        return
    evidence = found.pop("evidence")
    mend = found.pop("mend")
    show_facts({**found, **{f"seen: {name}": fact for name, fact in evidence.items()}, "next step": mend})


@app.command
def close(id: str, /, *, reason: str, json: Json = False) -> None:
    """Say that it has been dealt with, and how. It comes back if it is seen again. Takes the rights to audit and cut.

    Example: ``roomgate finding close finding_3f2a --reason "The room has another name now."``

    Parameters
    ----------
    reason
        what was done about it; it stays on record, with your name
    """
    done = Api.from_profile().call("POST", at("findings", id, "close"), {"reason": reason})
    tell(done, f"Dealt with: {done['title']}", json=json)
