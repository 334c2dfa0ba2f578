import json

import pytest

from roomgate.cli.room import Seen, parse_arguments, parse_events
from roomgate.errors import BadInput
from support.cli import BookHub, RealHub, ok, problem, run

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture(scope="module", autouse=True)
def granted(one_hub: RealHub) -> None:
    """The administrator gave themself some rights on one room; a role alone opens none."""
    rights = ("observe", "call", "av-control", "ui", "privacy", "configure", "bookings")

    async def give() -> None:
        from roomgate.access.capability import Capability

        await one_hub.hub.parts.grants.make(
            one_hub.hub.admin, "ada", ["oslo"], frozenset(map(Capability, rights)), minutes=60, reason="test"
        )

    one_hub.do(give())


def last_order(hub: RealHub) -> tuple[str, str, dict[str, object]]:
    order = hub.link.orders[-1]
    return order.verb, " ".join(map(str, order.path)), dict(order.arguments)


@pytest.mark.parametrize(
    ("words", "order", "said"),
    [
        (["dial", "oslo", "1@example.com"], ("command", "Command Dial", {"Number": "1@example.com"}), "oslo is calling"),
        (["hang-up", "oslo"], ("command", "Command Call Disconnect", {}), "oslo hung up"),
        (["mute", "oslo"], ("command", "Command Audio Microphones Mute", {}), "oslo is muted"),
        (["mute", "oslo", "--off"], ("command", "Command Audio Microphones Unmute", {}), "microphones are open"),
        (["volume", "oslo"], ("get", "Status Audio Volume", {}), "oslo: volume 50."),
        (["volume", "oslo", "30"], ("command", "Command Audio Volume Set", {"Level": 30}), "oslo: volume 30."),
        (["standby", "oslo"], ("command", "Command Standby Activate", {}), "oslo sleeps"),
        (["standby", "oslo", "--off"], ("command", "Command Standby Deactivate", {}), "oslo is awake"),
        (
            ["say", "oslo", "Hello", "--title", "Now", "--seconds", "5"],
            ("command", "Command UserInterface Message Alert Display", {"Text": "Hello", "Title": "Now", "Duration": 5}),
            "oslo shows it for 5 s",
        ),
        (["config", "oslo", "Audio/DefaultVolume"], ("get", "Configuration Audio DefaultVolume", {}), "40"),
        (
            ["config", "oslo", "Configuration/Audio/DefaultVolume", "35"],
            ("set", "Configuration Audio DefaultVolume", {"Value": 35}),
            "Configuration/Audio/DefaultVolume is 35",
        ),
    ],
)  # fmt: skip
def test_each_verb_asks_for_one_thing_and_says_that_it_was_done(hub, words, order, said):
    done = run("room", *words)
    assert (done.code, done.err) == (0, "")
    assert said in done.out
    verb, path, arguments = last_order(hub)
    assert (verb, path, {k: v for k, v in arguments.items() if k in order[2]}) == order


def test_json_gives_the_hub_s_own_answer(hub):
    done = run("room", "volume", "oslo", "--json")
    assert (done.code, done.json["outcome"], done.json["result"]) == (0, "done", 50)


def test_ask_reads_and_commands(hub):
    assert run("ask", "oslo", "Status/Audio/Volume").out == "50\n"
    assert run("ask", "oslo", "xStatus Audio Volume").out == "50\n"
    assert run("ask", "oslo", "Audio Volume Set", "Level=12", "--json").json["outcome"] == "done"
    assert last_order(hub) == ("command", "Command Audio Volume Set", {"Level": 12})
    done = run("ask", "oslo", "Status/Audio/Volume", "Level=12")
    assert (done.code, "takes no arguments" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["dial", "oslo", "refused@example.com"], 1, "The site does not allow it. (rule policy) [denied]"),
        (["dial", "oslo", "broken@example.com"], 1, "The device is busy. [ask.failed]"),
        (["dial", "oslo", "lost@example.com"], 3, "Look at the room before you ask again"),
        (["dial", "rome", "1@example.com"], 1, "There is no such room"),
        (["dial", "nowhere", "1@example.com"], 1, "There is no such room"),
        (["dial", "os lo/../x", "1@example.com"], 1, "[not-found]"),
        (["volume", "oslo", "101"], 2, "from 0 to 100"),
        (["volume", "oslo", "loud"], 2, "unable to convert"),
        (["config", "oslo", "Audio/DefaultVolume", "loud"], 2, "DefaultVolume"),
        (["config", "oslo", "Audio/Nothing"], 2, "has no Nothing"),
        (["config", "oslo", "NetworkServices/SSH/Mode", "Off"], 1, "needs"),
        (["join", "oslo"], 1, "no meeting to join"),
    ],
)
def test_each_kind_of_no_has_its_code_and_says_why(hub, words, code, said):
    done = run("room", *words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert "Traceback" not in done.err


def test_who_has_no_grant_is_told_of_no_room(hub, monkeypatch):
    hub.do(hub.hub.person("bob"))
    monkeypatch.setenv("ROOMGATE_TOKEN", hub.token_of("bob"))
    assert run("room", "list", "--json").json == []
    assert "grants open them" in run("room", "list").out
    assert run("room", "status", "oslo").code == 1


def test_list_and_status_show_the_rooms(hub):
    table = run("room", "list").out.splitlines()
    assert table[0].split()[:2] == ["name", "state"]
    assert [line.split()[0] for line in table[1:]] == ["oslo", "rome"]
    assert [room["name"] for room in run("room", "list", "--json").json] == ["oslo", "rome"]
    assert run("room", "status", "oslo", "--json").json["name"] == "oslo"
    assert run("room", "show", "oslo").out == run("room", "status", "oslo").out


def test_a_room_that_must_be_asked_is_waited_for(book: BookHub):
    waiting = {"ask": "ask_1", "outcome": "waiting", "result": None, "words": ""}
    book.answer(ok(waiting), ok(waiting), ok(waiting | {"outcome": "done"}))
    done = run("room", "dial", "oslo", "1@example.com")
    assert (done.code, done.out.splitlines()[0]) == (0, "Waiting for somebody in the room to say yes …")
    assert [(one.method, one.path) for one in book.asked] == [
        ("POST", "/api/v1/rooms/oslo/asks"),
        ("GET", "/api/v1/asks/ask_1?wait=10"),
        ("GET", "/api/v1/asks/ask_1?wait=10"),
    ]
    assert book.asked[0].headers["Prefer"] == "wait=30"


@pytest.mark.parametrize(("outcome", "code"), [("refused", 1), ("failed", 1), ("unknown", 3)])
def test_what_a_wait_ended_with_decides_the_exit_code(book: BookHub, outcome, code):
    book.answer(
        ok({"ask": "ask_1", "outcome": "waiting"}),
        ok({"ask": "ask_1", "outcome": outcome, "words": "Nobody answered."}),
    )
    done = run("room", "dial", "oslo", "1@example.com")
    assert (done.code, done.out.splitlines()[-1]) == (code, f"oslo: {outcome}. Nobody answered.")
    book.answer(ok({"ask": "ask_1", "outcome": outcome, "words": ""}))
    assert run("room", "dial", "oslo", "1@example.com", "--json").json["outcome"] == outcome


def events(*sent: tuple[str, object]) -> tuple[int, dict[str, str], bytes]:
    text = ": beat\n\n" + "".join(f"id: 1\nevent: {name}\ndata: {json.dumps(data)}\n\n" for name, data in sent)
    return 200, {"Content-Type": "text/event-stream"}, text.encode()


def test_watch_tells_each_change_and_ends_with_the_cut(book: BookHub):
    seen = {"path": "Status/Audio/Volume", "value": 50, "at": "2026-03-10T09:00:00.000Z"}
    cut = {"reason": "grant.revoked", "words": "The grant was revoked.", "at": seen["at"]}
    book.answer(events(("status", seen), ("gap", seen), ("cut", cut)))
    done = run("room", "watch", "oslo", "Status/Audio/Volume", "Status/Call")
    assert book.asked[0].path == "/api/v1/rooms/oslo/events?path=Status%2FAudio%2FVolume&path=Status%2FCall"
    assert done.out.splitlines() == [
        "2026-03-10T09:00:00.000Z  Status/Audio/Volume: 50",
        "2026-03-10T09:00:00.000Z  Status/Audio/Volume: from here on, anew",
    ]
    assert (done.code, "The grant was revoked. [grant.revoked]" in done.err) == (1, True)
    done = run("room", "watch", "oslo", "Status/Audio/Volume", "--json")
    assert [json.loads(line)["event"] for line in done.out.splitlines()] == ["status", "gap", "cut"]
    assert done.code == 1


def test_a_stream_that_ends_without_a_word_is_unreachable(book: BookHub):
    book.answer(events())
    assert run("room", "watch", "oslo").code == 3
    book.answer(problem(404, "not-found", "There is no such room."))
    assert run("room", "watch", "oslo").code == 1


def test_events_are_read_as_they_come_and_rubbish_is_left_out():
    lines = ["event: status", 'data: {"a":', "data: 1}", "", ": beat", "", "data: rubbish", "", "data: [1]", "", "x"]
    assert list(parse_events(lines)) == [Seen("status", {"a": 1})]


def test_arguments_are_names_with_values():
    assert parse_arguments(["A=1", "B=x=y", "A=2", "A=3", "C="]) == {"A": ["1", "2", "3"], "B": "x=y", "C": ""}
    for bad in ("A", "=1", ""):
        with pytest.raises(BadInput):
            parse_arguments([bad])


def test_what_others_wrote_cannot_steer_the_terminal(book: BookHub):
    book.answer(ok({"ask": "a", "outcome": "refused", "words": "\x1b[2Jgone\nroomgate: done"}))
    out = run("room", "dial", "oslo", "1@example.com").out
    assert "\x1b" not in out
    assert len(out.splitlines()) == 1
    book.answer(ok({"items": [{"name": "\x1b]0;x\x07oslo", "state": "[red]fine"}], "next": None}))
    out = run("room", "list").out
    assert ("\x1b" in out, "[red]fine" in out) == (False, True)


def test_a_removed_room_is_gone(one_hub, book: BookHub):
    book.answer((204, {}, b""))
    done = run("room", "remove", "a room")
    assert (done.code, book.asked[0].method, book.asked[0].path) == (0, "DELETE", "/api/v1/rooms/a%20room")
    assert run("room", "remove", "oslo", "--json").json == {"removed": "oslo"}


@pytest.mark.parametrize("text", ["", "  \n"])
def test_nothing_is_not_said_in_a_room(book: BookHub, text):
    book.answer(ok({}))
    done = run("room", "say", "oslo", text)
    assert (done.code, book.asked) == (2, [])
    assert "There is nothing to say." in done.err
