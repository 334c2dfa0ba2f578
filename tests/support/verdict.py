"""The verdict on a chaos: what people were told, against what stands written."""

from collections import Counter
from datetime import timedelta

from roomgate.clock import SystemClock
from roomgate.ledger.checkpoint import VerifierKey
from roomgate.ledger.event import (
    Event,
    GrantEnded,
    GrantMade,
    OrderAbout,
    OutcomeKnown,
    Permitted,
    Revoked,
    parse_event,
)
from roomgate.ledger.reconcile import Kind, reconcile
from roomgate.ledger.witnessing import parse_witness_key
from roomgate.storage.verify import verify as verify_record
from support.deeds import ROOMS, Report
from support.shaken import SHOW, Shaken


class Verdict:
    """Everything that was told, against everything that stands written. Nothing runs any more but the programs."""

    def __init__(self, world: Shaken, report: Report) -> None:
        self.world = world
        self.report = report
        self.hub = [event for raw in world.entries("hub") if isinstance(event := parse_event(raw), Event)]
        self.hub_raw = world.entries("hub")
        self.site = [event for raw in world.entries("connector") if isinstance(event := parse_event(raw), Event)]

    def judge(self) -> None:
        self.report.outcomes.update(told.outcome for told in self.report.deeds.asks.values())
        self._commands()
        self._grants()
        self._ledgers()
        self._reconciled()

    def _commands(self) -> None:
        ran: Counter[str] = Counter()
        dialled = 0
        for room in ROOMS:
            for line in self.world.inside[room].lines():
                if line["what"] == "command" and line["name"] == SHOW:
                    ran[line["arguments"]["Text"]] += 1
                if line["what"] == "call.dialled":
                    dialled += 1
        report = self.report
        report.twice += [f"{text} ran {times} times" for text, times in ran.items() if times > 1]
        if dialled > report.deeds.dials:
            report.twice.append(f"{report.deeds.dials} dials were asked for, {dialled} were made")
        abouts = Counter(event.call.partition("Text=")[2] for event in self.site if isinstance(event, OrderAbout))
        permitted = {event.ask: index for index, raw in enumerate(self.hub_raw)
                     if isinstance(event := parse_event(raw), Permitted)}  # fmt: skip
        for text, told in report.deeds.asks.items():
            done = ran[text]
            if told.outcome == "done" and not done:
                report.untrue.append(f"{text} was told done and never ran")
            if told.outcome in ("refused", "not sent", "failed") and done:
                report.untrue.append(f"{text} was told {told.outcome} and ran")
            if told.outcome in ("", "waiting"):
                report.untrue.append(f"{text} is still waiting")
            if told.entry is not None and permitted.get(told.ask) != told.entry:
                report.lost.append(f"the permit of {text}: entry {told.entry}")
            if done and not any(text in shown for shown in abouts):
                report.lost.append(f"the site's entry that it was about to show {text}")

    def _grants(self) -> None:
        made = {event.grant for event in self.hub if isinstance(event, GrantMade)}
        ended = {event.grant for event in self.hub if isinstance(event, GrantEnded)}
        revoked = {event.subject.partition(" ")[2] for event in self.hub if isinstance(event, Revoked)}
        rows = dict(self.world.rows("hub", "SELECT id, ended FROM grants"))
        deeds, lost = self.report.deeds, self.report.lost
        lost += [f"grant {one}" for one in sorted(deeds.granted - made | deeds.granted - set(rows))]
        lost += [f"the cut of {one}" for one in sorted(deeds.cut) if one not in ended & revoked or not rows.get(one)]

    def _ledgers(self) -> None:
        witness = parse_witness_key(self.world.witness_vkey)
        for name in ("hub", "connector"):
            key = VerifierKey.parse(self.world.vkeys[name])
            verdict = verify_record(self.world.folder / name, key=key, witnesses=(witness,))
            self.report.ledgers += [f"{name}: {problem}" for problem in verdict.problems]
            if not verdict.witnessed_size:
                self.report.ledgers.append(f"{name}: no witness signed it")

    def _reconciled(self) -> None:
        """As the hub does it, but as it will look when every grace is over."""
        self.report.unexplained += self.unexplained()

    def unexplained(self) -> list[str]:
        later = SystemClock().now() + timedelta(hours=1)
        found = reconcile(self.hub, self.site, now=later)
        self.report.explained = sum(one.kind is Kind.INTERRUPTED for one in found)
        told = {event.order: event.outcome for event in self.hub if isinstance(event, OutcomeKnown)}
        return [
            f"{one.kind.value}: {one.title} ({one.call}, the hub was told {told.get(one.order)})"
            for one in found
            if one.kind is not Kind.INTERRUPTED
        ]


# ---- waiting ---------------------------------------------------------------------------------------
