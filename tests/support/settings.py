"""A device of few settings behind the link in memory: it answers reads, takes changes, and judges as it is told."""

import json
from dataclasses import dataclass, field
from typing import Any

from roomgate.link.messages import Outcome
from roomgate.xapi import tree
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path
from support.console import Site

OSLO: dict[str, Any] = {
    "Audio": {
        "DefaultVolume": 50,
        "Input": {"Microphone": [{"id": 1, "Mode": "On"}, {"id": 2, "Mode": "Off"}]},
        "SoundsAndAlerts": {"RingVolume": 50},
    },
    "SystemUnit": {"Name": "oslo"},
    "SIP": {"Authentication": {"Password": "***", "UserName": ""}},
    "Time": {"Zone": "Europe/Oslo"},
    "NetworkServices": {"Websocket": "FollowHTTPService"},
}


@dataclass
class Settled:
    """``fails``: what a change of this path becomes; ``refused``: what the site's verdict says of it."""

    document: dict[str, Any] = field(default_factory=lambda: {"Configuration": OSLO})
    fails: dict[str, Outcome] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    asked: list[Call] = field(default_factory=list)

    @property
    def changes(self) -> list[tuple[str, Any]]:
        return [(str(one.path), one.argument("Value")) for one in self.asked if one.verb is Verb.SET]

    @property
    def reads(self) -> int:
        return sum(one.verb is Verb.GET for one in self.asked)

    def value(self, path: str) -> Any:
        return tree.lookup(self.document, [int(w) if w.isdigit() else w for w in path.split("/")])

    def put(self, path: str, value: Any) -> None:
        """Somebody changes it at the device."""
        self.document = tree.merge(self.document, tree.expand(Path.parse(path), value))

    def answer(self, call: Call) -> Any:
        self.asked.append(call)
        if call.verb is Verb.GET:
            return tree.lookup(self.document, call.path.parts)
        if str(call.path) in self.fails:
            return self.fails[str(call.path)]
        self.document = tree.merge(self.document, tree.expand(call.path, call.argument("Value")))
        return {"status": "OK"}

    def judge(self, call: Call) -> Any:
        wanted = json.loads(call.body or "[]")
        no = {"verdict": "refused", "rule": "policy", "words": "Not here."}
        yes = {"verdict": "allowed", "rule": "", "words": ""}
        return {"Verdicts": [no if one["path"] in self.refused else yes for one in wanted]}


def settled(site: Site, **more: Any) -> Settled:
    made = Settled(**more)
    site.answers["Configuration"] = made.answer
    site.answers["Command/Roomgate/Allowed/Get"] = made.judge
    return made
