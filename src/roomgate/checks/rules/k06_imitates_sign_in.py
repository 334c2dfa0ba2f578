"""K06: the connector's sign-in page looks like the device's own, so that people believe the device protects them."""

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import msgspec

from roomgate.checks.browser import NoBrowser, render
from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.face import Face, Likeness, compare, parse_face
from roomgate.checks.golden import golden_folder, golden_names, load_golden
from roomgate.checks.kit import Kit
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, not_applicable, passed
from roomgate.checks.snapshot import Exchange, Fact, Render, Snapshot
from roomgate.checks.target import Target

VENDOR, GOLDEN, CAPTURED, BLIND = "vendor", "golden", "captured", "no browser"
VENDOR_MOST, GOLDEN_MOST, LINKS_MOST = 6, 3, 3
BELOW_LINK = ("/signin", "/login")
DEVICE_PATHS = ("/web/signin", "/")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``golden``: which files of the device's golden folder are its sign-in pages; otherwise those with a password.

    ``pages``: more addresses of the connector to look at. ``own``: origins that end at the device itself.
    """

    golden: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    own: tuple[str, ...] = ()


def needs(target: Target) -> str:
    if not target.device.golden and not target.device.url:
        return "it needs the device's own sign-in page: a captured one in the folder [device] golden, or [device] url."
    if unknown := [url for url in addresses_of(target) if (urlsplit(url).hostname or "").lower() not in target.hosts]:
        return f"{unknown[0]} is at no host that may be asked; name it under [permitted] hosts."
    return ""


def addresses_of(target: Target) -> list[str]:
    """Where the connector may show a sign-in page to a stranger."""
    options = target.option("K06", Options) or Options()
    links = [link.url for link in target.links[:LINKS_MOST]]
    below = [f"{link.rstrip('/')}{path}" for link in links[:1] for path in BELOW_LINK]
    first = [target.about.sign_in] if target.about.sign_in else []
    return list(dict.fromkeys([*first, *options.pages, target.front, *links, *below]))


async def _run(kit: Kit) -> None:
    goldens = await _goldens(kit)
    pages = await _pages(kit)
    if not pages:
        return  # nothing to compare: no browser need be started
    try:
        for number, (url, html) in enumerate(goldens):
            kit.progress("the device's own page", number / (len(goldens) + len(pages)))
            await render(kit, url, GOLDEN, html=html, subject=str(number), beside=golden_folder(kit.target))
        for number, page in enumerate(pages):
            kit.progress(page.url, (number + len(goldens)) / (len(goldens) + len(pages)))
            await render(kit, page.url, VENDOR, html=None if page.truncated else page.body, subject=page.url)
    except NoBrowser as fault:
        kit.recorder.fact(BLIND, "browser", fault=str(fault))


async def _goldens(kit: Kit) -> list[tuple[str, str]]:
    """The device's own sign-in pages: as they were captured, or as it shows them now to somebody at the site."""
    target = kit.target
    options = target.option("K06", Options) or Options()
    found = []
    base = target.device.url or "https://device.invalid/"
    for name in options.golden or golden_names(target):
        html = load_golden(target, name)
        if options.golden or parse_face(html).password:
            kit.recorder.fact(CAPTURED, name, html)
            found.append((urljoin(base, f"/{name}"), html))
    if not found and target.device.url and kit.tier >= Tier.SITE:
        for path in DEVICE_PATHS:
            step = await kit.web.get(urljoin(target.device.url, path), f"device {GOLDEN}", follow=3)
            if step.succeeded and parse_face(step.body).password:
                kit.recorder.fact(CAPTURED, step.url, step.body)
                found.append((step.url, step.body))
                break
    return found[:GOLDEN_MOST]


async def _pages(kit: Kit) -> list[Exchange]:
    """Every page that a stranger is shown and that may ask for a password: each once."""
    found: dict[str, Exchange] = {}
    for url in addresses_of(kit.target):
        step = await kit.web.get(url, f"{VENDOR} page", kit.web.fresh(), follow=4)
        is_page = "html" in step.header("content-type") or step.body.lstrip()[:1] == "<"
        if step.answered and is_page and (parse_face(step.body).password or "<script" in step.body.lower()):
            found.setdefault(_key(step), step)
    return sorted(found.values(), key=lambda step: not parse_face(step.body).password)[:VENDOR_MOST]


def _key(step: Exchange) -> str:
    """Tokens differ from one time to the next: the same elements are the same page, unless a script makes it."""
    return step.url if _is_shell(step) else "\n".join(parse_face(step.body).bones)


def _is_shell(step: Exchange) -> bool:
    """Whether a page is empty but for the scripts that will fill it."""
    return len(parse_face(step.body).bones) <= 6 and "<script" in step.body.lower()


LOOK = Look("sign-in-pages", Tier.OUTSIDE, _run, needs, beside=True)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A sign-in page as it was seen."""

    url: str
    face: Face
    phash: str
    images: frozenset[str]
    step: int


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    goldens = _goldens_in(snapshot)
    if not goldens:
        return inconclusive("There was no sign-in page of the device to compare with: capture it at the site.")
    if not any(one.face.known for one in goldens):
        return inconclusive("The device's sign-in page has too little of its own to know it again: look at both.")
    answered = [one for one in snapshot.of(Exchange, f"{VENDOR} page") if one.answered and one.status < 500]
    if not answered:
        return inconclusive("No page of the connector answered.")
    pages = _pages_in(snapshot)
    owned = _owned(target)
    copies, unclear = [], _unseen(snapshot)
    seen = 0
    for page in pages:
        if _origin(page.url) in owned:
            continue
        seen += 1
        golden, likeness = max(((one, _compare(page, one)) for one in goldens), key=lambda pair: _rank(pair[1]))
        point = Point(page.url, _words(likeness), (page.step, golden.step))
        leads = [_origin(action) for action in page.face.actions]
        if likeness.verdict == "copy" and leads and all(one in owned for one in leads):
            unclear.append(
                Point(page.url, f"like the device's, but what is typed goes to the device: {leads[0]}", (page.step,))
            )
        elif likeness.verdict == "copy":
            copies.append(point)
        elif likeness.verdict == "unclear":
            unclear.append(point)
    if copies:
        return failed("The connector shows a sign-in page that looks like the device's own.", copies)
    if unclear:
        return inconclusive(
            "Look at the pictures side by side: whether this is the device's page is not clear.", unclear
        )
    if not seen and all(one.status >= 400 and one.status != 404 for one in answered):
        return inconclusive(f"The connector showed a stranger no page at all ({answered[0].status}).")
    if not seen:
        return not_applicable("The connector shows a stranger no page that asks for a password.")
    return passed(f"No sign-in page of the connector looks like the device's own ({seen} compared).")


def _goldens_in(snapshot: Snapshot) -> list[_Shown]:
    drawn = {one.subject: one for one in snapshot.of(Render, GOLDEN)}
    found = []
    for number, fact in enumerate(snapshot.of(Fact, CAPTURED)):
        if not isinstance(fact.value, str):
            continue
        render_ = drawn.get(str(number))
        face = parse_face((render_.html if render_ else "") or fact.value, "https://device.invalid/")
        found.append(
            _Shown(fact.name, face, render_.phash if render_ else "", _images(snapshot, GOLDEN), snapshot.number(fact))
        )
    return found


def _pages_in(snapshot: Snapshot) -> list[_Shown]:
    """As the browser shows them, and as they came where it did not."""
    drawn = [one for one in snapshot.of(Render, VENDOR) if one.html]
    images = _images(snapshot, VENDOR)
    found = [_Shown(one.url, parse_face(one.html, one.url), one.phash, images, snapshot.number(one)) for one in drawn]
    urls = {one.subject for one in drawn}
    for step in snapshot.of(Exchange, f"{VENDOR} page"):
        if step.url not in urls:
            found.append(_Shown(step.url, parse_face(step.body, step.url), "", images, snapshot.number(step)))
            urls.add(step.url)
    return [one for one in found if one.face.password]


def _unseen(snapshot: Snapshot) -> list[Point]:
    """Pages that only a browser can tell of, where there was none or it did not get that far."""
    drawn = {one.subject for one in snapshot.of(Render, VENDOR) if one.html and not one.fault}
    found = []
    for step in snapshot.of(Exchange, f"{VENDOR} page"):
        if step.succeeded and _is_shell(step) and step.url not in drawn:
            found.append(Point(step.url, "a page that a script makes, which was not drawn", (snapshot.number(step),)))
    return found


def _images(snapshot: Snapshot, label: str) -> frozenset[str]:
    return frozenset(
        one.body_sha256
        for one in snapshot.of(Exchange, f"{label} (part)")
        if one.succeeded and one.header("content-type").startswith("image/") and one.body_bytes >= 200
    )


def _compare(page: _Shown, golden: _Shown) -> Likeness:
    return compare(page.face, golden.face, _distance(page.phash, golden.phash), len(page.images & golden.images))


def _distance(one: str, other: str) -> int | None:
    """How many bits of two pictures' hashes differ."""
    try:
        return (int(one, 16) ^ int(other, 16)).bit_count() if one and other else None
    except ValueError:
        return None


def _rank(likeness: Likeness) -> tuple[int, float]:
    return ("other", "unclear", "copy").index(likeness.verdict), likeness.bones + likeness.marks + likeness.phrases


def _words(likeness: Likeness) -> str:
    more = f"; {', '.join(likeness.evidence)}" if likeness.evidence else ""
    picture = "" if likeness.picture is None else f", {likeness.picture} of 64 bits of the picture differ"
    return f"{likeness.bones:.0%} of the elements are in the device's order{picture}{more}"


def _owned(target: Target) -> frozenset[str]:
    options = target.option("K06", Options) or Options()
    return frozenset(_origin(url) for url in (target.device.url, *options.own) if url)


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        return ""
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


CHECK = Check(
    id="K06",
    title="The connector imitates the device's sign-in page",
    weight=Weight.REQUIRED,
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:P/VC:H/VI:L/VA:N/SC:H/SI:L/SA:N",
    cwe=(451, 1021),
    asvs=("3.6.1",),
    sources=(
        "https://cwe.mitre.org/data/definitions/451.html",
        "https://www.hackerfactor.com/blog/index.php?/archives/432-Looks-Like-It.html",
    ),
    procedure="As a stranger, open the connector's front and sign-in page, the device links, and /signin and /login below "
    "the first. Compare each page that asks for a password with the device's own sign-in page: the order of elements, "
    "the names of fields, ids, classes and files, the words, the pictures in it, and a screenshot of 1280×800 by its "
    "perceptual hash; and see where the form leads.",
    remedy="Give the sign-in page a look, words and a name of its own, which say who asks for the password. Show nobody "
    "else's logo.",
    mistaken="Plain forms are alike everywhere, and pages made with the same framework share its elements and classes: "
    "likeness counts only together with names, words or pictures that are the device's own. The owner's own reverse "
    "proxy before the device shows the true page: name its origin under [K06] own. Between the thresholds the check "
    "says so: look at the pictures side by side.",
    look=LOOK,
    judge=judge,
    options=Options,
)
