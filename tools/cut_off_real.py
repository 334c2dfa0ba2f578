"""The measured half of docs/cut-off.md: what real processes and real clients felt, from the files that are kept.

`tools/cut_off.py` puts it into the page. The figures come from
``bench/results/*-cut-matrix.json`` (written by tests/e2e/test_cut_matrix.py where ``ROOMGATE_CUT_FIGURES`` names it)
and from the bench's own results; nobody writes a number by hand.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from bench import ROOT, keeping
from bench.page import markdown
from bench.result import Table
from bench.samples import quantile
from bench.words import number

RESULTS = ROOT / "bench" / "results"
NOT_YET = "*Not measured yet.*"
CALL = "the call"
WORDS = {
    "rest": "readings, one after another",
    "events": "event stream",
    "page": "page of the console",
    "xows": "`/ws`, by PyPI's xows",
    "jsxapi": "`/ws`, by npm's jsxapi",
    "tunnel": "tunnel, to the end of a connection in it",
    "consent": "an ask that waits for the room",
    "watch": "`roomgate room watch`",
    CALL: "the call that they had started",
}

BOUNDS = """\
## The bounds

- **One second** from the commit to the last frame, for every channel at a hub that runs. It is judged by p99, below.
- **15 seconds** for what was started at a site whose connector hears nothing of the cut: its leases lapse. The clock
  of the lease is monotonic and runs from the heartbeat that was answered, so neither a clock that is set nor a late
  answer prolongs it.
- **No bound** is needed for new commands: from the commit on each is refused, whichever way it comes.

From its commit on, and before any goodbye, no channel that falls carries anything more of a room. The goodbye (the
close frame 4403, or the `cut` event with the reason) follows; where very many fall in one moment it is the goodbyes
that queue for the processor."""

FALLS = """\
## What falls with what

| cause | web sessions, CLI sign-ins | tokens | grants | channels and effects |
|---|---|---|---|---|
| grant revoked, narrowed, expired | stay | stay | that one | those that no other live grant of the person covers |
| person disabled, deleted, deprovisioned | end | end | end; what they gave to others pauses until an administrator confirms it | all |
| own password or second factor changed | end, but the one that changed it | end | stay | all, but that one web session |
| password or second factor reset by somebody else | end | end | stay | all |
| role changed | go on | judged anew | given ones beyond the new rights pause | judged anew |
| signed out by the identity provider | those of that sign-in, and devices that it signed in | stay | stay | those opened from them |
| token revoked | stay | that one | stay | those opened with it |
| lock | refused while it holds; nothing issued before it lives again | same | stay | all that match |
| room removed, re-assigned; device credential changed; connector disabled, cloned, re-enrolled | stay | stay | pause where the room is gone | all of that room or site |
| the site's policy changed, cut-all at the site | stay | stay | stay | all of that site; whoever still may asks anew |"""

NOT_PROMISED = """\
## What is not promised

- What the hub handed to the kernel before the cut may still be on its way: bytes in the network's buffers, in a
  proxy's, in the client's own. The figures below are read at the client, so they contain what loopback adds.
- What somebody has seen, noted or recorded stays seen.
- A hub that lies can withhold a cut from a connector, but not prolong a lease by silence; what a site never allowed
  it cannot allow. What a hub that was taken over may do within the site's policy is in the threat model.
- An account at the device that is not ours is the device owner's: nothing here ends it.
- In the first moments after the hub's own restart it does not know of sessions that caused nothing lasting before. What
  ends then is refused by the hub at once, and at the site within the lease: an ask that waited for the room's Yes
  falls with its lease, not within a second.
- Without a link the site cannot be told. Channels at the hub end at once; what was started there ends with its lease.
- A clock that is set back makes grants that have not begun by it give nothing; it prolongs none.
- An answer that is whole at once (a page, a table as CSV) is not taken back while it is being sent. Nothing that
  lasts is an answer: every stream is a channel, and a test holds that."""


def measured() -> Iterable[str]:
    files = sorted(RESULTS.glob("*-cut-matrix.json"))
    if files:
        kept = json.loads(files[-1].read_text("utf-8"))
        yield said(kept)
        yield markdown(by_condition(kept["cases"]))
    else:
        yield NOT_YET
    for kept_one in keeping.load_newest(["cut", "cut-many"]):
        machine = kept_one.machine
        yield (
            f"### By `make bench`: `{kept_one.result.name}`\n\n{kept_one.day}, {machine.processor}, {machine.cores} cores, "
            f"{machine.kernel}, commit `{machine.commit}`."
        )
        for table in kept_one.result.tables:
            yield markdown(table)
        yield from kept_one.result.notes


def said(kept: Mapping[str, Any]) -> str:
    machine, cases = kept["machine"], kept["cases"]
    conditions = {case["condition"] for case in cases}
    return (
        f"{len(cases)} cases of cause and condition ({len({case['cause'] for case in cases})} causes, {len(conditions)} "
        "conditions), each with every channel open: a hub, a connector and simulated rooms as processes of their own, "
        "and real clients. Milliseconds from the time in the revocation's ledger entry, just before the commit, to the "
        f"end at the client. {kept['day']}, {machine['processor']}, {machine['cores']} cores, {machine['kernel']}, with a "
        f"load of {machine['load'][0]:.1f} beside it. Readings are made every 50 ms, so their figure is that of the next "
        "one; `roomgate room watch` is timed to the end of its process."
    )


def by_condition(cases: Iterable[Mapping[str, Any]]) -> Table:
    """A row for each channel, a column for each condition: the median and the longest."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    conditions: dict[str, None] = {}
    for case in cases:
        conditions.setdefault(case["condition"])
        for channel, seconds in case["took_s"].items():
            found[channel, case["condition"]].append(seconds * 1000)
    rows = [
        [words, *(shown(found.get((channel, condition), [])) for condition in conditions)]
        for channel, words in WORDS.items()
    ]
    return Table("Milliseconds: median, and the longest", ["", *conditions], rows)


def shown(ms: list[float]) -> str:
    return f"{number(quantile(ms, 0.5))}, {number(max(ms))}" if ms else "–"
