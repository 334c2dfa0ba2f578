"""What a run's folder holds, told again: in another form, beside another run, or as proof that nothing was changed."""

from pathlib import Path
from typing import Literal

from roomgate.cli.exits import DONE, NO
from roomgate.cli.output import Json, say, show_json, show_page

Form = Literal["text", "html", "json", "sarif", "csv"]


def report(folder: Path, /, *, form: Form = "text", out: Path | None = None, json: Json = False) -> None:
    """Make the report of a run again, from its folder alone; asks nobody, and changes nothing in the folder.

    Example: ``roomgate check report check-our-connector --form html --out report.html``

    Parameters
    ----------
    folder
        the folder that `roomgate check run` made
    form
        text for people at a terminal, html for everybody, json for programs, sarif for code scanners, csv for spreadsheets
    out
        the file to write; without it, standard output
    """
    import sys

    from roomgate.checks.catalogue import all_checks
    from roomgate.checks.journal import Journal
    from roomgate.checks.report.text import render_text
    from roomgate.checks.report.writing import load_report, render

    made = load_report(Journal(folder), all_checks())
    form = "json" if json else form
    if out is not None:
        out.write_bytes(render(made, form, folder))
        say(f"It is in {out}.")
    elif form == "text":
        show_page(render_text, made)
    else:
        sys.stdout.write(render(made, form, folder).decode())
        sys.stdout.flush()


def compare(old: Path, new: Path, /, *, json: Json = False) -> int:
    """What got better between two runs, and what got worse.

    The exit code is 1 if something got worse, or fails that was not looked at before.

    Example: ``roomgate check compare check-in-march check-in-april``

    Parameters
    ----------
    old
        the earlier run's folder, or its report.json
    new
        the later one's
    """
    import msgspec

    from roomgate.checks.report.comparison import compare as beside
    from roomgate.checks.report.text import render_comparison
    from roomgate.checks.report.writing import load_kept_report

    found = beside(load_kept_report(old), load_kept_report(new))
    if json:
        show_json(msgspec.to_builtins(found))
    else:
        show_page(render_comparison, found)
    return NO if found.alarming else DONE


def verify(folder: Path, /, *, key: str = "", json: Json = False) -> int:
    """Whether a run's folder is as it was sealed: no byte changed, no file missing, none put in. Asks nobody.

    Example: ``roomgate check verify check-our-connector``

    Parameters
    ----------
    folder
        the folder that `roomgate check run` made
    key
        the key as you noted it down from the report; without it the folder's own is believed
    """
    from dataclasses import asdict

    from roomgate.checks.bundle import verify_bundle

    verdict = verify_bundle(folder, key)
    if json:
        show_json(asdict(verdict) | {"ok": verdict.ok})
    elif verdict.ok:
        say(f"{folder}: {verdict.files} files, each as it was sealed with {verdict.key}.")
    else:
        say(f"{folder}: this is NOT what was sealed.")
        for problem in verdict.problems:
            say(f"  {problem}")
    return DONE if verdict.ok else NO
