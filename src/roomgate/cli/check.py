"""Is my connector a 2019 connector? Looking at any vendor's connector from outside, and telling what was found."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cyclopts import App

from roomgate.cli.exits import DONE, NO
from roomgate.cli.output import Json, say, show_json, show_page, tell_rows

if TYPE_CHECKING:
    from roomgate.checks.journal import Journal
    from roomgate.checks.target import Target

app = App(name="check", help="Is my connector a 2019 connector?")
# Loaded when they are asked for; so what the list of verbs says of each stands here.
for _verb, _module, _help in (
    ("init", "check_init", "Make a target file: every question is explained in a sentence, and answers are "
     "checked as you give them.\n\n"
     "Nothing is asked of the network. The file may hold passwords, so only you can read it.\n\n"
     "Example: ``roomgate check init target.toml``"),
    ("serve-double", "check_double", "Run a connector on loopback that does it all wrong, as in 2019, and write the "
     "target file for checking it.\n\nExample: ``roomgate check serve-double --flaw no-sign-in --flaw endless``"),
    ("report", "check_report", "Make the report of a run again, from its folder alone; asks nobody, and changes "
     "nothing in the folder.\n\nExample: ``roomgate check report check-our-connector --form html --out report.html``"),
    ("compare", "check_report", "What got better between two runs, and what got worse.\n\n"
     "The exit code is 1 if something got worse, or fails that was not looked at before.\n\n"
     "Example: ``roomgate check compare check-in-march check-in-april``"),
    ("verify", "check_report", "Whether a run's folder is as it was sealed: no byte changed, no file missing, none put "
     "in. Asks nobody.\n\nExample: ``roomgate check verify check-our-connector``"),
    ("publish", "check_publish", "Send a report to your hub: what failed, and what could not be judged, stands among "
     "its findings then.\n\nA later report of the same target closes what passes by then. Takes the rights to audit "
     "and to cut.\n\nExample: ``roomgate check publish check-our-connector``"),
):  # fmt: skip
    app.command(f"roomgate.cli.{_module}:{_verb.replace('-', '_')}", name=_verb, help=_help)

TierName = Literal["outside", "accounts", "site"]


@app.command
def run(
    target: Path,
    /,
    *,
    tier: TierName = "outside",
    only: list[str] | None = None,
    quick: bool = False,
    interactive: bool = False,
    allow_intrusive: bool = False,
    out: Path | None = None,
    json: Json = False,
) -> int:
    """Look at what the target file names, and say what was found. The exit code is 1 if a check failed.

    A run that was stopped or killed goes on where it was: run it again with the same file and options.

    Example: ``roomgate check run target.toml --tier accounts``

    Parameters
    ----------
    target
        the target file; `roomgate check init` writes one
    tier
        what you have: the addresses only, test accounts too, or access to the site as well
    only
        only this check, by its id; may be repeated
    quick
        only what is done within a minute
    interactive
        ask you, step by step, for what has to be changed at the target meanwhile
    allow_intrusive
        place a call from the test room that the target file names
    out
        the folder for what is seen and the reports; by default one that is named after the target
    """
    import asyncio

    from roomgate.checks.catalogue import all_checks
    from roomgate.checks.declared import Tier
    from roomgate.checks.journal import Journal
    from roomgate.checks.run import Around, Wish, folder_of
    from roomgate.checks.run import run as take
    from roomgate.cli.check_progress import Terminal, progress

    made, text = load_target(target)
    wish = Wish(Tier[tier.upper()], tuple(id.upper() for id in only or ()), quick, allow_intrusive)
    journal = Journal(out or folder_of(made, Path.cwd()))
    with progress() as show:
        around = Around(voice=Terminal(show) if interactive else None, progress=show)
        asyncio.run(take(made, text, all_checks(), wish, journal, around))
    return tell_run(journal, json=json)


def load_target(file: Path) -> "tuple[Target, str]":
    """The target of a file, with its secrets read; and the file's text. Raises BadInput with every complaint."""
    from roomgate.checks.catalogue import all_checks
    from roomgate.checks.target import parse_target, secret_files
    from roomgate.cli.files import read_text
    from roomgate.errors import BadInput

    text = read_text(file)
    options = {check.id: check.options for check in all_checks() if check.options is not None}
    try:
        read = {name: read_text(file.parent / name) for name in secret_files(text)}
        return parse_target(text, file.parent, options, read), text
    except BadInput as bad:
        raise BadInput(f"{file}:\n{bad.message}", hint=bad.hint) from bad


def tell_run(journal: "Journal", *, json: bool) -> int:
    """Write every form of the report into the run's folder, seal it, and say what came of it and where it is."""
    import msgspec

    from roomgate.checks.catalogue import all_checks
    from roomgate.checks.report.text import render_text
    from roomgate.checks.report.writing import write_reports
    from roomgate.clock import SystemClock

    report = write_reports(journal, all_checks(), SystemClock().now())
    if json:
        show_json(msgspec.to_builtins(report) | {"folder": str(journal.folder)})
    else:
        show_page(render_text, report)
        say(f"The report for people: {journal.folder / 'report.html'}")
        say(
            f"Everything that was seen: {journal.folder}, and `roomgate check verify {journal.folder}` proves it whole."
        )
    return NO if any(one.outcome == "fail" for one in report.findings) else DONE


@app.command(name="list")
def list_(*, json: Json = False) -> None:
    """All checks, and what each needs.

    Example: ``roomgate check list``
    """
    from roomgate.checks.catalogue import all_checks

    rows = [
        {"id": one.id, "title": one.title, "needs": one.tier.words, "weight": one.weight.value} for one in all_checks()
    ]
    tell_rows(rows, ["id", "title", "needs", "weight"], empty="There is none.", json=json)


@app.command
def explain(id: str, /, *, json: Json = False) -> None:
    """What a check does, what a fail means, how to mend it, and how it could be mistaken.

    Example: ``roomgate check explain K01``

    Parameters
    ----------
    id
        the check, such as K01
    """
    from roomgate.checks.catalogue import get_check
    from roomgate.checks.keys import describe_keys
    from roomgate.cli.output import show_facts

    one = get_check(id)
    keys = [f"{key.name} ({key.takes}; {key.usual})" for key in describe_keys(one.options)] if one.options else []
    facts = {
        "check": f"{one.id}: {one.title}", "needs": one.tier.words, "how it looks": one.procedure,
        "how to mend it": one.remedy, "how it could be mistaken": one.mistaken, "counts in the grade": one.weight.value,
        "CVSS": one.vector, "CWE": ", ".join(f"CWE-{n}" for n in one.cwe), "ASVS 5.0": ", ".join(one.asvs),
        "sources": ", ".join(one.sources), f"[{one.id}] in the target file": ", ".join(keys),
    }  # fmt: skip
    if json:
        show_json(facts)
    else:
        show_facts(facts)
