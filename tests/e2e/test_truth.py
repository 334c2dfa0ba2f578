"""The simulated device answers as is known of real ones: the corpus of `tests/corpus/roomos`, asked by raw sockets, and by lines over SSH."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from support.cli import program
from support.raw_device import Place
from support.truth import GENERATIONS, Truth, load_truths
from support.truth_shell import ShellDoor, ask_shell
from support.truth_teller import Room, Teller

# The interfaces that the simulator has; the corpus knows those to come as well.
INTERFACES = ("websocket", "feedback", "errors", "sessions-and-limits", "http", "ssh")
PROFILES = {"9.15": "9.15", "11": "11", "26": "26"}
# What a program is told whose rooms have the rate limits of a device; the others have some that tests can live under.
REAL_LIMITS: tuple[str, ...] = ("--real-limits",)
TRUTHS = [truth for truth in load_truths() if truth.interface in INTERFACES]


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], Room]]:
    """Rooms by generation and name; the programs of a generation start with the first question to them."""
    with ExitStack() as programs:
        yield Rooms(tmp_path_factory.mktemp("truth"), programs)


class Rooms(dict[tuple[str, str], Room]):
    def __init__(self, folder: Path, programs: ExitStack) -> None:
        super().__init__()
        self.folder, self.programs = folder, programs

    def __missing__(self, key: tuple[str, str]) -> Room:
        generation, asked_for = key
        crowd = "crowd" in asked_for
        names = {truth.room for truth in TRUTHS if generation in truth.generations and ("crowd" in truth.room) == crowd}
        words = [word for name in sorted(names) for word in ("--name", name)] + list(REAL_LIMITS if crowd else ())
        where = str(self.folder / f"{generation}-{crowd}")
        started = program("sim", "serve", *words, "--profile", PROFILES[generation], "--data", where, "--json")
        for room in self.programs.enter_context(started)["rooms"]:
            place = Place(room["host"], room["port"], room["ca"])
            shell = (room["ssh_port"], room["ssh_host_key"]) if "ssh_port" in room else None
            made = Room(place, (room["admin_user"], room["admin_password"]), shell)
            self[generation, room["name"]] = made
            self.programs.callback(made.close)
        return self[key]


def asked() -> Iterator[object]:
    for generation in GENERATIONS:
        together = pytest.mark.xdist_group(f"truth-{generation}")
        for truth in TRUTHS:
            if generation in truth.generations:
                yield pytest.param(generation, truth, id=f"{generation}-{truth.id}", marks=together)


def differences(room: Room, truth: Truth, generation: str) -> list[str]:
    if truth.interface != "ssh":
        return Teller(room, truth, generation).differences()
    assert room.shell is not None
    return asyncio.run(ask_shell(ShellDoor(room.place.host, *room.shell, *room.admin), truth))


@pytest.mark.e2e
@pytest.mark.parametrize(("generation", "truth"), list(asked()))
def test_what_is_known_holds(rooms: Rooms, generation: str, truth: Truth) -> None:
    assert differences(rooms[generation, truth.room], truth, generation) == [], truth.source


def lies() -> Iterator[object]:
    """A few confirmed entries of each interface, each with something in its answer that no device says."""
    for name, lie in (
        ("websocket/get-integer", {"reply": {"id": 1, "jsonrpc": "2.0", "result": {"?": "string"}}}),
        ("websocket/id-number", {"reply": {"id": "7", "jsonrpc": "2.0", "result": {"?": "integer"}}}),
        ("websocket/notification-is-not-answered", {"reply": {"?": "object"}}),
        ("websocket/upgrade-basic", {"status": 101, "headers": {"Sec-WebSocket-Accept": "another"}}),
        ("websocket/certificate-is-the-rooms-own", {"self-signed": False}),
        ("feedback/leaf", {"reply": {"?": "object"}}),
        ("feedback/present-leaf", {"reply": {"?": "object"}, "then": [{"?": "absent"}]}),
        ("feedback/unsubscribe", {"reply": {"id": 1, "jsonrpc": "2.0", "result": False}}),
        ("errors/parse-words", {"reply": {"?": "object"}, "reply comes": "last", "then": [{"?": "anything"}]}),
        ("errors/unknown-method", {"reply": {"error": {"code": -32600, "...": "more"}, "id": 1, "jsonrpc": "2.0"}}),
        ("sessions-and-limits/default-sessions-per-user", {"reply": {"id": 1, "jsonrpc": "2.0", "result": 19}}),
    ):
        truth = next(one for one in TRUTHS if one.id == name)
        yield pytest.param(replace(truth, entry={**truth.entry, "answer": lie}), id=name)


@pytest.mark.e2e
@pytest.mark.xdist_group("truth-26")
@pytest.mark.parametrize("lie", list(lies()))
def test_what_is_not_so_is_told(rooms: Rooms, lie: Truth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("support.truth_teller.WAIT_S", 0.5)  # two of these wait for what does not come
    assert Teller(rooms["26", lie.room], lie, "26").differences() != []
