"""What an answer to a device link is: the device, a sign-in, a refusal, or a page that proves nothing. Pure.

The marker is the guard: text that only this device shows. A page may have it and still be no access: a sign-in page
may greet with the room's name, and an error page repeats the address that was asked for. So the address is taken out
of a page before the marker is looked for, an address that was never issued (the control) is asked too, and a page
that asks for a sign-in counts as one whatever it is called.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from html import unescape
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import msgspec

from roomgate.checks.links import secret_parts
from roomgate.checks.markup import Markup, leads_to_sign_in, parse_markup
from roomgate.checks.snapshot import Exchange, Render
from roomgate.checks.target import Ask

Chain = tuple[Exchange, ...]  # a request, and the redirects that were gone along with
ALIKE = 0.97  # of the words of two pages: they are the same page
FEW_WORDS = 80  # a page with a sign-in on it and no more words than this is about the sign-in
_WORDS_MOST = 4000
_DIGIT = re.compile(r"\d")
_TOKENS = re.compile(r"[A-Za-z0-9+/_=-]{16,}")
_UNICODE = re.compile(r"\\u([0-9a-fA-F]{4})")
_ERROR_KEYS = frozenset(
    [
        "error",
        "errors",
        "message",
        "detail",
        "code",
        "status",
        "reason",
        "title",
        "type",
        "login",
        "redirect",
        "authenticated",
    ]
)


class Way(StrEnum):
    """OPEN alone is access; UNCLEAR, SILENT and ELSEWHERE prove nothing in either direction."""

    OPEN = "open"
    SIGN_IN = "sign-in"
    REFUSED = "refused"
    GENERIC = "generic"  # the same as for an address that was never issued
    ELSEWHERE = "elsewhere"
    SILENT = "silent"
    UNCLEAR = "unclear"


class Answer(msgspec.Struct, frozen=True):
    way: Way
    why: str
    named: bool = False  # it has the marker, though it is no access

    @property
    def shut(self) -> bool:
        return self.way in (Way.SIGN_IN, Way.REFUSED)


def chains(steps: Sequence[Exchange]) -> list[Chain]:
    """Requests with the redirects that followed each, in their order."""
    made: list[list[Exchange]] = []
    for step in steps:
        if made and _follows(made[-1][-1], step):
            made[-1].append(step)
        else:
            made.append([step])
    return [tuple(one) for one in made]


def completed(found: Sequence[Chain]) -> list[Chain]:
    """Where one was led to a place that another one was led to as well, and not asked again, what came there is theirs too."""
    onward = {_led(chain[n]): chain[n + 1 :] for chain in reversed(found) for n in range(len(chain) - 1)}
    return [(*chain, *onward.get(_led(chain[-1]), ())) if _led(chain[-1]) else chain for chain in found]


def _led(step: Exchange) -> str:
    where = step.header("location") if 300 <= step.status < 400 else ""
    try:
        parts = urlsplit(urljoin(step.url, where)) if where else None
    except ValueError:
        return ""
    return f"{parts.netloc}{parts.path}" if parts is not None else ""


def _follows(former: Exchange, step: Exchange) -> bool:
    where = former.header("location")
    if not (300 <= former.status < 400 and where):
        return False
    try:
        return urljoin(former.url, where) == step.url
    except ValueError:
        return False


def read_answer(
    chain: Sequence[Exchange],
    link: str,
    marker: str = "",
    control: Sequence[Exchange] = (),
    front: Sequence[Exchange] = (),
) -> Answer:
    """What this answer to this link is. ``control``: what an address that was never issued was answered; ``front``:
    what a stranger is shown at the front door, where a marker that is one does not stand."""
    if not chain or not chain[-1].answered:
        return Answer(Way.SILENT, f"no answer ({chain[-1].fault})" if chain else "never asked")
    last = chain[-1]
    if last.status == 429 or last.status >= 500:
        return Answer(Way.SILENT, f"{last.status}: it could not answer")
    if last.status == 401:
        return Answer(Way.SIGN_IN, "401: it asks for a sign-in")
    if last.status >= 400:
        return Answer(Way.REFUSED, f"{last.status}")
    if last.status >= 300:
        where = last.header("location")
        if leads_to_sign_in(where):
            return Answer(Way.SIGN_IN, f"{last.status}: it leads to a sign-in ({_short(where)})")
        return Answer(Way.ELSEWHERE, f"{last.status}: it leads to {_short(where) or 'nowhere'}, which was not asked")
    return _read_page(chain, link, marker, control, front)


def _read_page(
    chain: Sequence[Exchange], link: str, marker: str, control: Sequence[Exchange], front: Sequence[Exchange]
) -> Answer:
    last = chain[-1]
    shown = shows(last.body, marker, link)
    if last.fault and not shown:
        return Answer(Way.SILENT, f"{last.status}, but its answer broke off ({last.fault})")
    page = parse_markup(last.body)
    signs = _signs(chain, page, shown)
    if signs is not None:
        return signs
    if shown and not is_common(marker, front, link):
        # Even where an address that was never issued shows it too: then any address opens the device.
        return Answer(Way.OPEN, f"{last.status}: the page shows {marker}" + _surface(page))
    unknown = control[-1] if control and control[-1].answered else None
    if unknown is not None and same_page(last, link, unknown, control[0].url):
        return Answer(Way.GENERIC, f"{last.status}: the same page as for an address that was never issued")
    if shown:
        return Answer(Way.UNCLEAR, f"{last.status}: {marker} stands on the front page too, so it is no marker", shown)
    if marker:
        return Answer(Way.UNCLEAR, f"{last.status}: a page that does not show {marker}", shown)
    if unknown is not None and unknown.status in (401, 403, 404, 410) and last.body.strip():
        return Answer(Way.OPEN, f"{last.status}: a page of its own, where an unknown address gets {unknown.status}")
    return Answer(Way.UNCLEAR, f"{last.status}: a page, and no marker in the target file to know the device by")


def read_drawn(drawn: Render, link: str, marker: str, front: Sequence[Exchange] = ()) -> Answer:
    """The same of a page that scripts make, as a browser drew it. Only what is plain is said of it."""
    shown = shows(f"{drawn.title}\n{drawn.text}", marker, link) and not is_common(marker, front, link)
    if any(bone.startswith("input:password") for bone in drawn.skeleton):
        return Answer(Way.SIGN_IN, "drawn by a browser: a password field", shown)
    if leads_to_sign_in(drawn.url) and not shown:
        return Answer(Way.SIGN_IN, f"drawn by a browser: it goes on to a sign-in ({_short(drawn.url)})")
    if shown:
        return Answer(Way.OPEN, f"drawn by a browser: the page shows {marker}")
    return Answer(Way.UNCLEAR, "drawn by a browser: a page that shows neither the device nor a sign-in")


def is_made_by_script(step: Exchange) -> bool:
    """A page with next to no words, whose scripts fetch what people see."""
    page = parse_markup(step.body)
    scripts = any(one.tag == "script" for one in page.loads) or "<script" in step.body.lower()
    if leads_to_sign_in(page.goes_to):
        return False
    return step.succeeded and is_page(step) and scripts and not page.passwords and len(page.text.split()) < 25


def _signs(chain: Sequence[Exchange], page: Markup, shown: bool) -> Answer | None:
    """Whether it is about signing in; None where it is not."""
    last = chain[-1]
    if page.passwords:
        if shown and page.actions:
            return Answer(Way.UNCLEAR, "a page with the marker, a password field and other controls", True)
        return Answer(Way.SIGN_IN, f"{last.status}: a page with a password field", shown)
    few = len(page.text.split()) <= FEW_WORDS and not page.actions
    if not shown and few and leads_to_sign_in(page.goes_to):
        return Answer(Way.SIGN_IN, f"{last.status}: a page that goes on to a sign-in ({_short(page.goes_to)})")
    if len(chain) > 1 and leads_to_sign_in(last.url) and not (shown and page.actions):
        return Answer(Way.SIGN_IN, f"{last.status}: it leads to a sign-in ({_short(last.url)})", shown)
    if page.sign_ins and few:
        if shown:
            return Answer(Way.UNCLEAR, "a short page with the marker and a way to sign in", True)
        return Answer(Way.SIGN_IN, f"{last.status}: a short page with a way to sign in")
    return None


def _surface(page: Markup) -> str:
    return f", and {page.actions} control{'s' if page.actions > 1 else ''} to act by" if page.actions else ""


# ---- the marker, and the same page twice -----------------------------------------------------------


def shows(body: str, marker: str, link: str) -> bool:
    """Whether the marker is in the page, the address itself left out: error pages repeat what was asked for."""
    if not marker.strip():
        return False
    return plain(marker) in _without_address(plain(body), link)


def is_common(marker: str, front: Sequence[Exchange], link: str) -> bool:
    """Whether the front door shows the marker to everybody, and is not the link itself."""
    if not front or front[0].url == link:
        return False
    return shows(front[-1].body, marker, front[0].url)


def plain(text: str) -> str:
    """Without the ways in which HTML, JSON and scripts write a character; in lower case, one space for any."""
    text = _UNICODE.sub(lambda found: chr(int(found.group(1), 16)), text).replace("\\/", "/")
    return " ".join(unescape(text).casefold().split())


def _without_address(text: str, link: str) -> str:
    parts = urlsplit(link)
    forms = [link, parts.path + (f"?{parts.query}" if parts.query else ""), parts.path]
    for form in forms:
        for written in (form, quote(form, safe=""), quote(form), unquote(form)):
            if len(written) > 1:
                text = text.replace(written.casefold(), " ")
    return text


def same_page(one: Exchange, one_url: str, other: Exchange, other_url: str) -> bool:
    """Whether two addresses were answered with the same page, apart from the address, tokens and numbers in it."""
    if one.status != other.status:
        return False
    a, b = Counter(_bare(one.body, one_url)), Counter(_bare(other.body, other_url))
    # By which words there are, not by their order: that is as telling, and costs next to nothing.
    return a == b or 2 * (a & b).total() >= ALIKE * (a.total() + b.total())


@lru_cache(maxsize=512)  # several checks compare the same pages
def _bare(body: str, url: str) -> list[str]:
    text = _without_address(plain(body), url)
    for secret in secret_parts(url):
        text = text.replace(secret.casefold(), " ")
    words = re.findall(r"[^\s<>\"'=]+", _TOKENS.sub("#", text))[:_WORDS_MOST]
    return ["#" if _DIGIT.search(word) else word for word in words]


# ---- data ------------------------------------------------------------------------------------------


class Served(StrEnum):
    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


def read_data(
    chain: Sequence[Exchange], ask: Ask, marker: str = "", link: str = "", let_in: Sequence[Exchange] = ()
) -> Served:
    """Whether a device-backed read was served. ``let_in``: what somebody who may have it was answered."""
    if not chain or not chain[-1].answered or chain[-1].status == 429 or chain[-1].status >= 500:
        return Served.UNCLEAR
    last = chain[-1]
    if not last.succeeded or parse_markup(last.body).passwords or (len(chain) > 1 and leads_to_sign_in(last.url)):
        return Served.NO
    if ask.expects:
        return Served.YES if ask.expects in last.body else Served.NO
    if shows(last.body, marker, link):
        return Served.YES
    allowed = let_in[-1] if let_in and let_in[-1].succeeded else None
    if is_page(last):
        # A site that is one page answers with it everywhere: data that was meant to be data was not served.
        return Served.UNCLEAR if allowed is None or is_page(allowed) else Served.NO
    keys = _keys(last.body)
    if keys is None:
        return _read_text(last, allowed, marker)
    if allowed is not None and (theirs := _keys(allowed.body)) is not None:
        return Served.YES if keys == theirs else Served.NO if keys <= _ERROR_KEYS else Served.UNCLEAR
    return Served.UNCLEAR if keys <= _ERROR_KEYS else Served.YES


def _read_text(last: Exchange, allowed: Exchange | None, marker: str) -> Served:
    """A bare value or a text: served if it is like the account's; a text may also say politely that one is not let in."""
    if not last.body.strip():
        return Served.UNCLEAR
    if allowed is not None:
        return Served.YES if _bare(last.body, "") == _bare(allowed.body, "") else Served.UNCLEAR
    return Served.UNCLEAR if marker and len(last.body.split()) > 1 else Served.YES


def is_page(step: Exchange) -> bool:
    kind = step.header("content-type").lower()
    return "html" in kind or step.body[:200].lstrip().lower().startswith(("<!doctype html", "<html"))


def _keys(body: str) -> set[str] | None:
    """The names in a JSON answer, or None where it is none, or a bare value."""
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    while isinstance(found, list) and found:
        found = found[0]
    if isinstance(found, dict):
        return {str(key) for key in found}
    return None if found and found is not True else set()


def _short(url: str) -> str:
    return url.split("?")[0].split("#")[0][:120]
