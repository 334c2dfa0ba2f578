"""Everything is accounted for, twice: both ledgers hold, show tampering, and tell of the same asks."""

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.cli import ledger as ledger_command
from roomgate.clock import SystemClock
from roomgate.ledger import event as kinds
from roomgate.ledger.checkpoint import COSIGNATURE, VerifierKey
from roomgate.ledger.reconcile import Kind, reconcile
from support.ledgers import DATABASES, copy, events_until, flip
from support.world import RunningWorld, in_world

pytestmark = in_world()


async def witnessed(world: RunningWorld) -> dict[str, dict[str, Any]]:
    """The verdicts on both sides, once the witness has signed for something of each."""
    found: dict[str, dict[str, Any]] = {}
    async with asyncio.timeout(30):
        while not all(found.get(program, {}).get("witnessed_size") for program in DATABASES):
            found = {program: (await world.verify(program))[1] for program in DATABASES}
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def verdicts(world: RunningWorld) -> dict[str, dict[str, Any]]:
    return await witnessed(world)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def originals(world: RunningWorld, verdicts: object, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies of both records that hold, to be copied again and falsified."""
    folder = tmp_path_factory.mktemp("originals")
    for program in DATABASES:
        copied = copy(world.folder, program, folder)
        assert ledger_command.verify(copied, witness=[world.world.witness["vkey"]], json=True) == 0
    return folder


async def test_both_records_hold_and_the_witness_agrees(verdicts: dict[str, dict[str, Any]]) -> None:
    for program, verdict in verdicts.items():
        assert (verdict["ok"], verdict["problems"]) == (True, []), program
        assert 0 < verdict["witnessed_size"] <= verdict["signed_size"] <= verdict["size"]


@pytest.mark.parametrize("name", ["witness.demo", "witness.elsewhere"])
async def test_another_witness_did_not_sign(world: RunningWorld, verdicts: object, name: str) -> None:
    """Also one of the same name: what counts is the key."""
    stranger = str(VerifierKey.of(name, Ed25519PrivateKey.generate(), COSIGNATURE))
    code, out, err = await world.cli("ledger", "verify", str(world.data("hub")), "--witness", stranger, "--json")
    assert code == 1, err
    assert json.loads(out)["ok"] is False


PLACES = {
    "an entry": ("record_entries", "bytes", '"index" DESC', -3),
    "an early entry": ("record_entries", "bytes", '"index"', 9),
    "an entry's hash": ("record_entries", "leaf", '"index"', 0),
    "an entry's kind": ("record_entries", "kind", '"index"', 0),
    "a node of the tree": ("record_nodes", "hash", 'level, "index"', 31),
    "the root's way": ("record_nodes", "hash", 'level DESC, "index"', 0),
    "the edge of the tree": ("record_head", "hashes", "id", 5),
    "the oldest checkpoint's root": ("record_checkpoints", "note", "size", 30),
    "the newest checkpoint's size": ("record_checkpoints", "note", "size DESC", 20),
    "the witness's signature": ("record_checkpoints", "note", "witnessed DESC, size DESC", -10),
    "the key": ("record_about", "key", "id", -4),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("program", DATABASES)
async def test_one_byte_changed_is_found(
    world: RunningWorld,
    originals: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    program: str,
    place: str,
) -> None:
    folder, witness = copy(originals, program, tmp_path), [str(world.world.witness["vkey"])]
    table, column, order, at = PLACES[place]
    flip(folder, program, table, column, order, at)
    assert ledger_command.verify(folder, witness=witness, json=True) == 1
    assert json.loads(capsys.readouterr().out)["problems"]


@pytest.mark.parametrize("program", DATABASES)
async def test_entries_cut_off_at_the_end_are_missed(
    world: RunningWorld, originals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], program: str
) -> None:
    folder, witness = copy(originals, program, tmp_path), [str(world.world.witness["vkey"])]
    with closing(sqlite3.connect(folder / DATABASES[program])) as db:
        db.execute("DROP TRIGGER record_entries_no_delete")
        (signed,) = db.execute("SELECT max(size) FROM record_checkpoints").fetchone()
        db.execute('DELETE FROM record_entries WHERE "index" >= ?', (signed - 1,))
        db.commit()
    assert ledger_command.verify(folder, witness=witness, json=True) == 1
    assert f"{signed} entries were signed for" in capsys.readouterr().out


async def asked_by_somebody(world: RunningWorld) -> tuple[str, dict[str, str]]:
    """One ask of every outcome; gives who asked, and the outcome by call."""
    async with world.room() as room:
        who = await world.guest(room.name, ["observe", "call", "av-control", "configure", "security"])
        async with world.caller(who.token) as caller:
            asks: list[tuple[str, dict[str, Any]]] = [
                ("done", {"get": "Status/Audio/Volume"}),
                ("done", {"command": "Audio/Volume/Set", "arguments": {"Level": 44}}),
                ("done", {"set": "Configuration/Audio/DefaultVolume", "value": 47}),
                ("refused", {"command": "SystemUnit/FactoryReset", "arguments": {"Confirm": "Yes"}}),
                ("refused", {"command": "UserInterface/Message/Prompt/Response", "arguments": {"OptionId": 1}}),
            ]
            told = {}
            for expected, wish in asks:
                _, answer = await caller.ask(room.name, wish)
                assert answer["outcome"] == expected, (wish, answer)
                told[str(next(iter(wish.values())))] = expected
            dialling = asyncio.create_task(
                caller.ask(room.name, {"command": "Dial", "arguments": {"Number": "friend@example.com"}}, wait_s=20)
            )
            question = await room.question()
            await room.touch("answer", feedback=question["feedback"], option=2)
            assert (await dialling)[1]["outcome"] == "refused"
            told["Dial"] = "refused"
        return who.id, told


async def test_every_ask_is_in_both_ledgers_and_each_one_missing_is_told(world: RunningWorld) -> None:
    who, told = await asked_by_somebody(world)

    orders: set[str] = set()  # of theirs

    def theirs(found: list[Any]) -> list[Any]:
        """What they asked, and what became of it: the room has a past with other people."""
        asked = [one for one in found if getattr(one, "principal", None) == who]
        orders.update(order for one in asked if (order := getattr(one, "order", "")))
        return [one for one in found if one in asked or getattr(one, "order", "") in orders]

    def final(found: list[Any]) -> set[str]:
        """Orders that came to an end, and asks that never became one."""
        closing_kinds = (kinds.OrderOutcome, kinds.OrderRefused, kinds.OutcomeKnown)
        ended = {one.order for one in theirs(found) if isinstance(one, closing_kinds)}
        return ended | {one.ask for one in theirs(found) if isinstance(one, kinds.Refused)}

    hub = theirs(await events_until(world.folder, "hub", lambda found: len(final(found)) >= len(told)))
    permits = {one.order: one for one in hub if isinstance(one, kinds.Permitted)}
    site = theirs(await events_until(world.folder, "connector", lambda found: final(found) >= set(permits)))
    denied = [one for one in hub if isinstance(one, kinds.Refused)]
    calls = [one.call for one in (*permits.values(), *denied)]
    assert [call for call in told if not any(call in one for one in calls)] == []
    assert len(calls) == len(told)

    later = SystemClock().now() + timedelta(minutes=10)
    assert reconcile(hub, site, now=later) == []
    done = {one.order for one in hub if isinstance(one, kinds.OutcomeKnown) and one.outcome == "done"}
    # What the hub says was refused may never have been sent, so that the site need not know of it.
    assert len(done) == list(told.values()).count("done")
    for order in done:
        less_site = [one for one in site if getattr(one, "order", None) != order]
        assert [(d.kind, d.order) for d in reconcile(hub, less_site, now=later)] == [(Kind.NO_TRACE, order)]
    acted = {one.order for one in site if isinstance(one, kinds.OrderAbout | kinds.OrderRefused)}
    assert len(acted) >= 3
    for order in acted:
        less_hub = [one for one in hub if getattr(one, "order", None) != order]
        assert [(d.kind, d.order) for d in reconcile(less_hub, site, now=later)] == [(Kind.NOT_PERMITTED, order)]


async def test_what_the_device_was_told_is_in_both_ledgers(world: RunningWorld) -> None:
    """The device's own journal is the third witness: every call of its own that came from outside has a permit."""
    async with world.room() as room:
        before = room.count("call.dialled")
        who = await world.guest(room.name)
        async with world.caller(who.token) as caller:
            wish = {"command": "Dial", "arguments": {"Number": "friend@example.com"}}
            dialling = asyncio.create_task(caller.ask(room.name, wish, wait_s=20))
            await room.say_yes()
            _, answer = await dialling
            assert answer["outcome"] == "done"
        order = answer["receipt"]["order"]
        assert room.count("call.dialled") == before + 1
        for program, kind in (("hub", kinds.Permitted), ("connector", kinds.OrderAbout)):
            found = await events_until(world.folder, program, lambda found: True)
            assert [one.room for one in found if isinstance(one, kind) and one.order == order] == [room.name]
