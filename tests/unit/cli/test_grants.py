import pytest

from roomgate.cli.api import Api, at
from roomgate.cli.room import parse_events
from support.cli import BookHub, RealHub, ok, run

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture
def guest(hub: RealHub, request: pytest.FixtureRequest) -> str:
    """Somebody new for each test."""
    name = f"guest-{request.node.name[:40]}".replace("_", "-").replace("[", "-").replace("]", "")
    hub.do(hub.hub.person(name))
    return name


def give(person: str, *more: str, capability: str = "observe", room: str = "oslo") -> str:
    done = run("grant", "add", person, "--room", room, "--capability", capability, "--reason", "test", *more, "--json")
    assert done.code == 0, done
    return str(done.json["id"])


def test_a_grant_from_its_beginning_to_its_end(guest):
    done = run("grant", "add", guest, "--room", "oslo", "--room", "rome", "--capability", "observe", "--reason", "test")
    assert (done.code, done.out.startswith("Grant grant_")) == (0, True)
    id = done.out.split()[1]
    shown = run("grant", "show", id, "--json").json
    assert (shown["rooms"], shown["capabilities"]) == (["oslo", "rome"], ["observe"])
    assert id in run("grant", "list").out
    said = run("grant", "narrow", id, "--room", "oslo").out
    assert said.startswith(f"{id} is observe on oslo until ")
    assert run("grant", "narrow", id, "--room", "oslo", "--room", "rome").code in (1, 2)
    assert run("grant", "narrow", id).code == 2
    assert run("grant", "narrow", id, "--until", shown["until"], "--json").code == 0
    assert run("grant", "remove", id).out == f"{id} is gone, and what it opened is cut.\n"
    assert run("grant", "remove", id).code in (0, 1)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--minutes", "0"], "more than 0 minutes"),
        (["--minutes", "1e9"], "at most 366 days"),
        (["--until", "tomorrow"], "RFC 3339"),
        (["--until", "2027-01-01T00:00:00Z", "--minutes", "5"], "either --minutes or --until"),
        (["--capability", "everything"], "no capability everything"),
        (["--room", "nowhere"], "no room nowhere"),
    ],
)
def test_a_grant_that_cannot_be(guest, more, said):
    done = run("grant", "add", guest, "--room", "oslo", "--capability", "observe", "--reason", "test", *more)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_explain_says_which_grant_gives_it_and_what_lacks(guest, hub: RealHub):
    done = run("grant", "explain", guest, "oslo", "Dial")
    assert (done.code, done.out) == (1, "No: No live grant covers this room. (rule no-grant)\nMissing: call.\n")
    id = give(guest)
    verdict = run("grant", "explain", guest, "oslo", "Status/Audio/Volume", "--json").json
    assert (verdict["allowed"], verdict["grant"], verdict["call"]) == (True, id, "Status/Audio/Volume")
    assert run("grant", "explain", guest, "oslo", "Status/Audio/Volume").out.startswith(f"Yes: {guest} may, by {id}")
    verdict = run("grant", "explain", guest, "oslo", "Audio Volume Set", "--json").json
    assert (verdict["allowed"], verdict["rule"]) == (False, "capability")
    assert run("grant", "explain", guest, "rome", "Status/Audio/Volume").code == 1
    assert run("grant", "explain", guest, "oslo", "Nothing Like It").code == 2
    assert run("grant", "explain", "nobody", "oslo", "Dial").code == 1
    assert run("grant", "explain", guest, "nowhere", "Dial").code == 1


def test_explain_agrees_with_the_hub(guest, hub: RealHub, monkeypatch):
    """What is said beforehand is what happens."""
    give(guest, capability="observe")
    give(guest, capability="av-control")
    calls = [("Status/Audio/Volume", []), ("Audio Volume Set", ["Level=5"]), ("Dial", ["Number=1@example.com"])]
    said = [run("grant", "explain", guest, "oslo", call).code for call, _ in calls]
    monkeypatch.setenv("ROOMGATE_TOKEN", hub.token_of(guest))
    assert [run("ask", "oslo", call, *arguments).code for call, arguments in calls] == said == [0, 0, 1]


def test_a_service_account_is_explained_too(hub: RealHub):
    run("service-account", "add", "robot")
    give("robot")
    assert run("grant", "explain", "robot", "oslo", "Status/Audio/Volume").code == 0


def test_a_lock_shuts_at_once_and_is_lifted(guest, hub: RealHub, monkeypatch):
    give(guest)
    token = hub.token_of(guest)
    done = run("lock", "add", "person", guest, "--reason", "lost telephone")
    id = done.out.split("roomgate lock remove ")[1].split("`")[0]
    assert "lost telephone" in run("lock", "list").out
    assert run("lock", "show", id, "--json").json["kind"] == "person"
    assert run("grant", "explain", guest, "oslo", "Status/Audio/Volume", "--json").json["rule"] == "lock.person"
    monkeypatch.setenv("ROOMGATE_TOKEN", token)
    assert run("room", "volume", "oslo").code == 1
    monkeypatch.setenv("ROOMGATE_TOKEN", hub.token)
    assert run("lock", "remove", id).out == f"{id} is lifted.\n"
    assert run("lock", "list").out == "Nothing is locked.\n"
    assert run("lock", "add", "planet", "earth", "--reason", "x").code == 2
    made = run("lock", "add", "room", "rome", "--reason", "x", "--json").json
    assert run("lock", "remove", made["id"], "--json").json == {"removed": made["id"]}


def test_whoever_is_refused_by_a_lock_reads_why(guest, hub: RealHub, monkeypatch):
    give(guest)
    id = run("lock", "add", "room", "oslo", "--reason", "board meeting", "--json").json["id"]
    try:
        monkeypatch.setenv("ROOMGATE_TOKEN", hub.token_of(guest))
        done = run("room", "volume", "oslo")
    finally:
        monkeypatch.setenv("ROOMGATE_TOKEN", hub.token)
        run("lock", "remove", id)
    assert (done.code, "Locked: board meeting. (rule lock.room) [denied]" in done.err) == (1, True)


def test_a_session_is_seen_and_ended_and_its_watcher_is_told(guest, hub: RealHub, monkeypatch):
    give(guest)
    monkeypatch.setenv("ROOMGATE_TOKEN", hub.token_of(guest))
    stream = Api.from_profile().lines(at("rooms", "oslo", "events", path="Status/Audio/Volume"))
    first = next(parse_events(stream))
    assert (first.name, first.data["value"]) == ("status", 50)
    monkeypatch.setenv("ROOMGATE_TOKEN", hub.token)
    (row,) = [row for row in run("session", "list", "--json").json if row["name"] == guest]
    assert (row["room"], row["channels"]) == ("oslo", ["events"])
    assert guest in run("session", "list").out
    assert run("session", "show", row["id"], "--json").json["id"] == row["id"]
    assert run("session", "remove", row["id"]).code == 0
    last = list(parse_events(stream))[-1]
    assert (last.name, last.data["reason"]) == ("cut", "session.ended")
    assert run("session", "remove", row["id"]).code == 1


def test_confirming_a_grant(book: BookHub):
    book.answer(ok({"id": "grant_1", "until": "later"}))
    assert run("grant", "confirm", "grant_1").out == "grant_1 counts again, until later.\n"
    assert book.asked[0].path == "/api/v1/grants/grant_1/confirm"
