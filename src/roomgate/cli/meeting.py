"""From an invitation to a join button, explained step by step; and the rules it is made by."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from roomgate.cli.exits import DONE, NO
from roomgate.cli.output import Json, say, show_json
from roomgate.cli.past import read_source
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

app.command("roomgate.cli.meeting_rules:app", name="rules", help="The rules that invitations are understood by.")

File = Annotated[Path | None, Parameter(allow_leading_hyphen=True)]  # - is standard input
Domains = Annotated[list[str] | None, Parameter(name="--domain", negative="")]
Registered = Annotated[bool | None, Parameter(name="--registered", negative="--not-registered")]
Zone = Annotated[str, Parameter(name="--zone")]


@app.command
def explain(
    file: File = None,
    /,
    *,
    domain: Domains = None,
    registered: Registered = None,
    no_sip: bool = False,
    no_h323: bool = False,
    rules: Path | None = None,
    zone: Zone = "UTC",
    all: Annotated[bool, Parameter(negative="")] = False,
    json: Json = False,
) -> int:
    """What Roomgate makes of an invitation, and why. Reads an .ics file, or standard input. Dials nothing.

    Exits with 1 where there is no button. With ``--json`` prints the first event, or with ``--all`` a list.

    Example: ``roomgate meeting explain invite.ics --domain example.com``

    Parameters
    ----------
    file
        the invitation; without it, or with -, standard input is read
    domain
        a domain of your own, where an address may lead that no known service vouches for; may be repeated
    registered
        whether the room's device is registered with its vendor's cloud; left out, that is not known
    no_sip
        for a device that does not speak SIP
    no_h323
        for a device that does not speak H.323
    rules
        a folder of rule packs of your own, beside the shipped ones
    zone
        where times without a zone are taken to be, such as Europe/Oslo
    all
        every event of the file, and every occurrence of a series for a year from its start
    """
    from roomgate.meetings.rules.catalogue import shipped
    from roomgate.meetings.rules.folder import load_rules
    from roomgate.meetings.understand import DeviceAbilities
    from roomgate.meetings.understand import explain as understand

    raw = read_source(file, "meeting explain")
    abilities = DeviceAbilities(not no_sip, not no_h323, registered, frozenset(domain or ()))
    catalogue = load_rules(rules).catalogue if rules else shipped()
    where = _zone(zone)
    window = _year(raw, where) if all else None
    found = understand(raw, abilities, zone=where, window=window, rules=catalogue)
    if not found:
        raise BadInput("There is no event in this file.", hint="An invitation is an .ics file with a VEVENT.")
    if json:
        show_json(found if all else found[0])
    else:
        for number, meeting in enumerate(found):
            if number:
                say("")
            for line in build_lines(meeting):
                say(line)
    return DONE if found[0]["join"]["how"] != "none" else NO


def build_lines(meeting: dict[str, Any]) -> list[str]:
    """The explanation for people: what, when, the button, the other ways, and then why."""
    marks = [word for word in ("private", "cancelled") if meeting[word]]
    lines = [meeting["title"] or "(no title)", f"  when     {_when(meeting['start'], meeting['end'])}"]
    lines.append(f"  service  {meeting['service']}" + (f" ({', '.join(marks)})" if marks else ""))
    lines.append(f"  button   {_way(meeting['join'])}")
    lines += [f"  or       {_way(other)}" for other in meeting["alternatives"]]
    lines.append("  because")
    for step in meeting["because"]:
        reason = f"  [{step['reason']}]" if step.get("reason") else ""
        lines.append(f"    {step['step']}: {step['saw']} → {step['decided']}{reason}")
    return lines


def _when(start: str, end: str) -> str:
    day, clock = start[:10], start[11:16]
    until = end[11:16] if end[:10] == day else f"{end[:10]} {end[11:16]}"
    return f"{day} {clock}–{until} UTC"


def _way(join: dict[str, Any]) -> str:
    if join["how"] == "none":
        return "none"
    arguments = " ".join(f"{name}={_quoted(value)}" for name, value in join["arguments"].items())
    asked = join["passcode"] and join["passcode"] not in arguments
    return f"{join['command']} {arguments}" + (f"  (asks for {join['passcode']})" if asked else "")


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value


def _zone(name: str) -> Any:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as bad:
        raise BadInput(f"There is no time zone {name}.", hint="Take a name such as Europe/Oslo.") from bad


def _year(raw: bytes, zone: Any) -> Any:
    """From the first event of the file, for a year."""
    from datetime import timedelta

    from roomgate.meetings.invite import Window, invitation, parse_events

    starts: Sequence[Any] = [invitation(event).start for event in parse_events(raw, zone)]
    return Window(min(starts), max(starts) + timedelta(days=366))
