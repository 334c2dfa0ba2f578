"""From an invitation to a join button, explained step by step."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from roomgate.cli.exits import DONE, NO
from roomgate.cli.output import Json, say, show_json
from roomgate.errors import BadInput

app = App(name="meeting", help="From an invitation to a join button.")
for _verb, _target, _help in (  # the hub's, loaded when they are asked for
    (
        "list",
        "list_",
        "The meetings of rooms, through the hub.\n\nExample: ``roomgate meeting list --room oslo --days 3``",
    ),
    ("show", "show", "One meeting, and why it has its button.\n\nExample: ``roomgate meeting show oslo rg-3f2a``"),
    ("sync", "sync", "Have a room's calendar read now.\n\nExample: ``roomgate meeting sync oslo``"),
):
    app.command(f"roomgate.cli.meeting_hub:{_target}", name=_verb, help=_help)


File = Annotated[Path | None, Parameter(allow_leading_hyphen=True)]  # - is standard input
_LARGEST = 4 * 1024 * 1024  # of an invitation; mail servers stop far below


@app.command
def explain(file: File = None, /, *, domain: list[str] | None = None, json: Json = False) -> int:
    """What Roomgate makes of an invitation, and why. Reads an .ics file, or standard input. Dials nothing.

    Example: ``roomgate meeting explain invite.ics``

    Parameters
    ----------
    file
        the invitation; without it, or with -, standard input is read
    domain
        a domain to which plain SIP addresses may point; may be repeated; without it, any
    """
    from roomgate.meetings.understand import DeviceAbilities
    from roomgate.meetings.understand import explain as understand

    if file is not None and str(file).startswith("-") and str(file) != "-":
        raise BadInput(f"There is no option {file}.", hint="`roomgate meeting explain --help` shows how it is used.")
    try:
        if file is None or str(file) == "-":
            raw = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            with file.open("rb") as source:
                raw = source.read(_LARGEST + 1)
    except OSError as bad:
        raise BadInput(f"{file} cannot be read: {bad.strerror}.", hint="Check the path and its permissions.") from bad
    if len(raw) > _LARGEST:
        raise BadInput("This is too large for an invitation.")
    abilities = DeviceAbilities(allowed_domains=frozenset(domain) if domain else None)
    found = understand(raw, abilities)
    if not found:
        raise BadInput("There is no event in this file.", hint="An invitation is an .ics file with a VEVENT.")
    if json:
        show_json(found[0])
    else:
        for meeting in found:
            join = meeting["join"]
            say(f"{meeting['title']}  {meeting['start']} – {meeting['end']}")
            say(
                f"  {meeting['service'] or 'no service'}: {join['how']} {join['address'] or join['command'] or ''}".rstrip()
            )
            for step in meeting["because"]:
                say(f"    {step['step']}: saw {step['saw']} → {step['decided']}")
    return DONE if found[0]["join"]["how"] != "none" else NO
