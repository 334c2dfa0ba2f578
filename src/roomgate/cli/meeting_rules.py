"""The rules that invitations are understood by: which there are, and what one's own would change."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from roomgate.cli.exits import DONE, NO
from roomgate.cli.output import Json, say, show_json, tell_rows
from roomgate.errors import NotFound

app = App(name="rules", help="The rules that invitations are understood by, as packs: one for each service.")

Rules = Annotated[Path | None, Parameter(name="--rules")]


@app.command(name="list")
def list_(*, rules: Rules = None, json: Json = False) -> int:
    """The services that are known.

    Example: ``roomgate meeting rules list``

    Parameters
    ----------
    rules
        a folder of packs of your own, beside the shipped ones
    """
    rows = [
        {
            "service": pack.service,
            "version": pack.version,
            "from": "your folder" if pack.own else "this release",
            "samples": len(pack.samples),
            "retired": pack.retired,
            "domains": sorted(pack.domains),
        }
        for pack in _catalogue(rules).packs
    ]
    tell_rows(rows, ["service", "version", "from", "samples", "retired", "domains"], empty="", json=json)
    return DONE


@app.command
def show(service: str, /, *, rules: Rules = None, json: Json = False) -> int:
    """One service's pack, as it is written.

    Example: ``roomgate meeting rules show zoom``

    Parameters
    ----------
    service
        its name, as ``roomgate meeting rules list`` shows it
    rules
        a folder of packs of your own, beside the shipped ones
    """
    from roomgate.meetings.rules.form import as_document

    pack = _catalogue(rules).find(service)
    if pack is None:
        raise NotFound(f"No rules are for {service}.", hint="`roomgate meeting rules list` shows the services.")
    if json:
        show_json(as_document(pack.form))
    else:
        for line in pack.text.splitlines():
            say(line)
    return DONE


@app.command
def check(folder: Path, /, *, json: Json = False) -> int:
    """Whether packs of your own can be used: every key, every pattern, every sample.

    Example: ``roomgate meeting rules check rules``

    Parameters
    ----------
    folder
        the folder that ``rules`` in connector.toml names
    """
    from roomgate.meetings.rules.folder import load_rules

    rules = load_rules(folder)
    names = [f"{pack.service} {pack.version}" for pack in rules.own]
    facts: dict[str, Any] = {"used": names, "passed_over": list(rules.passed_over)}
    if json:
        show_json(facts)
    else:
        say(f"Used beside the shipped ones: {', '.join(names) or 'none'}.")
        for told in rules.passed_over:
            say(told)
    return DONE


@app.command(name="try")
def try_(
    folder: Path,
    invitations: Path,
    /,
    *more: Path,
    domain: Annotated[list[str] | None, Parameter(negative="")] = None,
    registered: Annotated[bool | None, Parameter(negative="--not-registered")] = None,
    json: Json = False,
) -> int:
    """What rules of your own would change: past invitations, understood without them and with them.

    Exits with 1 if a button that was there would be gone or lead elsewhere; new buttons alone are 0.

    Example: ``roomgate meeting rules try rules calendar``

    Parameters
    ----------
    folder
        your packs
    invitations
        an .ics file, or a folder of them
    more
        further files and folders
    domain
        a domain of your own; may be repeated
    registered
        whether the rooms' devices are registered with their vendor's cloud; left out, that is not known
    """
    from roomgate.cli.past import load_past
    from roomgate.meetings.invite import BadInvitation, invitation, parse_events
    from roomgate.meetings.rules.catalogue import shipped
    from roomgate.meetings.rules.change import Kind, compare
    from roomgate.meetings.rules.folder import load_rules
    from roomgate.meetings.understand import DeviceAbilities

    after = load_rules(folder).catalogue
    device = DeviceAbilities(registered=registered, allowed_domains=frozenset(domain or ()))
    rows: list[dict[str, Any]] = []
    unread: list[str] = []
    risky = seen = 0
    for name, raw in load_past([invitations, *more]):
        try:
            ones = [invitation(event) for event in parse_events(raw)]
        except BadInvitation:
            unread.append(name)
            continue
        for change in compare(ones, device, shipped(), after):
            seen += 1
            risky += change.risky
            if change.kind is not Kind.SAME:
                rows.append(
                    {
                        "file": name,
                        "title": change.before.title,
                        "change": change.kind.value,
                        "before": _button(change.before),
                        "after": _button(change.after),
                    }
                )
    if json:
        show_json({"invitations": seen, "unread": unread, "changed": rows})
    else:
        told = f"None of {seen} invitations would change."
        tell_rows(rows, ["file", "title", "change", "before", "after"], empty=told, json=False)
        if unread:
            say(f"{len(unread)} files were no invitations: {', '.join(unread[:5])}")
    return NO if risky else DONE


def _button(meeting: Any) -> str:
    join = meeting.join
    return f"{meeting.service}: {join.address}" if join.address else f"{meeting.service}: no button"


def _catalogue(folder: Path | None) -> Any:
    from roomgate.meetings.rules.catalogue import shipped
    from roomgate.meetings.rules.folder import load_rules

    return load_rules(folder).catalogue if folder else shipped()
