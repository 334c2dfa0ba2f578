"""K07: the connector shows the device's own page, and not as the device gave it."""

from urllib.parse import urljoin, urlsplit

import msgspec

from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.forms import has_password_field
from roomgate.checks.golden import load_golden
from roomgate.checks.kit import Kit
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, passed
from roomgate.checks.snapshot import Exchange, Fact, Snapshot
from roomgate.checks.target import Ask, Target
from roomgate.checks.transit import GUARDS, Transit, compare
from roomgate.checks.web import Session

DIRECT, VIA, GOLDEN = "direct", "via", "golden"
MOST = 4
UNLIKE, LIKE = 0.3, 0.6  # less is a page of its own; more is the device's page


class Page(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``via``: its address at the connector; ``path``: at the device. ``account``: who is let in at the connector.

    ``golden``: a file of the device's golden folder, where the device itself cannot be asked.
    """

    via: str
    path: str = "/"
    account: str = ""
    golden: str = ""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``sign_in``: how the device's page lets its owner in; {user} and {password} are those of [device]."""

    pages: tuple[Page, ...] = ()
    sign_in: Ask | None = None


def pages_of(target: Target) -> list[Page]:
    """The file's own, or what each link shows against the device's first pages."""
    options = target.option("K07", Options)
    if options is not None and options.pages:
        return list(options.pages[:MOST])
    links = target.links[:1]
    return [Page(via=link.url, path=path, account=link.account) for link in links for path in ("/", "/web/")]


def needs(target: Target) -> str:
    pages = pages_of(target)
    if not pages:
        return "it needs a device link, or [K07] pages."
    if not target.device.url and not any(page.golden for page in pages):
        return "it needs the device's own address under [device] url, or golden pages that were captured there."
    if unknown := [page.via for page in pages if (urlsplit(page.via).hostname or "").lower() not in target.hosts]:
        return f"{unknown[0]} is at no host that may be asked; name it under [permitted] hosts."
    return ""


async def _run(kit: Kit) -> None:
    options = kit.target.option("K07", Options) or Options()
    pages = pages_of(kit.target)
    device = await _at_device(kit, options)
    for number, page in enumerate(pages):
        kit.progress(page.via, number / len(pages))
        if page.golden:
            kit.recorder.fact(f"{GOLDEN} {number}", page.golden, load_golden(kit.target, page.golden))
        else:
            for _ in range(2):
                await kit.web.get(urljoin(kit.target.device.url, page.path), f"{DIRECT} {number}", device, follow=3)
        session = await kit.web.sign_in(page.account) if page.account else kit.web.fresh()
        await kit.web.get(page.via, f"{VIA} {number}", session, follow=3, subject=page.account)


async def _at_device(kit: Kit, options: Options) -> Session:
    own = kit.target.device
    session = Session("device", secret=True)
    if options.sign_in is not None and own.user:
        session.values |= {"user": own.user, "password": own.password}
        await kit.web.send(options.sign_in, "device sign-in", session, declared=True, follow=3)
    return session


LOOK = Look("transit", Tier.SITE, _run, needs)


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    changed, unclear, own, same = [], [], 0, 0
    for number in range(MOST):
        via = _answers(snapshot, f"{VIA} {number}")[-1:]
        if not via:
            continue
        step = (snapshot.number(via[0]),)
        direct, what = _direct(snapshot, number)
        if what or (what := _not_shown(via[0])):
            unclear.append(Point(via[0].url, what, step))
            continue
        if via[0].status in (404, 410) and via[0].subject:
            own += 1  # who is let in finds nothing there, however few words that takes
            continue
        found = compare(direct, via[0])
        verdict, what = _verdict(found)
        if verdict == "own" and (what := _let_in_nobody(via[0])):
            verdict = "unclear"
        if verdict == "changed":
            changed.append(Point(via[0].url, what, step))
        elif verdict == "unclear":
            unclear.append(Point(via[0].url, what, step))
        else:
            own, same = own + (verdict == "own"), same + (verdict == "same")
    if changed:
        return failed("The device's page is not shown as the device gave it.", changed)
    if unclear or not own + same:
        return inconclusive("Whether the device's pages are changed on their way could not be told.", unclear)
    if same:
        return passed(f"The device's pages come as the device gave them, {same} of {same + own} compared.")
    return passed("The connector never shows the device's own page: what it shows is its own.")


def _answers(snapshot: Snapshot, label: str) -> list[Exchange]:
    """The last of each chain of redirects with this label."""
    return [one for one in snapshot.of(Exchange, label) if not 300 <= one.status < 400]


def _direct(snapshot: Snapshot, number: int) -> tuple[list[Exchange], str]:
    for fact in snapshot.of(Fact, f"{GOLDEN} {number}"):
        if isinstance(fact.value, str) and fact.value:
            return [Exchange(label=GOLDEN, t=fact.t, at=fact.at, method="GET", url="", status=200, body=fact.value)], ""
        return [], f"the golden page {fact.name} could not be read"
    found = _answers(snapshot, f"{DIRECT} {number}")
    good = [one for one in found if one.succeeded and one.body.strip()]
    if good:
        return good, ""
    if found:
        return [], f"the device itself did not show it ({found[0].status or found[0].fault}); see [device] url and ca"
    return [], "the device itself was not asked"


def _not_shown(via: Exchange) -> str:
    """Why nothing can be concluded from what the connector answered."""
    if not via.answered or via.status >= 500 or via.status == 429:
        return f"the connector gave no plain answer ({via.status or via.fault})"
    if via.status in (401, 403):
        return f"the connector let nobody in ({via.status}); name an account"
    return ""


def _let_in_nobody(via: Exchange) -> str:
    """A page of its own tells nothing of what is shown behind it."""
    if has_password_field(via.body):
        return "the connector asked to sign in, and what it shows behind that was not seen"
    if via.status >= 400 and not via.subject:
        return f"the connector answered a stranger with {via.status}; name an account"
    return ""


def _verdict(found: Transit) -> tuple[str, str]:
    if found.likeness < UNLIKE:
        return "own", ""
    guards = f"headers taken away: {', '.join(found.guards)}" if found.guards else ""
    if found.same_bytes or not (found.added or found.gone or found.scripts or found.actions):
        return ("changed", guards) if guards else ("same", "")
    said = [guards] if guards else []
    said += [f"scripts put in: {', '.join(found.scripts[:5])}"] if found.scripts else []
    said += [f"forms led elsewhere: {', '.join(found.actions[:5])}"] if found.actions else []
    said += [found.diff] if found.diff else []
    what = "\n".join(said)
    if found.likeness < LIKE:
        return "unclear", f"half the device's page, half another:\n{what}"
    if found.only_text and not (found.scripts or found.actions or guards):
        return "unclear", f"other words in the same page, which may be a reading that changed:\n{what}"
    return "changed", what


CHECK = Check(
    id="K07",
    title="The device's page is changed on its way",
    weight=Weight.REQUIRED,
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:P/VC:L/VI:H/VA:N/SC:L/SI:L/SA:N",
    cwe=(494, 345, 300),
    asvs=("3.6.1", "12.3.2"),
    sources=("https://cwe.mitre.org/data/definitions/345.html", "https://cwe.mitre.org/data/definitions/494.html"),
    procedure="Fetch a page twice from the device itself, at the site, and once through the connector. Compare the bytes; "
    "where they differ, even out what changes by itself (tokens, nonces, ids, times, and what differed between the two "
    "direct fetches), and compare again: lines, scripts, where forms lead, and the headers "
    f"{', '.join(GUARDS)}.",
    remedy="Show the device's page as it is, best over TLS that ends at the device itself, or show none and use the "
    "device's supported API.",
    mistaken="A page with readings differs from one moment to the next: what differed directly is left out, and other "
    "words in the same elements are told as inconclusive with the difference. A connector's own page that shares little "
    "with the device's is no changed one.",
    look=LOOK,
    judge=judge,
    options=Options,
)
