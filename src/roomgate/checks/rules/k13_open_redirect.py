"""K13: an address of the target sends people on to wherever somebody wrote into it."""

from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

import msgspec

from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.html_source import is_page, read_source
from roomgate.checks.kit import Kit
from roomgate.checks.looks.front import host_of, is_own, pages_of
from roomgate.checks.navigation import By, moves_of
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, passed
from roomgate.checks.snapshot import Exchange, Fact, Snapshot
from roomgate.checks.target import Account, Ask, Target
from roomgate.checks.web import session_of

PAGE, TRY, AFTER, LEFT_OUT = "page", "try", "after sign-in", "left out"
UNTRIED = "not tried: it takes a test account"
ELSEWHERE = "roomgate-check.invalid"  # RFC 2606: a name that nobody can have

# Names of parameters that are used for it, the likely ones first.
NAMES = (
    "next", "url", "redirect", "return", "returnUrl", "return_to", "returnTo", "redirect_uri", "redirect_url",
    "redirectUrl", "redirectTo", "redirect_to", "rd", "r", "u", "goto", "go", "dest", "destination", "target", "to",
    "continue", "forward", "back", "from", "ref", "RelayState", "service", "callback", "success_url", "login_url",
    "logout_url", "page", "view", "out", "link", "uri", "site", "path", "ReturnUrl",
)  # fmt: skip
_KNOWN = frozenset(name.lower() for name in NAMES)
# The ways to write another host that servers have taken for their own. {} is the host, {own} the target's.
PAYLOADS = (
    "https://{}/", "//{}/", "/\\{}/", "https:{}", "//{own}@{}/", "https://{own}.{}/", "\\\\{}/", "///{}/", "/%09/{}/",
    "https:/\\{}/", "%2f%2f{}/", "/%2f{}/", "https://{}?{own}", "https://{}#{own}", "https://{}\\@{own}/",
    "https://{own}@{}/", "/\t/{}/", "/\n/{}/", "\t//{}/", " //{}/", "http:{}", "http://{}/", "HTTPS://{}/",
    "hTTps:\\\\{}/", "/.//{}/", "/..//{}/", "./\\{}/", "//{}%2f@{own}/", "//{}%00.{own}/", "//{}:443/", "//{}。/",
    "/%5c{}/", "%5c%5c{}/", "https:///{}/", "//{}/%2e%2e", "/{own}//{}/", "{own}//{}/", "//%0d{}/",
    "javascript:location='https://{}/'", "data:text/html,<script>location='https://{}/'</script>",
)  # fmt: skip
TRIES_QUICK, TRIES, PLACES, SIGN_INS, ALONE = 10, 60, 4, 3, 4


# ---- the look --------------------------------------------------------------------------------------


async def _run(kit: Kit) -> None:
    pages = [url for url in pages_of(kit.target) if is_own(url, kit.target)]
    for url in pages:
        await kit.web.get(url, PAGE, follow=2)
    places = places_of(kit.recorder.exchanges(PAGE), kit.target)
    most = TRIES_QUICK if kit.quick else TRIES
    waiting = [(payload, place, name) for payload in PAYLOADS for place, name in places]
    for number in range(most):
        if not waiting:
            break
        payload, place, name = waiting.pop(0)
        kit.progress(place, number / most)
        step = await kit.web.get(address(place, payload, name), TRY, subject=place)
        if _sent_on(step)[0]:
            waiting = [one for one in waiting if one[1] != place]
        elif not name and _is_hindered(step, kit.recorder.exchanges(PAGE)):
            # It stumbles over so many parameters: a few alone, then.
            waiting = [one for one in waiting if one[1] != place]
            waiting += [(payload, place, one) for payload in PAYLOADS[:2] for one in NAMES[:ALONE]]
    accounts = [one for one in kit.target.accounts if one.sign_in is not None and not one.wrong_passwords]
    if accounts and kit.tier >= Tier.ACCOUNTS:
        await _after_sign_in(kit, accounts[0], 1 if kit.quick else SIGN_INS)
    elif accounts or kit.target.about.sign_in:
        kit.recorder.fact(LEFT_OUT, AFTER, subject="after a sign-in", fault=UNTRIED)


def places_of(steps: list[Exchange], target: Target) -> list[tuple[str, str]]:
    """Addresses to try, and for each the parameter that was seen there; "" where none was: then all names at once."""
    seen: list[tuple[str, str]] = []
    for step in steps:
        found = [step.url, step.header("location")]
        if is_page(step.header("content-type"), step.body):
            source = read_source(step.body)
            found += [*source.links, *source.forms]
        for text in found:
            url = _absolute(step.url, text)
            for name, value in _query(url) if text and is_own(url, target) and not _ends_a_session(url) else ():
                if name.lower() in _KNOWN and (value.startswith(("/", "http", "%2f", "%2F")) or not value):
                    seen.append((_without(url, name), name))
    plain = [(_bare(step.url), "") for step in steps if step.answered and is_own(step.url, target)]
    return list(dict.fromkeys([*seen, *plain]))[:PLACES]


def address(place: str, payload: str, name: str = "") -> str:
    """With the parameter, or with every known name at once, each leading to a host of its own."""
    own = host_of(place)
    written = [
        (one, payload.replace("{own}", own).replace("{}", _host_for(one))) for one in ([name] if name else NAMES)
    ]
    parts = urlsplit(place)
    # A payload with a percent sign is sent as it stands: servers decode it once more than they check it.
    given = [f"{quote(key)}={value if '%' in payload else quote(value, safe='')}" for key, value in written]
    query = "&".join([*([parts.query] if parts.query else []), *given])
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))


def _host_for(name: str) -> str:
    return f"{''.join(c for c in name.lower() if c.isalnum())}.{ELSEWHERE}"


async def _after_sign_in(kit: Kit, account: Account, tries: int) -> None:
    """Sign in with the wish to go elsewhere afterwards, as a prepared link would have a person do it."""
    how = account.sign_in
    if how is None or how.request.method.upper() != "POST":
        return
    ask = how.request
    for payload in PAYLOADS[:tries]:
        url = address(ask.url, payload)
        page = await kit.web.get(url, AFTER + ": its page", kit.web.fresh())
        fields = read_source(page.body).fields if is_page(page.header("content-type"), page.body) else {}
        named = [
            one
            for one in {**fields, **ask.form, **(ask.json if isinstance(ask.json, dict) else {})}
            if one.lower() in _KNOWN
        ]
        if not named and ELSEWHERE not in page.body:
            kit.recorder.fact(LEFT_OUT, AFTER, subject=account.name, fault="its sign-in has no field for where to go")
            return
        wishes = {one: payload.replace("{own}", host_of(ask.url)).replace("{}", _host_for(one)) for one in named}
        await kit.web.send(_wishing(ask, url, wishes), AFTER, session_of(account), declared=True, subject=account.name)


def _wishing(ask: Ask, url: str, wishes: dict[str, str]) -> Ask:
    if isinstance(ask.json, dict):
        return msgspec.structs.replace(ask, url=url, json={**ask.json, **wishes})
    return msgspec.structs.replace(ask, url=url, form={**ask.form, **wishes}, carry=True)


def _absolute(base: str, text: str) -> str:
    try:
        return urljoin(base, text)
    except ValueError:
        return ""


def _query(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return []


def _bare(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", "", ""))


def _without(url: str, name: str) -> str:
    parts = urlsplit(url)
    rest = urlencode([(key, value) for key, value in _query(url) if key != name])
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", rest, ""))


def _ends_a_session(url: str) -> bool:
    return any(
        word in url.lower() for word in ("logout", "log-out", "signout", "sign-out", "logoff", "delete", "remove")
    )


def _is_hindered(step: Exchange, pages: list[Exchange]) -> bool:
    """Whether it was turned away for how it asks, where the same page is shown to those who ask plainly."""
    usual = {page.status for page in pages if _bare(page.url) == _bare(step.url)}
    return step.status in (429, 503) or (step.status >= 400 and step.status not in usual)


LOOK = Look("redirects", Tier.OUTSIDE, _run)

# ---- the judgement ---------------------------------------------------------------------------------


def _sent_on(step: Exchange) -> tuple[str, str]:
    """In which way a browser would go elsewhere; and in which it might."""
    sure, perhaps = "", ""
    for move in moves_of(step):
        leads = f".{move.host}".removesuffix(".").endswith(f".{ELSEWHERE}")
        runs = move.scheme == "javascript" and ELSEWHERE in move.text and move.by is By.SCRIPT
        if not (leads or runs):
            continue
        words = f"{move.by.value}: {move.text[:160]}"
        if move.by is By.LATER:
            perhaps = perhaps or words
        else:
            sure = sure or words
    return sure, perhaps


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    tries = [*snapshot.of(Exchange, TRY), *snapshot.of(Exchange, AFTER)]
    answered = [step for step in tries if step.answered]
    if not answered:
        fault = next((step.fault for step in (*tries, *snapshot.of(Exchange, PAGE))), "")
        return inconclusive(f"No page answered{': ' + fault if fault else ''}.")
    bad: list[Point] = []
    perhaps: list[Point] = []
    for step in answered:
        sure, maybe = _sent_on(step)
        after = ", after the sign-in" if step.label == AFTER else ""
        if sure:
            bad.append(Point(_shown(step.url), f"sends people on{after} by {sure}", (snapshot.number(step),)))
        elif maybe:
            perhaps.append(Point(_shown(step.url), f"may send people on{after}: {maybe}", (snapshot.number(step),)))
    if bad:
        return failed("Whoever writes an address of it decides where people end up.", bad[:10] + perhaps[:10])
    if perhaps:
        return inconclusive(
            "A page names a foreign address as where to go, after a while or once something is pressed.", perhaps[:10]
        )
    pages = snapshot.of(Exchange, PAGE)
    pages = snapshot.of(Exchange, PAGE)
    hindered = [step for step in answered if _is_hindered(step, pages)]
    silent = len(tries) - len(answered)
    if silent or len(hindered) == len(answered) or any(step.status in (429, 503) for step in hindered):
        return inconclusive(f"Of {len(tries)} tries, {silent} had no answer and {len(hindered)} were turned away.")
    places = len({step.subject for step in answered})
    left_out = [Point(fact.subject, fact.fault) for fact in snapshot.of(Fact, LEFT_OUT)]
    only = " before a sign-in" if any(one.what == UNTRIED for one in left_out) else ""
    return passed(f"No address leads elsewhere{only} ({len(answered)} tries at {places} places).", left_out)


def _shown(url: str) -> str:
    return url if len(url) <= 200 else url[:200] + "…"


CHECK = Check(
    id="K13",
    title="It sends people on to any address",
    weight=Weight.COUNTED,
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N",
    cwe=(601,),
    asvs=("3.7.2",),
    sources=(
        "https://url.spec.whatwg.org/",
        "https://cheatsheetseries.owasp.org/cheatsheets/Unvalidated_Redirects_and_Forwards_Cheat_Sheet.html",
    ),
    procedure="At the front page, the sign-in page and each address seen there with such a parameter: name another "
    "host (*.roomgate-check.invalid) in the parameter that was seen, or in forty usual ones at once, in forty ways of "
    "writing it, the likely ones first; 10 requests in a quick run, 60 otherwise. With a test account, sign in by its "
    "form with the same wish. Location, Refresh and scripts that name the place are resolved as browsers do it; a "
    "move to that host is a fail.",
    remedy="Take no address from a request: keep where to go on the server, or allow only a path of your own that you "
    "build anew from its parts, by the rules of browsers (backslashes are slashes).",
    mistaken="A page that shows the foreign address and lets people choose is no redirect, and does not fail. A page "
    "that moves on after more than two seconds, or by a function, is inconclusive. A firewall that answers all tries "
    "with 403 hides the answer: that is inconclusive too.",
    look=LOOK,
    judge=judge,
)
