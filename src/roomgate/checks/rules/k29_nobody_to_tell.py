"""K29: somebody who finds a weakness finds nobody to tell it to."""

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec

from roomgate.checks.declared import Check, Weight
from roomgate.checks.looks import front
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, passed
from roomgate.checks.snapshot import Exchange, Snapshot
from roomgate.checks.target import Target
from roomgate.checks.ways import leads, ways_of

_FIELD = re.compile(r"^([A-Za-z][A-Za-z-]*)[ \t]*:[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_DATE = re.compile(r"^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$")
_REACHED_BY = ("mailto", "https", "tel", "http")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the vendor says, or where: these are told in the report, and not judged."""

    updates: str = ""  # how updates come, and how they are signed
    sbom: str = ""  # the list of what it is made of


def parse_fields(text: str) -> dict[str, list[str]]:
    """The fields of a security.txt (RFC 9116) by lower-case name; a signature around them does not matter."""
    found: dict[str, list[str]] = {}
    for name, value in _FIELD.findall(text.replace("\r", "\n")[:32768]):
        found.setdefault(name.lower(), []).append(value)
    return found


def parse_date(text: str) -> datetime | None:
    """An RFC 3339 date, or None."""
    found = _DATE.match(text.strip())
    if found is None:
        return None
    zone = "+00:00" if found[3] in "Zz" else found[3]
    try:
        return datetime.fromisoformat(f"{found[1]}T{found[2]}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _is_file(step: Exchange) -> bool:
    """Whether this is a security.txt and not a page that is shown for anything that is not there."""
    kind = step.header("content-type").split(";")[0].strip().lower()
    if not step.succeeded or kind in ("text/html", "application/xhtml+xml", "application/json"):
        return False
    return "contact" in parse_fields(step.body) or "expires" in parse_fields(step.body)


def _wrong(step: Exchange) -> list[str]:
    """What makes a file of no use."""
    fields = parse_fields(step.body)
    wrong = []
    if not any(_scheme(one) in _REACHED_BY or re.match(r"[^@\s]+@[^@\s]+$", one) for one in fields.get("contact", [])):
        wrong.append("it names no contact")
    ends = [parse_date(one) for one in fields.get("expires", [])]
    seen = parse_date(step.at)
    if len(ends) != 1 or ends[0] is None:
        wrong.append("it does not say until when it holds (Expires)")
    elif seen is not None and ends[0] <= seen:
        wrong.append(f"it held until {ends[0]:%Y-%m-%d}")
    return wrong


def _scheme(text: str) -> str:
    try:
        return urlsplit(text).scheme.lower()
    except ValueError:
        return ""


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    steps = snapshot.of(Exchange, front.WELL_KNOWN)
    answered = [step for step in steps if step.answered]
    if not answered:
        fault = next((step.fault for step in steps), "")
        return inconclusive(f"It did not answer{': ' + fault if fault else ''}.")
    told = _told(target)
    files = [step for step in answered if _is_file(step)]
    good = next((step for step in files if not _wrong(step)), None)
    if good is not None:
        contacts = ", ".join(parse_fields(good.body).get("contact", []))[:200]
        return passed(
            f"Whoever finds a weakness can tell {contacts}.",
            [Point(good.url, "holds", (snapshot.number(good),)), *told],
        )
    if files:
        step = files[0]
        return failed(
            f"Its security.txt is of no use: {'; '.join(_wrong(step))}.",
            [Point(step.url, "; ".join(_wrong(step)), (snapshot.number(step),)), *told],
        )
    ends = [(way[0], way[-1]) for way in ways_of(steps)]
    absent = [last for _, last in ends if not _is_unseen(last)]
    # The front is what counts: what another address of the target would say is no more than that.
    front_page = front.host_of(target.front)
    unseen = [last for first, last in ends if _is_unseen(last) and _asks_for_it(first, front_page)]
    if unseen or not absent:
        step = unseen[0] if unseen else ends[0][1]
        what = (
            f"leads to {leads(step)[:120]}, where this run may not ask"
            if leads(step)
            else f"answers {step.status or step.fault}"
        )
        return inconclusive(f"{step.url} {what}.", told)
    points = [
        Point(step.url, f"answers {step.status}, and no security.txt", (snapshot.number(step),)) for step in absent
    ]
    return failed("There is no security.txt: whoever finds a weakness finds nobody to tell.", [*points, *told])


def _asks_for_it(step: Exchange, host: str) -> bool:
    return "/.well-known/" in step.url and front.host_of(step.url) == host


def _is_unseen(step: Exchange) -> bool:
    """Whether this answer says nothing of whether there is one."""
    return not step.answered or 300 <= step.status < 400 or step.status in (401, 403, 429) or step.status >= 500


def _told(target: Target) -> list[Point]:
    options = target.option("K29", Options) or Options()
    return [
        Point("[K29] updates", options.updates or "not told: ask how updates come, and how they are signed"),
        Point("[K29] sbom", options.sbom or "not told: ask for the list of what it is made of"),
    ]


CHECK = Check(
    id="K29",
    title="Nobody is named to report a weakness to",
    weight=Weight.INFO,
    vector="",
    cwe=(1059,),
    asvs=("15.1.2", "15.2.1"),
    sources=("https://www.rfc-editor.org/rfc/rfc9116",),
    procedure="Fetch /.well-known/security.txt, and /security.txt if it is not there. It must name a Contact and one "
    "Expires that is still to come. What [K29] updates and sbom say of the vendor is printed beside it.",
    remedy="Publish /.well-known/security.txt over HTTPS, with Contact and Expires, and renew it in time; say how "
    "updates are signed, and give out a list of components.",
    mistaken="A vendor may have a contact on its own site alone: the file then redirects there, and that host must be "
    "under [permitted] hosts to be read. A page in HTML that is shown for everything is not taken for the file.",
    look=front.LOOK,
    judge=judge,
    options=Options,
)
