"""Do the words of a link show another place than the one that it leads to?

Only the words are seen, so whoever follows such a target joins a meeting that nobody was shown. Words without a place
("Join the meeting") show none. What mail programs and scanners change on the way makes no other place: letter case and
``www.`` of a host, how signs are coded, a slash at the end, arguments that name no meeting, an end that was cut off,
the wrapper's own address in place of the link's.
"""

import re
from urllib.parse import parse_qsl, unquote

from roomgate.meetings.address import KNOWN_NAMES, Link, belongs, imitates, suffixes
from roomgate.meetings.unwrap import unwrap

MOST_WORDS = 4000
MOST_PLACES = 4  # that are compared: nobody knows where a link leads that shows more
MOST_GLUED = 200
MOST_PATH = 1000  # no meeting has a longer one
JOINT = "\u241f"  # stands for the spaces in the words of one link

ADDRESSED = re.compile(r"(?i)://|@|[a-z0-9]\.[a-z]{2}")  # what may show a place
# Linear, each: a run of signs is begun at its first one only, and parts at a sign that the run has not.
_WEB = re.compile(r"(?i)https?:[/\\]")
_DOTS = r"(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}"
_MAILBOX = re.compile(rf"(?i)(?<![a-z0-9._+*=!~-])([a-z0-9._+*=!~-]{{1,128}})@({_DOTS})(?![a-z0-9-])")
_HOST = re.compile(rf"(?i)(?<![a-z0-9.@_-]){_DOTS}(?![a-z0-9@_-])")
# A bare name of three parts is a host's. One of two may be a file's, or two sentences without a space between.
_LONG_HOST = re.compile(r"(?:[a-z0-9-]{2,63}\.){2,8}[a-z]{2,24}")
_PICTURE = re.compile(r"(?i)\[(?:cid:[^\]]*|[^\]?#]*\.(?:png|jpe?g|gif|svg))\]")
_CUT = re.compile(r"\.{3,}|\u2026")
_AFTER = re.compile(r"[^\x21-\x7e]|&(?:gt|lt|quot|nbsp|apos|#39);")
_HALF_CODED = re.compile(r"%[0-9A-Fa-f]?$")
_TAIL = ".,;:!?)]}>'*|\""
_KNOWN = frozenset(KNOWN_NAMES)
# What names a meeting by itself, whatever stands before it.
_NAME = re.compile(r"(?<=/)(?:[0-9]{8,}|[a-z]{3}-[a-z]{4}-[a-z]{3})(?![0-9a-z._-])|^meetup-join/[^/]+@thread")
_NAMING = frozenset(("mtid", "confid", "tenantkey", "conf", "key", "d", "prefix", "conference", "id", "domain"))
_PERSONAL = ("/meet/", "/join/")
_PAGES = frozenset(("", "/j", "/join", "/meet", "/my", "/w"))  # where people are asked for the meeting
# Services whose meetings have one name everywhere, and their hosts: a company's own name below is no other place.
_ONE_PLACE = (
    ("zoom.us", "zoom.com", "zoomcrc.com"), ("zoomgov.com",), ("zoom.com.cn",), ("teams.live.com",),
    ("teams.microsoft.com", "teams.cloud.microsoft"), ("teams.microsoft.us",),
)  # fmt: skip


def misleads(words: str, target: Link | None) -> bool:
    """``target``: wrappers taken off; None where it is no link that anybody should follow."""
    if JOINT not in words:
        return _misleads(words, target)
    places = [one for one in _places(words.split(JOINT)) if ADDRESSED.search(one)]
    return len(places) > MOST_PLACES or any(_misleads(one, target) for one in places)


def _places(words: list[str]) -> list[str]:
    """Some of what parts words is seen by nobody: a place goes on behind it where its path or its number does."""
    glued: list[str] = []
    for word in words:
        if glued and word and len(glued[-1]) < MOST_GLUED and _goes_on(glued[-1], word):
            glued[-1] += word
        else:
            glued.append(word)
    return glued


def _goes_on(place: str, word: str) -> bool:
    host, slash, path = place.rpartition("://")[2].partition("/")
    if not slash:
        return word[0] == "/" and len(word) > 1 and ("://" in place or _is_place(host))
    last = path.rpartition("/")[2]
    return word[0].isalnum() and (path.endswith("/") or (last.isdigit() and len(last) < 9 and word[0].isdigit()))


def _misleads(words: str, target: Link | None) -> bool:
    if _PICTURE.fullmatch(words) or (target is not None and words == target.text):
        return False
    web = _WEB.search(words)
    for bare in _HOST.finditer(words, 0, web.start() if web else len(words)):
        if words[bare.end() : bare.end() + 1] in ("/", "?", "#") or _is_place(bare.group()):
            return _differs("https://" + words[bare.start() :], target)
    if web:
        return _differs(words[web.start() :], target)
    mailbox = _MAILBOX.search(words)
    return mailbox is not None and (
        target is None or not _is_mailbox_of(mailbox[1].lower(), mailbox[2].lower(), target)
    )


def _is_place(host: str) -> bool:
    low = host.lower()
    known = not _KNOWN.isdisjoint(suffixes(low)) or low.startswith("www.") or imitates(low) is not None
    return known or _LONG_HOST.fullmatch(host) is not None


def _differs(shown: str, target: Link | None) -> bool:
    if target is None:
        return True
    head, *cut = _CUT.split(shown, maxsplit=1)
    slash = head.find("/", 8)
    if slash != -1 and (after := _AFTER.search(head, slash)):
        if after.group().isdigit():
            return True  # a number in other signs than a link's
        head, cut = head[: after.start()], []  # the link has ended, and words go on
    made = unwrap(head.rstrip(_TAIL + "([" if cut else _TAIL))
    if made.stuck or (made.wrappers and made.link is None):
        return False  # the wrapper's own address, and nothing behind it
    if cut or (made.wrappers and made.link and not made.link.path):  # in the midst of the host, some of them
        return not _begins(made.text, cut[0].strip(_TAIL) if cut else "", target)
    return made.link is None or not _is_same(made.link, target)


def _is_same(shown: Link, target: Link) -> bool:
    if max(len(shown.path), len(target.path)) > MOST_PATH:
        return shown.text == target.text
    here, there = _path(shown), _path(target)
    said, meant = _arguments(shown), _arguments(target)
    if here in _PAGES and not said:
        return _hosts_agree(shown.host, target.host, whole=False)
    if not _hosts_agree(shown.host, target.host) or any(meant.get(key) != value for key, value in said.items()):
        return False
    if "mtid" in said:
        return not there.startswith(_PERSONAL)
    name, other = _NAME.search(here), _NAME.search(there)
    if name and other:
        return name.group() == other.group()
    # A line of the mail may have ended within a number, which then is none.
    return here == there or (other is not None and name is None and there.startswith(here))


def _begins(head: str, tail: str, target: Link) -> bool:
    """Is this how the target begins, and what it has further on, if its words were shortened?"""
    host, slash, rest = _plain(head).partition("/")
    there, _, place = _plain(target.text).partition("/")
    if not slash:
        return there.startswith(host) or _hosts_agree(host, there, whole=False)
    return _hosts_agree(host, there) and place.startswith(rest) and tail.lower() in place[len(rest) :]


def _plain(text: str) -> str:
    return _HALF_CODED.sub("", unquote(text.partition("://")[2])).lower().removeprefix("www.")


def _path(link: Link) -> str:
    """Without what codes its signs, some of it twice. The names of Teams' meetings alone have letters of both cases."""
    path = unquote(unquote(link.path)).rstrip("/")
    _, found, meeting = path.partition("/meetup-join/")
    return found.lstrip("/") + meeting if found else path.lower()


def _arguments(link: Link) -> dict[str, str]:
    """Those that name a meeting, and the fragment where it may hold some."""
    try:
        given = parse_qsl(link.query, max_num_fields=50) if "=" in link.query else []
    except ValueError:
        given = []
    found = {key.lower(): value.lower().rstrip("/") for key, value in given if key.lower() in _NAMING}
    fragment = link.text.partition("#")[2]
    return found | {"#": fragment} if "=" in fragment else found


def _hosts_agree(shown: str, host: str, *, whole: bool = True) -> bool:
    """``whole``: a meeting is named beside it. A bare name of a service stands for all hosts below."""
    shown, host = shown.removeprefix("www."), host.removeprefix("www.")
    if shown == host or (not whole and (belongs(host, shown) or belongs(shown, host))):
        return True
    return any(
        any(belongs(shown, name) for name in names) and any(belongs(host, name) for name in names)
        for names in _ONE_PLACE
    )


def _is_mailbox_of(user: str, host: str, target: Link) -> bool:
    """A room's address may stand for the link of the same meeting at the same host."""
    arguments = _arguments(target)
    named = {*_path(target).split("/"), arguments.get("conference")}
    number = user.partition(".")[0] if user[0].isdigit() else user
    if f"{user}@{host}" in named:
        return True
    return _hosts_agree(host, target.host) and (user in named or number in named or "mtid" in arguments)
