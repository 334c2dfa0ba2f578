"""A hub that was taken over: its own keys, the real link, and orders that the site must refuse by itself.

The real hub is stopped meanwhile; when it is back, it finds in the site's record what it never ordered.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.cli.demo.evil import WISHES, EvilHub, load_evil, serve_evil
from roomgate.cli.demo.inside import Inside
from roomgate.ids import mint
from roomgate.ledger.event import OrderAbout, OrderRefused, parse_event
from roomgate.ledger.reconcile import NEAR, UNFLUSHED
from roomgate.link.messages import Outcome, Signed
from roomgate.link.order import LEASE_S, Order, seal
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path as XapiPath
from support.waiting import until
from support.world import RunningWorld, in_world

pytestmark = in_world()

VOLUME = Call(Verb.GET, XapiPath.parse("Status/Audio/Volume"))
LOUDER = Call(Verb.COMMAND, XapiPath.parse("Command/Audio/Volume/Set"), (("Level", 33),))
DIAL = Call(Verb.COMMAND, XapiPath.parse("Command/Dial"), (("Number", "ear@example.com"),))
FOUND_S = 30.0

Change = Callable[[Order], Order]


def changed(**fields: Any) -> Change:
    return lambda order: msgspec.structs.replace(order, **fields)


# Orders that are right but for one thing, and the rule by which the site refuses each.
WRONG: dict[str, tuple[Change, str]] = {
    "another room of the site": (changed(room="another"), "order.room"),
    "a room that is none": (changed(device="device_none"), "order.room"),
    "another site": (changed(site="site_other"), "order.site"),
    "another connector": (changed(connector="connector_other"), "order.connector"),
    "a session that nobody vouched for": (changed(session="ses_unheard"), "session.lease"),
    "changed arguments": (changed(arguments=[("Level", 99)]), "order.digest"),
    "another call than was hashed": (changed(path=["Command", "Standby", "Activate"], arguments=[]), "order.digest"),
    "what no catalogue knows": (
        lambda order: _anew(order, Call(Verb.COMMAND, XapiPath.parse("Command/Open/Sesame"), ())),
        "unknown",
    ),
}
# The same, but for their number or their link session: these do not count as the next order.
OUT_OF_TURN: dict[str, tuple[Change, str]] = {
    "a number that was used": (changed(sequence=1), "order.sequence"),
    "a number too far": (lambda order: msgspec.structs.replace(order, sequence=order.sequence + 7), "order.sequence"),
    "another link session": (changed(link=b"another link ses"), "order.link"),
}


def _anew(order: Order, call: Call) -> Order:
    return msgspec.structs.replace(
        order, path=list(call.path.parts), arguments=list(call.arguments), digest=call.digest()
    )


@dataclass
class Played:
    """What the evil hub sent (by name: the order's id), what it was answered, and what the device saw."""

    orders: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Outcome] = field(default_factory=dict)
    seen: list[dict[str, Any]] = field(default_factory=list)
    asked: str = ""  # the question on the panel, for its dial
    lapsed_s: float = 0.0
    forgeries: int = 2
    forged_ended_it: int = 0


@dataclass
class Attack:
    """The evil hub at work."""

    evil: EvilHub
    played: Played

    async def linked(self) -> None:
        """The connector has (again) dialled us and sent its first heartbeat."""
        await until(lambda: self.evil.link is not None and self.evil.link.last_heartbeat > 0, 15)

    def next(self, name: str, call: Call, session: str, change: Change = lambda order: order) -> Signed:
        """Sign and send as the next order in sequence; gives what went over the link."""
        assert self.evil.link is not None
        drafts: list[Order] = []

        def make(nonce: bytes, number: int) -> Order:
            drafts.append(change(self.evil.draft(session, call, nonce, number)))
            return drafts[-1]

        self.evil.link.send_signed(make)
        self.played.orders[name] = drafts[-1].id
        return seal(self.evil.key, drafts[-1])

    def out_of_turn(self, name: str, signed: Signed, order: str) -> None:
        assert self.evil.link is not None
        self.played.orders[name] = order
        self.evil.outcomes.pop(order, None)
        self.evil.link.send(signed)

    async def answered(self, name: str) -> Outcome:
        """What became of it in the end."""
        order = self.played.orders[name]
        async with asyncio.timeout(10):
            while order not in self.evil.outcomes or self.evil.outcomes[order].outcome == "waiting":
                self.evil.news.clear()
                await self.evil.news.wait()
        self.played.answers[name] = self.evil.outcomes[order]
        return self.evil.outcomes[order]


async def attack(evil: EvilHub, room: Inside, played: Played) -> None:
    """All of it, over the link that the connector itself dialled."""
    loop = asyncio.get_running_loop()
    works = Attack(evil, played)
    await works.linked()
    early, session = mint("ses"), mint("ses")
    evil.renew(early)
    renewed = loop.time()
    evil.renew(session)

    for wish in WISHES:
        works.next(wish.words, wish.call, session)
        await works.answered(wish.words)
    for name, (change, _) in WRONG.items():
        works.next(name, LOUDER, session, change)
        await works.answered(name)

    # What the policy allows: a read, and a command; then the very same bytes again.
    # (A read near the end of the true hub, or its next start, may be one that it was not given the time to record, and
    # becomes a note: this one lies beyond both.)
    await until(lambda: loop.time() - renewed > 2 * UNFLUSHED.total_seconds(), 10)
    works.next("allowed read", VOLUME, session)
    read = loop.time()
    assert (await works.answered("allowed read")).outcome == "done"
    once = works.next("allowed", LOUDER, session)
    assert (await works.answered("allowed")).outcome == "done"
    works.out_of_turn("replayed", once, played.orders["allowed"])
    await works.answered("replayed")
    assert evil.link is not None
    for name, (change, _) in OUT_OF_TURN.items():
        # Its number is one that is expected, unless the change makes it another.
        wrong = change(evil.draft(session, LOUDER, evil.link.nonce, evil.link._sequence + 1))
        works.out_of_turn(name, seal(evil.key, wrong), wrong.id)
        await works.answered(name)

    # Nobody remote says Yes for the room.
    evil.renew(session)
    works.next("dial", DIAL, session)
    with contextlib.suppress(TimeoutError):  # then the room was not asked
        question = await room.question(5)
        played.asked = question["text"]
        await room.touch("answer", feedback=question["feedback"], option=2)
    await works.answered("dial")

    # The lease of a session that is not renewed runs out.
    async with asyncio.timeout(LEASE_S + 10):
        while True:
            works.next("lapsed", VOLUME, early)
            if (await works.answered("lapsed")).outcome != "done":
                break
            await asyncio.sleep(0.25)
    played.lapsed_s = loop.time() - renewed

    # A signature of another key ends the link; what was signed for that link is worth nothing in the next.
    for _ in range(played.forgeries):
        forged = evil.draft(session, LOUDER, evil.link.nonce, evil.link._sequence + 1)
        before = evil.link
        evil.link.send(seal(Ed25519PrivateKey.generate(), forged))
        with contextlib.suppress(TimeoutError):  # then the link took what nobody signed
            await until(lambda before=before: evil.link is not before, 5)
            played.forged_ended_it += 1
        await works.linked()
    works.out_of_turn("replayed in the next link", once, played.orders["allowed"])
    await works.answered("replayed in the next link")
    await until(lambda: loop.time() - read > NEAR.total_seconds() + 1, 30)


def moved(room: Inside) -> list[dict[str, Any]]:
    """Whatever a connector did to the device, without the questions and notices on its screen."""
    lines = [line for line in room.lines() if line["what"] in ("command", "config.set", "call.dialled")]
    return [line for line in lines if not str(line.get("name", "")).startswith("UserInterface/Message")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def played(world: RunningWorld) -> AsyncIterator[Played]:
    """The interlude; the real hub is back when the tests look."""
    made = Played()
    async with world.room() as room:
        await world.fine()
        before = len(moved(room))
        await world.world.programs.stop("hub")
        try:
            evil = await asyncio.to_thread(load_evil, world.data("hub"), world.world.connector, room.name)
            certificate, key = world.folder / "hub.pem", world.folder / "hub.key"
            async with asyncio.timeout(90), asyncio.TaskGroup() as group:
                group.create_task(serve_evil(evil, world.world.port, certificate, key))
                try:
                    await attack(evil, room, made)
                finally:
                    evil.over.set()
            made.seen = moved(room)[before:]
        finally:
            await world.start("hub")
        await world.fine()
        yield made


def site_record(folder: Path) -> list[Any]:
    """Every entry of the connector's own ledger."""
    with sqlite3.connect(f"file:{folder / 'connector.db'}?mode=ro", uri=True) as db:
        rows = db.execute('SELECT bytes FROM record_entries ORDER BY "index"').fetchall()
    db.close()
    return [parse_event(raw) for (raw,) in rows]


async def test_what_the_policy_forbids_is_refused(played: Played) -> None:
    answers = {wish.words: played.answers[wish.words] for wish in WISHES}
    assert {words for words, answer in answers.items() if answer.outcome != "refused"} == set()
    assert {answer.rule for answer in answers.values()} <= {"never", "policy"}


@pytest.mark.parametrize("name", [*WRONG, *OUT_OF_TURN])
async def test_an_order_that_is_wrong_in_one_thing_is_refused(played: Played, name: str) -> None:
    answer = played.answers[name]
    assert (answer.outcome, answer.rule) == ("refused", (WRONG | OUT_OF_TURN)[name][1])


async def test_an_order_is_good_once(played: Played) -> None:
    assert played.answers["allowed"].outcome == "done"
    assert played.answers["replayed"].rule == "order.sequence"
    assert played.answers["replayed in the next link"].rule == "order.link"


async def test_what_the_hubs_key_did_not_sign_ends_the_link(played: Played) -> None:
    assert played.forged_ended_it == played.forgeries


async def test_a_dial_needs_the_rooms_yes_from_it_too(played: Played) -> None:
    assert (played.answers["dial"].outcome, "consent" in played.answers["dial"].rule) == ("refused", True)
    assert "ear@example.com" in played.asked


async def test_a_lease_runs_out(played: Played) -> None:
    assert played.answers["lapsed"].outcome == "refused"
    assert played.answers["lapsed"].rule in ("session.lease", "session.cut")
    assert played.lapsed_s <= LEASE_S + 1


async def test_nothing_reached_the_device_but_what_the_policy_allows(played: Played) -> None:
    """Once, though it was sent three times."""
    assert [(line["what"], line["name"]) for line in played.seen] == [("command", "Audio/Volume/Set")]


async def test_the_site_wrote_each_of_them_down(world: RunningWorld, played: Played) -> None:
    record = site_record(world.data("connector"))
    refused = {event.order: event.rule for event in record if isinstance(event, OrderRefused)}
    for name, answer in played.answers.items():
        if answer.outcome == "refused" and "replayed" not in name:
            assert refused[played.orders[name]] == answer.rule, name
    # Nobody can be named for what the hub's key did not sign, but that it came is on record.
    assert "order.signature" in {event.rule for event in record if isinstance(event, OrderRefused) and not event.order}
    again = [e.rule for e in record if isinstance(e, OrderRefused) and e.order == played.orders["allowed"]]
    assert again == ["order.sequence", "order.link"]
    about = [e for e in record if isinstance(e, OrderAbout) and e.order == played.orders["allowed"]]
    assert len(about) == 1


async def test_the_real_hub_finds_what_it_never_ordered(world: RunningWorld, played: Played) -> None:
    wanted = {played.orders[name] for name in played.orders}
    async with asyncio.timeout(FOUND_S):
        while True:
            page = await world.admin.call("GET", "/api/v1/findings?limit=200")
            found = {one["evidence"].get("order"): one for one in page["items"] if one["source"] == "reconciliation"}
            if wanted <= set(found):
                break
            await asyncio.sleep(0.1)
    kinds = {name: found[order]["evidence"]["kind"] for name, order in played.orders.items()}
    # A read whose lease had run out just before the hub came back may be one that it had no time to record: a note.
    assert {name for name, kind in kinds.items() if kind != "site-only"} <= {"lapsed"}
    assert kinds["lapsed"] in ("site-only", "interrupted")
    assert found[played.orders["wipe the device"]]["evidence"]["rule"] == "never"
    assert "acted on" in found[played.orders["allowed"]]["title"]
    assert "answered a read" in found[played.orders["allowed read"]]["title"]
    forged = [one for one in page["items"] if one["evidence"].get("kind") == "forged"]  # they name no order
    assert len(forged) == played.forgeries
    assert {one["evidence"]["rule"] for one in forged} == {"order.signature"}


async def test_both_records_hold_together_afterwards(world: RunningWorld, played: Played) -> None:
    for program in ("hub", "connector"):
        code, verdict = await world.verify(program)
        assert (code, verdict["problems"]) == (0, [])
