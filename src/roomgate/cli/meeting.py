"""From an invitation to a join button, explained step by step."""

import sys
from pathlib import Path

from cyclopts import App

from roomgate.cli.exits import DONE, NO
from roomgate.cli.output import show_json
from roomgate.errors import BadInput

app = App(name="meeting", help="From an invitation to a join button.")


@app.command
def explain(file: Path | None = None, *, domain: list[str] | None = None, json: bool = False) -> int:
    """What Roomgate makes of an invitation, and why. Reads an .ics file, or standard input. Dials nothing.

    Example: ``roomgate meeting explain invite.ics``

    Parameters
    ----------
    domain: a domain to which plain SIP addresses may point; may be repeated; without it, any
    """
    from roomgate.meetings.understand import DeviceAbilities
    from roomgate.meetings.understand import explain as understand

    try:
        raw = file.read_bytes() if file and str(file) != "-" else sys.stdin.buffer.read()
    except OSError as bad:
        raise BadInput(f"{file} cannot be read: {bad.strerror}.") from bad
    abilities = DeviceAbilities(allowed_domains=frozenset(domain) if domain else None)
    found = understand(raw, abilities)
    if not found:
        raise BadInput("There is no event in this file.")
    if json:
        show_json(found[0])
    else:
        for meeting in found:
            join = meeting["join"]
            print(f"{meeting['title']}  {meeting['start']} – {meeting['end']}")
            print(f"  {meeting['service']}: {join['how']} {join['address'] or join['command'] or ''}".rstrip())
            for step in meeting["because"]:
                print(f"    {step['step']}: saw {step['saw']} → {step['decided']}")
    return DONE if found[0]["join"]["how"] != "none" else NO
