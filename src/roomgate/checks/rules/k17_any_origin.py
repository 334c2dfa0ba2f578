"""K17: a stranger's page can open the target's WebSocket in a visitor's browser, and is served by it."""

from collections.abc import Sequence
from typing import Any

from roomgate.checks.declared import Check, Weight
from roomgate.checks.looks import origins
from roomgate.checks.outcome import Judgement, Outcome, Point, failed, inconclusive, not_applicable, passed
from roomgate.checks.served import Known
from roomgate.checks.snapshot import Exchange, Fact, Frame, Snapshot
from roomgate.checks.target import Target

# Where browsers keep the cookies from other sites' pages, a page of the same site has to be taken over first.
SHIELDED = "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:A/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N"


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    sockets = [step for step in snapshot.of(Fact, origins.SOCKET) if isinstance(step.value, dict)]
    not_asked = [
        Point(step.subject, f"not asked: {step.fault}", (snapshot.number(step),))
        for step in snapshot.of(Fact, origins.NOT_ASKED)
    ]
    if not sockets and not not_asked:
        pages = snapshot.of(Exchange, origins.PAGE)
        if not any(step.answered for step in pages):
            return inconclusive("The target file has no WebSocket, and no page answered that could name one.")
        return not_applicable("The target file has no WebSocket, and its pages name none.")
    found = [_Socket(snapshot, step).judge() for step in sockets]
    points = [*(point for _, some, _ in found for point in some), *not_asked]
    table = [row for socket in sockets for row in _Socket(snapshot, socket).rows()]
    worst = [outcome for outcome, _, _ in found]
    if Outcome.FAIL in worst:
        shielded = all(shield for outcome, _, shield in found if outcome is Outcome.FAIL)
        says = (
            "A stranger's page can open its WebSocket in a visitor's browser, and is served what the visitor may see."
        )
        if shielded:
            says += " Browsers keep its cookies from other sites' pages, so the page must stand on the same site."
        return failed(says, points, SHIELDED if shielded else "", table)
    if Outcome.INCONCLUSIVE in worst or not_asked:
        return inconclusive("Whether other origins are turned away could not be seen everywhere.", points)
    return passed("No stranger's page is served by its WebSockets.", points, table)


class _Socket:
    """One WebSocket, and how each origin fared with it."""

    def __init__(self, snapshot: Snapshot, fact: Fact) -> None:
        self._snapshot = snapshot
        self._fact = fact
        value: dict[str, Any] = fact.value
        self._known = Known(expects=str(value.get("expects") or ""))
        self._secret = value.get("secret") is True
        self._asked = value.get("asked") is True
        self._shielded = value.get("shielded") is True
        for label in (origins.OWN, origins.FULL):
            for frame in self._frames(label):
                if frame.way == "received" and origins.serves(frame.text, self._known):
                    self._known.learn(frame.text)
        self._known.learning = False

    def judge(self) -> tuple[Outcome, list[Point], bool]:
        """What is to be said of it, and whether its cookies are kept from other sites."""
        own, full = self._way(origins.OWN), self._way(origins.FULL)
        if self._secret:
            says = "its address holds a secret that no stranger's page has"
            return Outcome.PASS if full == "served" else Outcome.INCONCLUSIVE, [self._point(says, origins.FULL)], False
        strange = {label: self._way(label) for label in origins.STRANGE}
        if let := [label for label, way in strange.items() if way == "served"]:
            if self._way(origins.STRANGER) == "served" and not self._known.expects:
                return Outcome.INCONCLUSIVE, [self._point("it serves anybody, signed in or not", *let)], False
            says = f"served to pages of other origins ({', '.join(let)}) with the visitor's cookies alone"
            return Outcome.FAIL, [self._point(says, *let)], self._shielded
        if silent := [label for label, way in strange.items() if way in ("", "trouble")]:
            says = f"the upgrade met trouble ({', '.join(silent)})"
            return Outcome.INCONCLUSIVE, [self._point(says, *silent)], False
        if near := [label for label in origins.NEAR if self._way(label) == "served"]:
            says = (
                f"strangers are turned away, but a page of its {' and its '.join(near)} is served: allow exact origins"
            )
            return Outcome.INCONCLUSIVE, [self._point(says, *near)], False
        if own == "served" and not self._asked and "opened" in strange.values():
            says = "opened to strangers' pages, which waited in vain: give it something to send, to tell why"
            return Outcome.INCONCLUSIVE, [self._point(says, *strange)], False
        if own == "served":
            return Outcome.PASS, [self._point("other origins are turned away, or not served", *strange)], False
        if full == "served":
            says = "cookies alone are not served: it asks for a token that no stranger's page has"
            return Outcome.PASS, [self._point(says, origins.OWN, origins.FULL)], False
        if own == "opened" and all(way == "refused" for way in strange.values()):
            return Outcome.PASS, [self._point("other origins are turned away", *strange)], False
        says = "it served nothing to its own page either: give its send and expects in a [[channels]] table"
        return Outcome.INCONCLUSIVE, [self._point(says, origins.OWN, origins.FULL)], False

    def rows(self) -> list[dict[str, Any]]:
        """The upgrade matrix."""
        labels = (origins.OWN, origins.FULL, *origins.STRANGE, *origins.NEAR, origins.NONE, origins.STRANGER)
        return [
            {"socket": self._fact.subject, "origin": label, "outcome": way}
            for label in labels
            if (way := self._way(label))
        ]

    def _way(self, label: str) -> str:
        """served, opened, refused, trouble; empty where it was not tried."""
        frames = self._frames(label)
        if any(frame.way == "received" and origins.serves(frame.text, self._known) for frame in frames):
            return "served"
        if any(frame.way == "opened" for frame in frames):
            return "opened"
        refused = [frame for frame in frames if frame.way == "refused"]
        if not refused:
            return ""
        code = refused[0].code
        return "trouble" if code in (0, 408, 425, 429) or code >= 500 else "refused"

    def _frames(self, label: str) -> list[Frame]:
        return self._snapshot.of(Frame, label, self._fact.subject)

    def _point(self, says: str, *labels: str) -> Point:
        steps: Sequence[Frame] = [frame for label in labels for frame in self._frames(label)]
        return Point(self._fact.subject, says, tuple(self._snapshot.number(step) for step in steps[:10]))


CHECK = Check(
    id="K17",
    title="A stranger's page can open its WebSocket",
    weight=Weight.REQUIRED,
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    cwe=(1385, 346),
    asvs=("4.4.2",),
    sources=("https://www.rfc-editor.org/rfc/rfc6455#section-10.2", "https://cwe.mitre.org/data/definitions/1385.html"),
    procedure="For each WebSocket of the target file (or, if it has none, those that its pages and scripts name): sign "
    "in, and open it with the session's cookies alone and the Origin of the target's own page; then with those of a "
    "stranger, a look-alike host, null, a sub-domain, another port, and none. Send the channel's text, and listen for "
    "three seconds. It fails if a stranger's, the look-alike's or the null origin is not only upgraded but served.",
    remedy="Compare the Origin of every upgrade with a list of exact origins, and ask for a proof in the first message "
    "that only the own page has: a ticket that is good once, for seconds. Cookies alone should open nothing.",
    mistaken="Designs that take a token in the first message or in a header may accept any origin, for cookies alone are "
    "then served nothing: that is no fail. Give the channel's send and expects, so that what is served is known from a "
    "greeting. Where cookies are SameSite, the attack needs a page on the same site: it is rated lower.",
    look=origins.LOOK,
    judge=judge,
)
