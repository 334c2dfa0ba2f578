"""K18: another site's page can make a visitor's browser change something here (cross-site request forgery).

A browser sends a site's cookies along even where another site's page made the request, unless the cookie's SameSite
forbids it: Lax lets it go with a link that is followed (GET), Strict never. Such a page cannot add headers of its own,
nor read a token; it can send a form, plain text, or a form with files.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec

from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.forms import hidden_fields
from roomgate.checks.kit import Kit
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, not_applicable, passed
from roomgate.checks.snapshot import Exchange, Fact, Snapshot
from roomgate.checks.target import Ask, Target, filled, filled_in
from roomgate.checks.web import Session

CONTROL, TRIED, GUARDED, STRANGER = "control", "tried", "guarded", "stranger"
BEFORE, AFTER, WANTED, COOKIES = "before", "after", "wanted", "cookies"
ELSEWHERE = "https://roomgate-check.invalid"  # RFC 2606: a name that is nobody's
MOST = 2  # changes that are tried; the others serve to undo them
_BOUNDARY = "roomgate-check-boundary"
_FOLLOWED = {
    "Referer": f"{ELSEWHERE}/", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}  # fmt: skip
_SUBMITTED = {**_FOLLOWED, "Origin": ELSEWHERE}
LINK = "link"


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Harmless changes, such as of a display's language, each with the account that may make it.

    ``page``: where the form is whose hidden fields go along when it is changed as it should be. ``effect`` reads what
    was changed; then ``expects`` of a change is what the effect shows once it is made (name two changes that undo one
    another, to see each). ``gets``: requests that should only read, by their method, and may change something.
    """

    changes: tuple[Ask, ...] = ()
    gets: tuple[Ask, ...] = ()
    page: str = ""
    effect: Ask | None = None


class Forged(msgspec.Struct, frozen=True):
    """A request as another site's page could have it sent."""

    ask: Ask
    content: bytes | None = None


def needs(target: Target) -> str:
    options = target.option("K18", Options)
    if options is None or not (options.changes or options.gets):
        return "it needs [K18] changes: harmless requests that change something, each with its account."
    if not all(ask.account for ask in (*options.changes, *options.gets)):
        return "each of [K18] changes and gets needs the account that it is sent as."
    if options.gets and options.effect is None:
        return "[K18] gets need an effect: the request that reads what they may change."
    return ""


async def _run(kit: Kit) -> None:
    options = kit.target.option("K18", Options) or Options()
    wanted = [*((ask, True) for ask in options.changes[:MOST]), *((ask, False) for ask in options.gets[:MOST])]
    for number, (ask, is_change) in enumerate(wanted):
        kit.progress(ask.url, number / len(wanted))
        session = await kit.web.sign_in(ask.account)
        jar = _cookies_of(session)
        told = {name: _same_site(name, kit.recorder.exchanges("sign-in")) for name in jar}
        kit.recorder.fact(COOKIES, str(number), told, subject=ask.account)
        facts = {"url": ask.url, "expects": ask.expects, "effect": options.effect is not None, "change": is_change}
        kit.recorder.fact(WANTED, str(number), facts, subject=ask.account)
        if told:
            await _try(kit, ask, options, session, jar, told, str(number), is_change)


async def _try(
    kit: Kit, ask: Ask, options: Options, session: Session, jar: Mapping[str, str], told: Mapping[str, str],
    number: str, is_change: bool,
) -> None:  # fmt: skip
    undo = next((one for one in options.changes if one != ask and one.account == ask.account), None)
    if is_change:
        await _as_meant(kit, ask, options, session, f"{CONTROL} {number}")
    seen = await _see(kit, options, f"{CONTROL} effect {number}", ask.account)
    for way, forged in forgeries(ask, session.values, options.effect is not None).items():
        name = f"{number} {way}"
        if seen is not None and ask.expects and ask.expects in seen.body and undo is not None:
            await _as_meant(kit, undo, options, session, f"undone {name}")
            seen = await _see(kit, options, f"{BEFORE} {name}", ask.account)
        elif seen is not None:
            seen = await _see(kit, options, f"{BEFORE} {name}", ask.account)
        going = {key: value for key, value in jar.items() if _goes(told[key], way)}
        # Where no browser would send a cookie, the server's own guard is still worth a look.
        label = TRIED if going else GUARDED
        ambient = Session(session.name, {"Cookie": "; ".join(f"{k}={v}" for k, v in (going or jar).items())})
        await kit.web.send(
            forged.ask, f"{label} {name}", ambient, declared=True, subject=ask.account, content=forged.content
        )
        seen = await _see(kit, options, f"{AFTER} {name}", ask.account)
        if options.effect is None:
            await kit.web.send(forged.ask, f"{STRANGER} {name}", kit.web.fresh(), declared=True, content=forged.content)


async def _as_meant(kit: Kit, ask: Ask, options: Options, session: Session, label: str) -> None:
    """The change as the target's own page makes it."""
    place = urlsplit(ask.url)
    origin = f"{place.scheme}://{place.netloc}"
    headers = {"Origin": origin, "Referer": options.page or f"{origin}/", "Sec-Fetch-Site": "same-origin"}
    if options.page and ask.json is None:
        page = await kit.web.get(options.page, f"{label} (its page)", session, subject=ask.account)
        ask = msgspec.structs.replace(ask, form={**hidden_fields(page.body), **ask.form})
    await kit.web.send(ask, label, session, declared=True, headers=headers, subject=ask.account)


async def _see(kit: Kit, options: Options, label: str, account: str) -> Exchange | None:
    if options.effect is None:
        return None
    session = await kit.web.sign_in(options.effect.account or account)
    return await kit.web.send(options.effect, label, session, declared=True, subject=account)


LOOK = Look("forging", Tier.ACCOUNTS, _run, needs)


# ---- what another site's page can have sent --------------------------------------------------------


def forgeries(ask: Ask, values: Mapping[str, str], effect: bool) -> dict[str, Forged]:
    """The same change as another site's page could have it sent, by the way's name. Pure.

    A link proves something only where an effect can be seen: its answer says nothing.
    """
    url = filled(ask.url, values)
    if ask.method.upper() in ("GET", "HEAD"):
        return {LINK: Forged(Ask(url=url, headers=_FOLLOWED))}
    form = {key: filled(value, values) for key, value in ask.form.items()}
    made: dict[str, Forged] = {}
    if ask.json is not None:
        body: Any = filled_in(ask.json, values)
        made["plain text"] = _typed(url, "text/plain", json.dumps(body))
        if isinstance(body, dict) and all(isinstance(one, str | int | bool) for one in body.values()):
            form = form or {str(key): str(value) for key, value in body.items()}
    made["form"] = Forged(Ask(url=url, method="POST", form=form, headers=_SUBMITTED))
    if form:
        parts = "".join(
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
            for key, value in form.items()
        )
        kind = f"multipart/form-data; boundary={_BOUNDARY}"
        made["form with files"] = _typed(url, kind, f"{parts}--{_BOUNDARY}--\r\n")
    if effect:
        query = f"{'&' if urlsplit(url).query else '?'}{urlencode(form)}" if form else ""
        made[LINK] = Forged(Ask(url=url + query, headers=_FOLLOWED))
    return made


def _typed(url: str, kind: str, body: str) -> Forged:
    return Forged(Ask(url=url, method="POST", headers={**_SUBMITTED, "Content-Type": kind}), body.encode())


def _goes(same_site: str, way: str) -> bool:
    """Whether browsers send this cookie along. Without SameSite, some do as with Lax and some as with None."""
    return same_site in ("none", "") or (same_site == "lax" and way == LINK)


def _cookies_of(session: Session) -> dict[str, str]:
    """What a browser would send by itself: its cookies, also those that the target file gives as a header."""
    found = {one.name: one.value or "" for one in session.cookies.jar}
    for name, value in session.headers.items():
        if name.lower() == "cookie":
            pairs = (part.strip().partition("=") for part in value.split(";"))
            found |= {key: worth for key, _, worth in pairs if key}
    return found


def _same_site(name: str, steps: Sequence[Exchange]) -> str:
    """Of the newest cookie of this name: none, lax, strict; empty where nothing was said, or it was never set."""
    said = ""
    for step in steps:
        for header in step.every("set-cookie"):
            first, *more = header.split(";")
            if first.split("=")[0].strip() == name:
                words = [part.partition("=") for part in more]
                said = next((v.strip().lower() for k, _, v in words if k.strip().lower() == "samesite"), "")
    return said if said in ("none", "lax", "strict") else ""


# ---- judging ---------------------------------------------------------------------------------------


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    forged: list[Point] = []
    unclear: list[Point] = []
    guarded: list[Point] = []
    refused = 0
    wanted = snapshot.of(Fact, WANTED)
    told = {fact.name: fact.value for fact in snapshot.of(Fact, COOKIES)}
    if wanted and not any(told.values()):
        return not_applicable(
            "Nothing goes with a request by itself: there are no cookies, only a token that a script adds."
        )
    for fact in wanted:
        facts = fact.value if isinstance(fact.value, dict) else {}
        for label in (TRIED, GUARDED):
            for step in snapshot.of(Exchange):
                if not step.label.startswith(f"{label} {fact.name} "):
                    continue
                way = step.label.removeprefix(f"{label} {fact.name} ")
                verdict, what = _verdict(snapshot, facts, fact.name, way, step)
                point = Point(step.url, f"as a {way}: {what}", (snapshot.number(step),))
                if verdict == "refused":
                    refused += 1
                elif verdict == "unclear":
                    unclear.append(point)
                else:
                    (forged if label == TRIED else guarded).append(point)
    if forged:
        return failed("A page of another site can change something here with a visitor's sign-in.", forged)
    if unclear or not (refused or guarded):
        return inconclusive("Whether another site's page can change something could not be told.", unclear)
    if guarded:
        return passed(
            "Only the SameSite of the cookie keeps other sites' pages out; the server itself would let them.", guarded
        )
    return passed(f"Changes that another site's page sends are refused, {refused} of {refused} times.")


def _verdict(snapshot: Snapshot, facts: Mapping[str, Any], number: str, way: str, tried: Exchange) -> tuple[str, str]:
    if not tried.answered or tried.status == 429 or tried.status >= 500:
        return "unclear", f"no plain answer ({tried.status or tried.fault})"
    control = _last(snapshot, f"{CONTROL} {number}")
    if facts.get("change") and (control is None or not control.answered or control.status >= 400):
        return "unclear", "the change did not work even as the target's own page makes it"
    if not facts.get("effect"):
        return _by_answer(
            tried, control, _last(snapshot, f"{STRANGER} {number} {way}"), str(facts.get("expects") or "")
        )
    expects = str(facts.get("expects") or "")
    meant = _last(snapshot, f"{CONTROL} effect {number}")
    before = _last(snapshot, f"{BEFORE} {number} {way}")
    after = _last(snapshot, f"{AFTER} {number} {way}")
    if before is None or after is None or not before.succeeded or not after.succeeded:
        return "unclear", "what it changes could not be read"
    if not expects:
        return ("forged", "what it changes is another thing now") if before.body != after.body else ("refused", "")
    if facts.get("change") and (meant is None or expects not in meant.body):
        return "unclear", "even the change as it is meant shows no effect"
    if expects in before.body:
        if tried.status >= 400:
            return "refused", ""
        return "unclear", "it was so before; name a second change that undoes it"
    return ("forged", "it was done") if expects in after.body else ("refused", "")


def _by_answer(tried: Exchange, control: Exchange | None, stranger: Exchange | None, expects: str) -> tuple[str, str]:
    """Without an effect, an answer is an acceptance only if it is that of the true change, and a stranger gets another."""
    if tried.status >= 400:
        return "refused", ""
    if control is None or stranger is None or not stranger.answered:
        return "unclear", "nothing to compare its answer with"
    same = _kind_of(tried) == _kind_of(control) and (not expects or expects in tried.body)
    if same and _kind_of(stranger) != _kind_of(tried):
        return "forged", f"it was answered like the true change ({tried.status})"
    if not same and _kind_of(tried) == _kind_of(stranger):
        return "refused", ""
    return "unclear", f"its answer ({tried.status}) does not tell; name an effect"


def _kind_of(step: Exchange) -> tuple[int, str]:
    return step.status, httpx.URL(step.header("location")).path if _is_plain(step.header("location")) else ""


def _is_plain(location: str) -> bool:
    return bool(location) and location.isascii() and location.isprintable() and len(location) < 2000


def _last(snapshot: Snapshot, label: str) -> Exchange | None:
    found = snapshot.of(Exchange, label)
    return found[-1] if found else None


CHECK = Check(
    id="K18",
    title="Another site's page can change things with a visitor's sign-in",
    weight=Weight.COUNTED,
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:H/VA:N/SC:N/SI:N/SA:N",
    cwe=(352,),
    asvs=("3.5.1", "3.5.2", "3.5.3"),
    sources=(
        "https://cwe.mitre.org/data/definitions/352.html",
        "https://www.zaproxy.org/docs/alerts/10202/",
        "https://datatracker.ietf.org/doc/draft-ietf-httpbis-rfc6265bis/",
    ),
    procedure="Make each harmless change of [K18] as the target's own page does, to see that it works. Then send it with "
    "the account's cookies as a page of another site could: from another Origin, without the page's token and without "
    "added headers, as a form, as plain text, as a form with files, and as a link; read after each whether it was done. "
    "Only the cookies that browsers would send are sent.",
    remedy="Refuse every change whose Origin (or Sec-Fetch-Site) is not your own, ask for a token that only your page "
    "knows, accept no body but JSON where a script sends it, change nothing by GET, and give cookies SameSite.",
    mistaken="A change that everybody may make without signing in is no forgery. Without an effect that can be read, the "
    "answer alone is judged, and only if it is that of the true change while a stranger gets another. An API that takes "
    "a token in a header has nothing to forge.",
    look=LOOK,
    judge=judge,
    options=Options,
)
