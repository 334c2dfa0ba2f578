"""K14: device links are told to others."""

from roomgate.checks.declared import Check, Weight
from roomgate.checks.guessing import bound_all
from roomgate.checks.leaking import Leak, find_leaks, find_leaks_drawn, find_leaks_in_mail, holds, names_devices
from roomgate.checks.looks import links
from roomgate.checks.opening import is_page
from roomgate.checks.outcome import Judgement, Outcome, Point, failed, inconclusive, passed
from roomgate.checks.rules.k01_link_needs_no_sign_in import judge_link
from roomgate.checks.snapshot import Exchange, Fact, Render, Snapshot
from roomgate.checks.target import Link, Target

# Where the address opens nothing without a sign-in, others get to know which room somebody looks after.
MILDER = "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N"


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    if not target.links:
        return inconclusive("There is no link to look at.")
    bad: list[Point] = []
    told: list[Point] = []
    alone = False
    unseen = ""
    names = {bound.link: bound.is_name for bound in bound_all(target.links)}
    for link in target.links:
        subject = links.subject_of(link)
        opens = judge_link(snapshot, link, target).outcome is Outcome.FAIL
        leaks = _leaks(snapshot, link, subject)
        for leak, steps in leaks:
            named = names.get(subject, False) and not opens
            counts = leak.sure and leak.by_itself if named else leak.sure or leak.by_itself
            (bad if counts else told).append(Point(subject, leak.what, steps))
            alone |= counts and opens
        if not _device_pages(snapshot, subject, opens):
            unseen = unseen or f"The page behind {subject} was not seen, so nobody can say what it tells others."
    if hosts := names_devices([link.url for link in target.links]):
        told.append(Point(", ".join(hosts[:5]), "a host name for each device: public logs of certificates list them"))
    if bad and alone:
        return failed(f"Links that open a room by themselves are told to others: {bad[0].what}.", [*bad, *told])
    if bad:
        return failed(f"Links are told to others: {bad[0].what}. They need a sign-in, too.", [*bad, *told], MILDER)
    if unseen:
        return inconclusive(unseen, told)
    return passed("Neither the pages nor the messages tell a link to anybody else.", told)


def _leaks(snapshot: Snapshot, link: Link, subject: str) -> list[tuple[Leak, tuple[int, ...]]]:
    found: dict[Leak, tuple[int, ...]] = {}
    for page in _pages(snapshot, subject):
        if holds(page.url, link.url):
            for leak in find_leaks(page, link.url):
                found.setdefault(leak, (snapshot.number(page),))
    for drawn in [one for label in (links.DRAWN, links.LET_IN_DRAWN) for one in snapshot.of(Render, label, subject)]:
        for leak in find_leaks_drawn(drawn, link.url):
            found.setdefault(leak, (snapshot.number(drawn),))
    for mail in snapshot.of(Fact, links.MAIL, subject):
        if isinstance(mail.value, str):
            for leak in find_leaks_in_mail(mail.value, link.url):
                found.setdefault(leak, (snapshot.number(mail),))
    return list(found.items())


def _pages(snapshot: Snapshot, subject: str) -> list[Exchange]:
    steps = [step for label in (links.STRANGER, links.LET_IN) for step in snapshot.of(Exchange, label, subject)]
    return [step for step in steps if step.succeeded and is_page(step)]


def _device_pages(snapshot: Snapshot, subject: str, opens: bool) -> bool:
    """Whether the page that matters was there: the one that people work with."""
    label = links.STRANGER if opens else links.LET_IN
    return any(step.succeeded for step in snapshot.of(Exchange, label, subject))


CHECK = Check(
    id="K14",
    title="Device links are told to others",
    weight=Weight.COUNTED,
    vector="CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:L/VA:N/SC:N/SI:N/SA:N",
    cwe=(598, 201),
    asvs=("14.2.1", "3.4.5"),
    sources=("https://www.w3.org/TR/referrer-policy/", "https://cwe.mitre.org/data/definitions/598.html"),
    procedure="Read the page that each link leads to, as a stranger and as its account, without loading anything more: "
    "does it load from, or lead to, hosts of other owners, and does its Referrer-Policy (header, page, element) let them "
    "have the whole address? Is the link in an address of theirs, or in the title? Read the message that the link came "
    "in, if the target file names it: is the link in plain http, or wrapped by a host that follows clicks? It fails "
    "where others get the link without a visitor's doing, or by a policy that says so; milder where the link also "
    "needs a sign-in. By hand: search the web for the links' host and path.",
    remedy="Send Referrer-Policy: no-referrer, load nothing from others on pages of rooms, and let no address open "
    "anything by itself. Send links in messages as they are, over HTTPS.",
    mistaken="A host of another name can be the vendor's own: it is told, and the vendor can say so. The mail system of "
    "the receiver may have wrapped the link, not the sender's: compare with the message as it was sent. Browsers since "
    "2021 tell other origins no path where no policy is given; older ones, and web views of panels, do.",
    look=links.LOOK,
    judge=judge,
)
