"""A run's folder and its reports: read, judged, written in every form, and sealed.

Everything is built from the folder alone (``run.json``, ``target.json``, the looks): so a report can be made again by
whoever has the folder, without the target file and its secrets.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from roomgate.checks.bundle import Seal, hashes, load_key, verify_bundle
from roomgate.checks.declared import Check
from roomgate.checks.har import encode_har
from roomgate.checks.journal import Journal, write_whole
from roomgate.checks.kept import decode_target
from roomgate.checks.report.html import render_html
from roomgate.checks.report.report import Report, build_report, decode_report, encode_report
from roomgate.checks.report.sarif import render_sarif
from roomgate.checks.report.table import render_csv
from roomgate.checks.report.text import render_text
from roomgate.checks.snapshot import Exchange, Snapshot
from roomgate.errors import BadInput, NotFound

FORMS = ("html", "json", "sarif", "csv")
REPORT = "report.json"
_PICTURE_MOST = 8 * 1024 * 1024


def load_report(journal: Journal, checks: Sequence[Check], key: str | None = None) -> Report:
    """The report of what the folder holds, judged now. ``key``: of a new seal; else the folder's own, if it has one.

    Raises NotFound where no run ever began, BadInput for what is damaged.
    """
    return _report(journal, journal.snapshots(), checks, load_key(journal.folder) if key is None else key)


def _report(journal: Journal, snapshots: dict[str, Snapshot], checks: Sequence[Check], key: str) -> Report:
    run = journal.load_run()
    if run is None:
        raise NotFound(f"{journal.folder} holds no run.", hint="Name the folder that `roomgate check run` made.")
    options = {check.id: check.options for check in checks if check.options is not None}
    target = decode_target(journal.load_target(), options)
    files = hashes(journal.folder, [file for file in journal.files() if file.suffix != ".steps"])
    return build_report(run, snapshots, target, checks, files, key)


def render(report: Report, form: str, folder: Path) -> bytes:
    """One form of it; pictures are taken from the folder. Raises BadInput for a form that there is not."""
    match form:
        case "html":
            return render_html(report, load_pictures(report, folder)).encode()
        case "json":
            return encode_report(report)
        case "sarif":
            return render_sarif(report)
        case "csv":
            return render_csv(report).encode()
        case "text":
            return render_text(report).encode()
    raise BadInput(f"There is no form {form}.", hint=f"There are {', '.join((*FORMS, 'text'))}.")


def write_reports(journal: Journal, checks: Sequence[Check], now: datetime) -> Report:
    """Every form into the run's folder, the HTTP archives, and the seal over all of it; gives the report.

    A folder that is sealed already, and would say the same, stays as it is: its seal is the older witness.
    """
    folder, snapshots = journal.folder, journal.snapshots()
    report = _report(journal, snapshots, checks, load_key(folder))
    if _stands(folder, report):
        return report
    seal = Seal(report.target_sha256)
    report = _report(journal, snapshots, checks, seal.key)
    for form in FORMS:
        write_whole(folder / f"report.{form}", render(report, form, folder))
    (folder / "har").mkdir(exist_ok=True, mode=0o700)
    for name, snapshot in snapshots.items():
        if any(isinstance(step, Exchange) for step in snapshot.steps):
            write_whole(folder / "har" / f"{name}.har", encode_har(snapshot))
    seal.close(folder, report.findings, now)
    return report


def _stands(folder: Path, report: Report) -> bool:
    try:
        return (folder / REPORT).read_bytes() == encode_report(report) and verify_bundle(folder).ok
    except (OSError, NotFound):
        return False


def load_kept_report(path: Path) -> Report:
    """A report that was written: a run's folder, or its ``report.json``. Raises BadInput, NotFound."""
    file = path / REPORT if path.is_dir() else path
    try:
        return decode_report(file.read_bytes())
    except FileNotFoundError:
        raise NotFound(f"There is no {file}.", hint="Name a run's folder, or the report.json in it.") from None
    except OSError as bad:
        raise BadInput(f"{file} cannot be read: {bad.strerror}.") from bad


def load_pictures(report: Report, folder: Path) -> dict[str, bytes]:
    """The screenshots that findings name, from the folder and from nowhere else."""
    found = {}
    base = (folder / "evidence").resolve()
    for name in dict.fromkeys(name for one in report.findings for name in one.evidence if name.endswith(".png")):
        file = (folder / name).resolve()
        if base in file.parents and file.is_file() and file.stat().st_size <= _PICTURE_MOST:
            found[name] = file.read_bytes()
    return found
