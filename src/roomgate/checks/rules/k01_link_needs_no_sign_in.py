"""K01: a device link opens without signing in."""

from collections.abc import Sequence
from urllib.parse import urljoin, urlsplit

from roomgate.checks.declared import Check, Weight
from roomgate.checks.looks import links
from roomgate.checks.markup import parse_markup
from roomgate.checks.opening import (
    Answer,
    Chain,
    Served,
    Way,
    chains,
    completed,
    is_common,
    is_page,
    read_answer,
    read_data,
    read_drawn,
    same_page,
    shows,
)
from roomgate.checks.outcome import Judgement, Outcome, Point, failed, inconclusive, passed
from roomgate.checks.recorder import Masks
from roomgate.checks.snapshot import Exchange, Fact, Render, Snapshot
from roomgate.checks.target import Link, Target


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    found = [(link, judge_link(snapshot, link, target)) for link in target.links]
    points = [point for _, one in found for point in one.points]
    by = {outcome: [one for _, one in found if one.outcome is outcome] for outcome in Outcome}
    if by[Outcome.FAIL]:
        number = len(by[Outcome.FAIL])
        whose = "A device link opens" if number == 1 else f"{number} device links open"
        return failed(f"{whose} without signing in: {by[Outcome.FAIL][0].says}", points)
    if by[Outcome.INCONCLUSIVE] or not found:
        said = by[Outcome.INCONCLUSIVE][0].says if found else "There is no link to look at."
        return inconclusive(said, points)
    return passed("Every link asks a stranger to sign in or refuses them, and opens for who may have it.", points)


def judge_link(snapshot: Snapshot, link: Link, target: Target) -> Judgement:
    """One link's own judgement; other checks ask it too, since a link that opens nothing by itself leaks little."""
    subject = links.subject_of(link)
    marker = Masks(target.secrets).clean(link.marker)
    control = _last(snapshot, links.CONTROL, subject)
    front = _last(snapshot, links.FRONT, "")
    strangers = completed(chains(snapshot.of(Exchange, links.STRANGER, subject)))
    answers = [(chain, read_answer(chain, link.url, marker, control, front)) for chain in strangers]
    let_in = _last(snapshot, links.LET_IN, subject)
    own = read_answer(let_in, link.url, marker, control, front)
    points: list[Point] = []
    opened = [(chain, answer) for chain, answer in answers if _open(chain, answer, let_in, own)]
    points += [_point(snapshot, chain, f"opens for a stranger. {answer.why}") for chain, answer in opened]
    drawn = _drawn(snapshot, links.DRAWN, subject, link, marker, front)
    if drawn is not None and drawn[1].way is Way.OPEN:
        points.append(Point(link.url, f"opens for a stranger, {drawn[1].why}", (snapshot.number(drawn[0]),)))
    served, refused, unclear = _reads(snapshot, link, subject, marker)
    points += [_point(snapshot, chain, "is served to a stranger") for chain in served]
    named = [chain for chain in chains(snapshot.of(Exchange, links.STRANGER_FOUND, subject)) if chain[-1].succeeded]
    shown = [chain for chain in named if marker and shows(chain[-1].body, marker, link.url)]
    if not is_common(marker, front, link.url):
        points += [
            _point(snapshot, chain, f"data behind the page, with {link.marker}, for a stranger") for chain in shown
        ]
    if points:
        return failed(f"{subject} {points[0].what}", points)
    points += [_point(snapshot, chain, _said(answer)) for chain, answer in answers]
    guarded = any(
        one in refused and _served_to_account(snapshot, link, subject, marker, n)
        for n, one in enumerate(_stranger_reads(snapshot, subject))
    )
    if drawn is not None:
        points.append(Point(link.url, _said(drawn[1]), (snapshot.number(drawn[0]),)))
        own_drawn = _drawn(snapshot, links.LET_IN_DRAWN, subject, link, marker, front)
        # The page is the same for everybody until its scripts have run: what they show is what it is.
        guarded |= drawn[1].way is Way.SIGN_IN and own_drawn is not None and own_drawn[1].way is Way.OPEN
    loose = [chain for chain in named if not is_page(chain[-1]) and chain[-1].body.strip()]
    return _shut(snapshot, link, subject, answers, control, own, guarded, unclear, loose, points)


def _shut(
    snapshot: Snapshot,
    link: Link,
    subject: str,
    answers: Sequence[tuple[Chain, Answer]],
    control: Chain,
    own: Answer,
    guarded: bool,
    unclear: Sequence[Chain],
    loose: Sequence[Chain],
    points: Sequence[Point],
) -> Judgement:
    """Nothing was open: whether that is because it is shut, or because nobody can say.

    ``guarded``: a read was refused to the stranger and served to the account, or a browser drew the difference.
    """
    if not answers:
        return inconclusive(f"{subject} was not looked at (a quick run takes the first {links.LINKS_QUICK}).", points)
    if silent := [answer for _, answer in answers if answer.way in (Way.SILENT, Way.ELSEWHERE)]:
        return inconclusive(f"{subject}: {silent[0].why}.", points)
    if unclear:
        return inconclusive(f"{subject}: a read was answered, but not so that anybody can say with what.", points)
    if loose and not link.marker:
        where = loose[0][-1].url
        return inconclusive(
            f"{subject}: {where} is answered to a stranger, and no marker says whose data it is.", points
        )
    if undecided := [answer for _, answer in answers if answer.way is Way.UNCLEAR]:
        if not guarded and any(_acts(chain[-1], link) for chain, answer in answers if answer.way is Way.UNCLEAR):
            return inconclusive(
                f"{subject}: a page without {link.marker or 'a marker'}, but with forms that act.", points
            )
        # The account's page has the marker and the stranger's has not; or the data is served to one and not the other.
        if not guarded and not (link.marker and own.way is Way.OPEN and not any(one.named for one in undecided)):
            return inconclusive(f"{subject}: {undecided[0].why}.", points)
        return passed("A stranger sees a page without the device, and the account sees the device.", points)
    if guarded or own.way is Way.OPEN:
        return passed("Shut to strangers, open to its account.", points)
    unknown = read_answer(control, link.url)
    asks = all(answer.way is Way.SIGN_IN for _, answer in answers)
    if asks and control and unknown.way is Way.REFUSED:
        return passed("It asks strangers to sign in, and an address that was never issued is refused.", points)
    if fault := next(iter(snapshot.of(Fact, links.NOT_LET_IN, subject)), None):
        return inconclusive(
            f"{subject} did not open for a stranger, but {fault.name} was not let in: {fault.fault}.", points
        )
    why = (
        "it opens for nobody that the target file names" if link.account else "the target file names no account for it"
    )
    return inconclusive(f"{subject} did not open for a stranger, but {why}: a dead link would answer the same.", points)


def _drawn(
    snapshot: Snapshot, label: str, subject: str, link: Link, marker: str, front: Chain
) -> tuple[Render, Answer] | None:
    found = snapshot.of(Render, label, subject)
    return (found[-1], read_drawn(found[-1], link.url, marker, front)) if found else None


def _acts(page: Exchange, link: Link) -> bool:
    """Whether it has a form that changes something below the link's own address, other than to sign in."""
    forms = [one for one in parse_markup(page.body).forms if one.method == "post" and not one.signs_in]
    below = urlsplit(link.url).path.rstrip("/")
    return any(
        urlsplit(urljoin(page.url, one.action)).path.startswith(below) for one in forms if "://[" not in one.action
    )


def _open(chain: Chain, answer: Answer, let_in: Chain, own: Answer) -> bool:
    """A page that could be about the sign-in is the device's if somebody who signed in sees the same."""
    if answer.way is Way.OPEN:
        return True
    if answer.way is not Way.UNCLEAR or not answer.named or own.way is not Way.OPEN:
        return False
    return same_page(chain[-1], chain[0].url, let_in[-1], let_in[0].url)


def _reads(snapshot: Snapshot, link: Link, subject: str, marker: str) -> tuple[list[Chain], list[Chain], list[Chain]]:
    """The stranger's reads: served, refused, and those of which nobody can say."""
    by: dict[Served, list[Chain]] = {one: [] for one in Served}
    allowed = _account_reads(snapshot, subject)
    for n, chain in enumerate(_stranger_reads(snapshot, subject)[: len(link.reads)]):
        theirs = allowed[n] if len(allowed) == len(link.reads) else ()
        by[read_data(chain, link.reads[n], marker, link.url, theirs)].append(chain)
    return by[Served.YES], by[Served.NO], by[Served.UNCLEAR]


def _served_to_account(snapshot: Snapshot, link: Link, subject: str, marker: str, number: int) -> bool:
    allowed = _account_reads(snapshot, subject)
    if len(allowed) != len(link.reads) or number >= len(allowed):
        return False
    return read_data(allowed[number], link.reads[number], marker, link.url) is Served.YES


def _stranger_reads(snapshot: Snapshot, subject: str) -> list[Chain]:
    return chains(snapshot.of(Exchange, links.STRANGER_READ, subject))


def _account_reads(snapshot: Snapshot, subject: str) -> list[Chain]:
    return chains(snapshot.of(Exchange, links.LET_IN_READ, subject))


def _last(snapshot: Snapshot, label: str, subject: str) -> Chain:
    found = chains(snapshot.of(Exchange, label, subject))
    return found[-1] if found else ()


def _said(answer: Answer) -> str:
    return answer.why + (" (it names the room, which alone is no access)" if answer.named else "")


def _point(snapshot: Snapshot, chain: Chain, what: str) -> Point:
    agent = next((value for name, value in chain[0].sent if name.lower() == "user-agent"), "")
    who = f" [{agent.split('/')[0]}]" if agent and chain[0].label == links.STRANGER else ""
    return Point(f"{chain[0].method} {chain[0].url}{who}", what, tuple(snapshot.number(step) for step in chain))


CHECK = Check(
    id="K01",
    title="A device link opens without signing in",
    weight=Weight.FATAL,
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:L",
    cwe=(306, 425),
    asvs=("6.3.4", "8.2.1", "8.3.1", "14.2.1"),
    sources=("https://cwe.mitre.org/data/definitions/306.html",),
    procedure="Fetch each link as it was issued with nothing kept from an earlier visit: as a browser, as a chat's "
    "preview and as a program. Fetch an address like it that was never issued. Ask for the data behind the page: the "
    "reads that the target file names, and at most five addresses below the link's own that the page names and that "
    "only read. A page that scripts make is drawn by a browser, where there is one. Then fetch the link and the reads as the link's account. It fails if a stranger gets the page with the "
    "marker, or a read is served. It passes if every stranger is asked to sign in or refused, and the account is let in.",
    remedy="Let an address name a room and nothing more. Ask for a sign-in on every page and on every request for data "
    "behind it, and refuse whatever has none before the device is asked at all.",
    mistaken="A page of the vendor's or of a captive network that answers 200 to everything is told by the address that "
    "was never issued, and by the marker. A sign-in page that greets with the room's name is told by its password field, "
    "by its address and by the reads being refused. A marker that is shown elsewhere (the company's name) is no marker: "
    "take the room's name or the end of the serial number.",
    look=links.LOOK,
    judge=judge,
)
