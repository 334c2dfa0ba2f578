"""K15: device links can be guessed."""

from collections.abc import Sequence

import msgspec

from roomgate.checks.declared import Check, Weight
from roomgate.checks.guessing import STRONG_BITS, WEAK_BITS, Bound, bound_all
from roomgate.checks.looks import links
from roomgate.checks.outcome import Judgement, Outcome, Point, failed, inconclusive, passed
from roomgate.checks.rules.k01_link_needs_no_sign_in import judge_link
from roomgate.checks.snapshot import Snapshot
from roomgate.checks.target import Target

HALF_BITS = 40.0  # behind a sign-in: an id that is no secret, but cannot be gone through either
FEWEST = 3  # of one alone, nobody sees what all have in common
# Behind a sign-in, who guesses must have an account, and the address is only half of what opens the room.
MILDER = "CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N"


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``names``: the owner says that an address is an id and nothing more, and that each request is weighed anew."""

    names: bool = False


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    if not target.links:
        return inconclusive("There is no link to look at.")
    bounds = bound_all(target.links)
    table = [{"link": one.link, "part": one.shown, "bits at most": one.bits, "why": one.why} for one in bounds]
    outcomes = {judge_link(snapshot, link, target).outcome for link in target.links}
    if Outcome.FAIL in outcomes:
        return _alone(bounds, table, certain=True)
    if all(link.account for link in target.links) or outcomes == {Outcome.PASS}:
        options = target.option("K15", Options) or Options()
        return _behind_sign_in(bounds, table, options.names, proven=outcomes == {Outcome.PASS})
    return _alone(bounds, table, certain=False)


def _alone(bounds: Sequence[Bound], table: Sequence[dict[str, object]], *, certain: bool) -> Judgement:
    """The address is all there is: whoever guesses it is in. ``certain``: it was seen to open for a stranger."""
    points = [Point(one.link, _said(one)) for one in bounds]
    weak = [one for one in bounds if one.bits < WEAK_BITS]
    if weak and not certain and all(one.is_name for one in weak):
        return inconclusive("The addresses are names, and whether a name alone opens a room was not seen.", points)
    if weak:
        least = min(weak, key=lambda one: one.bits)
        return failed(f"A device link is guessed in at most 2^{least.bits:.0f} tries: {least.why}.", points, "", table)
    if len(bounds) < FEWEST:
        return inconclusive(
            f"{len(bounds)} link{'s look' if len(bounds) > 1 else ' looks'} long enough, but only {FEWEST} or more, "
            "better five, show whether they count or share parts. Have more issued, and name them.",
            points,
        )
    middling = any(one.bits < STRONG_BITS for one in bounds)
    said = "Nothing in the links lowers them below 64 bits" + (", but 128 is what a secret has." if middling else ".")
    return passed(said, points, table)


def _behind_sign_in(
    bounds: Sequence[Bound], table: Sequence[dict[str, object]], names: bool, *, proven: bool
) -> Judgement:
    points = [Point(one.link, _said(one)) for one in bounds]
    weak = [one for one in bounds if one.bits < HALF_BITS and not one.is_name]
    if weak and len(bounds) >= FEWEST and not names:
        least = min(weak, key=lambda one: one.bits)
        return failed(
            f"Device links need a sign-in, but whoever has one guesses the next in at most 2^{least.bits:.0f} tries: "
            f"{least.why}.", points, MILDER, table,
        )  # fmt: skip
    if not proven:
        return inconclusive("Whether the links open anything by themselves was not seen.", points)
    return passed("The links open nothing without a sign-in: they may be names.", points, table)


def _said(one: Bound) -> str:
    return f"{one.shown}: at most {one.bits:.0f} bits, {one.why}"


CHECK = Check(
    id="K15",
    title="Device links can be guessed",
    weight=Weight.COUNTED,
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:L/SC:N/SI:N/SA:N",
    cwe=(330, 340),
    asvs=("11.5.1",),
    sources=("https://www.rfc-editor.org/rfc/rfc9562", "https://cwe.mitre.org/data/definitions/340.html"),
    procedure="Nothing is tried: no address is guessed. Of the links in the target file, take the part by which they "
    "differ. Its length and alphabet give the most bits that it can have; a counter, a time, a shared part, a UUID "
    "that is made of a time, the hash of a small number, a name or something readable in base64 lower that. Below 64 "
    "bits it fails where the link opens by itself. Where it needs a sign-in, names are sound; three or more links that "
    "are short codes or numbers, below 40 bits, fail, milder, for they are half of what opens a room.",
    remedy="Let an address open nothing by itself: then it may be a name. Where it must be a secret, make it of 128 "
    "bits or more from the system's random source.",
    mistaken="Numbers that are ids and nothing more, with every request weighed by who asks, are sound: names = true "
    "under [K15] says so, and K16 tries it. An address whose secret stands in another part than its last one, or is "
    "checked against a signature, can be stronger than it looks; none can be weaker.",
    look=links.LOOK,
    judge=judge,
    options=Options,
)
