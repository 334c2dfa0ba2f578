"""The decision a second time, written from the prose of docs/architecture.md in straight loops.

It shares nothing with `roomgate.access.decision` and `capability`: it reads the rules' file itself, compares words
one by one, and works everything out anew. It may take the nouns (a grant, a room, a call), never their methods.
"""

# ruff: noqa: SIM110 (straight loops are the point of it)

import json
from dataclasses import dataclass
from datetime import datetime
from importlib import resources

from roomgate.access.decision import Ask, Facts
from roomgate.access.grant import Grant
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.schema import Catalogue

_FILE = json.loads(resources.files("roomgate.access").joinpath("data/capabilities.json").read_text("utf-8"))
_KEYS = {"Command": "commands", "Configuration": "configuration", "Status": "status", "Event": "events"}
_CATALOGUE = Catalogue.shipped()


@dataclass
class Answer:
    """``rule`` is what said yes or no. Of a no only the first two are set."""

    rule: str
    some_grant: bool = False
    yes: bool = False
    by: str = ""
    until: datetime | None = None
    counted: bool = False
    held: frozenset[str] = frozenset()


def begins(words: list[str], start: str) -> bool:
    wanted = start.split()
    if len(words) < len(wanted):
        return False
    for n in range(len(wanted)):
        if words[n] != wanted[n]:
            return False
    return True


def class_of(root: str, words: list[str]) -> str | None:
    """The class of the longest rule that the words begin with."""
    best, length = None, -1
    for rule in _FILE[_KEYS[root]]:
        if begins(words, rule["prefix"]) and len(rule["prefix"].split()) > length:
            best, length = rule["class"], len(rule["prefix"].split())
    return best


_leaf_classes: dict[tuple[str, ...], list[str]] = {}  # this file's own memory, or a million would take a day


def includes(capabilities: list[str], call: Call) -> bool:
    """Whether one grant with these capabilities covers the whole of the call."""
    words = [part for part in call.path.parts[1:] if isinstance(part, str)]
    root = str(call.path.parts[0])
    if call.verb is Verb.GET or call.verb is Verb.SUBSCRIBE:
        key = tuple(str(part) for part in call.path.parts)
        if key not in _leaf_classes:
            found = []
            for leaf in _CATALOGUE.leaves(call.path):
                parts = list(leaf.path.parts)
                one = class_of(str(parts[0]), [part for part in parts[1:] if isinstance(part, str)])
                if one is not None:
                    found.append(one)
            _leaf_classes[key] = sorted(set(found))
        for one in _leaf_classes[key]:
            if one in capabilities:
                return True
        return False
    wanted = class_of(root, words)
    if wanted is None or wanted not in capabilities:
        return False
    return not (call.verb is Verb.SET and "configure" not in capabilities)


def takes_a_use(call: Call) -> bool:
    words = [part for part in call.path.parts[1:] if isinstance(part, str)]
    if call.verb is Verb.SET:
        for start in _FILE["sets"]["relieving"]:
            if begins(["Configuration", *words], start):
                return False
        return True
    if call.verb is not Verb.COMMAND:
        return False
    outbound = False
    for start in _FILE["sets"]["outbound"]:
        if begins(words, start):
            outbound = True
    if not outbound and (
        words[-1] == "Explain"
        or words[-1] == "Get"
        or words[-1] == "List"
        or words[-1] == "Search"
        or words[-1] == "Show"
    ):
        return False
    for start in _FILE["sets"]["relieving"]:
        if begins(words, start):
            return False
    return True


def covers(grant: Grant, ask: Ask) -> bool:
    for room in grant.rooms:
        if room == ask.room.id:
            return True
    for site in grant.sites:
        if site == ask.room.site:
            return True
    for tag in grant.tags:
        for borne in ask.room.tags:
            if tag == borne:
                return True
    return False


def naive(ask: Ask, facts: Facts, now: datetime) -> Answer:
    live = []
    for grant in facts.grants:
        if grant.person != ask.principal.id:
            continue
        if grant.paused:
            continue
        if now < grant.start:
            continue
        if now >= grant.until:
            continue
        if covers(grant, ask):
            live.append(grant)
    some = len(live) > 0

    if facts.active is not True:
        return Answer("principal.inactive")
    if facts.room_live is not True:
        return Answer("room.gone")
    for lock in facts.locks:
        if lock.kind == "person":
            hit = lock.subject == ask.principal.id
        elif lock.kind == "room":
            hit = lock.subject == ask.room.id
        elif lock.kind == "site":
            hit = lock.subject == ask.room.site
        elif lock.kind == "connector":
            hit = lock.subject == ask.room.connector
        elif lock.kind == "session":
            hit = ask.session is not None and lock.subject == ask.session
        else:
            hit = True
        if hit:
            return Answer("lock." + lock.kind, some)
    if not some:
        return Answer("no-grant")

    now_open = []
    for grant in live:
        if grant.only_booked and facts.booked is not True:
            continue
        now_open.append(grant)
    if len(now_open) == 0:
        return Answer("not-booked", True)

    covering = []
    for grant in now_open:
        if includes([str(c) for c in grant.capabilities], ask.call):
            covering.append(grant)
    if len(covering) == 0:
        return Answer("capability", True)

    spends = takes_a_use(ask.call)
    chosen = None
    for grant in covering:
        if spends and grant.most_uses is not None:
            if grant.id not in facts.uses:
                continue
            if facts.uses[grant.id] >= grant.most_uses:
                continue
        if chosen is None:
            chosen = grant
        elif (chosen.most_uses is None) == (grant.most_uses is None):
            chosen = grant if grant.until > chosen.until else chosen
        else:
            chosen = grant if grant.most_uses is None else chosen
    if chosen is None:
        return Answer("uses", True)

    held: set[str] = set()
    for grant in now_open:
        for one in grant.capabilities:
            held.add(str(one))
    counted = spends and chosen.most_uses is not None
    rule = "grant.counted" if counted else "grant"
    return Answer(rule, True, True, chosen.id, chosen.until, counted, frozenset(held))
