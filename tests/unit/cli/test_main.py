import gc
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from cyclopts import App
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomgate.cli.main import app, main
from roomgate.errors import BadInput
from support.cli import run


def leaves(group: App, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], App]]:
    """Every verb, with the words that lead to it."""
    for name in group:
        if name.startswith("-"):
            continue
        found = group[name]
        if below := [one for one in found if not one.startswith("-")]:
            assert below
            yield from leaves(found, (*words, name))
        else:
            yield (*words, name), found


VERBS = dict(leaves(app))
ID = [" ".join(words) for words in VERBS]
SECOND_NAMES = {("room", "show"): ("room", "status")}
PROMISED = """
demo; hub init serve migrate config; connector enrol serve status cut-all; connector vault put list remove;
connector policy check; witness serve; sim serve; login; logout; whoami; site list show add connectors;
room list show remove join dial hang-up mute volume standby say status watch config; ask; person list show add remove;
service-account list show add remove; token list show add remove; web-session list remove; grant list show add remove explain;
lock list show add remove; session list show remove; xapi get set command watch schema; meeting explain list show sync;
check serve-double; ledger verify export list reconcile
"""


def test_every_promised_verb_is_there():
    wanted = set()
    for line in PROMISED.replace("\n", " ").split(";"):
        noun, *verbs = line.split()
        if noun == "connector" and verbs[0] in ("vault", "policy"):
            noun, verbs = f"connector {verbs[0]}", verbs[1:]
        wanted |= {f"{noun} {verb}" for verb in verbs} if verbs else {noun}
    assert wanted - set(ID) == set()


@pytest.mark.parametrize("words", VERBS, ids=ID)
def test_every_verb_explains_itself_with_an_example_and_takes_json(words):
    done = run(*words, "--help")
    assert (done.code, done.err) == (0, "")
    text = " ".join(done.out.split())
    assert f"Example: roomgate {' '.join(SECOND_NAMES.get(words, words))}" in text
    if words != ("completion",):
        assert "--json" in text


@pytest.mark.parametrize("words", VERBS, ids=ID)
def test_an_option_that_there_is_none_of_is_bad_input(words):
    done = run(*words, "--no-such-thing")
    assert done.code == 2
    assert f"`roomgate {' '.join(words)} --help`" in done.err or "requires" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("noun", ["room", "grant", "connector", "connector vault", "xapi", "ledger"])
def test_a_noun_alone_shows_its_verbs(noun):
    done = run(*noun.split())
    assert (done.code, "Commands" in done.out) == (0, True)


def test_what_is_no_command_is_told_with_where_to_look():
    done = run("rooms")
    assert (done.code, done.out) == (2, "")
    assert "`roomgate --help`" in done.err


def process(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **more}
    return subprocess.run(
        [sys.executable, *words], env=env, capture_output=True, text=True, timeout=60, check=False, encoding="utf-8"
    )


HEAVY = {"litestar", "uvicorn", "sqlalchemy", "alembic", "cryptography", "picows", "websockets", "httpx", "cedarpy"}
LOADS = """
import contextlib, io, sys
from roomgate.cli.main import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(sys.argv[1:])
print(" ".join({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], ["room", "--help"], ["grant", "add", "--help"], ["hub", "--help"], ["login", "-h"]],
)
def test_help_loads_no_heavy_package(words):
    done = process("-c", LOADS, *words)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) & HEAVY == set()


def test_a_reader_that_has_enough_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "roomgate.cli.main", "xapi", "schema", "Command/"],
            stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False,
            env={"PYTHONPATH": os.pathsep.join(sys.path), "PATH": "/usr/bin"},
        )  # fmt: skip
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_terminal_that_lacks_a_letter_gets_its_number(tmp_path):
    (tmp_path / "invite.ics").write_text(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:1\nDTSTAMP:20260310T090000Z\n"
        "DTSTART:20260310T090000Z\nDTEND:20260310T093000Z\nSUMMARY:Größe\nLOCATION:sip:a@example.com\n"
        "END:VEVENT\nEND:VCALENDAR\n",
        "utf-8",
    )
    done = process(
        "-m", "roomgate.cli.main", "meeting", "explain", str(tmp_path / "invite.ics"), "--domain", "example.com",
        PYTHONIOENCODING="ascii",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "Gr\\xf6\\xdfe" in done.stdout


def test_the_place_of_a_fault_is_shown_when_asked(monkeypatch):
    words = ["meeting", "explain", "/nonexistent"]
    assert run(*words).code == 2
    monkeypatch.setenv("ROOMGATE_DEBUG", "1")
    with pytest.raises(BadInput, match="cannot be read"):
        main(words)


# What must not start something that goes on, or leave the machine.
TRIED = sorted(
    words for words in VERBS
    if words[-1] not in ("serve", "serve-double", "demo", "completion", "load", "put", "init", "enrol", "export", "trust")
    and words[0] not in ("login", "logout")
)  # fmt: skip
rubbish = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)
plausible = st.sampled_from(
    ["oslo", "-", "--", "--json", "--config", "-5", "1e9", "=", "A=1", "/", "", "--reason", "--help"]
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.sampled_from(TRIED), rest=st.lists(rubbish | plausible, max_size=5))
def test_rubbish_never_gives_a_traceback_or_a_fault(profile, words, rest):
    done = run(*words, *rest)
    assert done.code in (0, 1, 2, 3), (words, rest, done)
    assert "Traceback" not in done.err + done.out
    assert "internal fault" not in done.err
    if done.code:
        assert done.err.strip() or done.out.strip()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rest=st.lists(rubbish | plausible | st.sampled_from(ID), max_size=4))
def test_rubbish_at_the_beginning_neither(profile, rest):
    if any(word in ("demo", "login", "logout", "hub", "sim", "witness", "connector", "check") for word in rest):
        return
    done = run(*rest)
    assert done.code in (0, 1, 2, 3), (rest, done)
    assert "Traceback" not in done.err + done.out


def test_a_demonstration_without_rooms_or_with_too_many_is_bad_input():
    for rooms in ("0", "201", "many"):
        assert run("demo", "--rooms", rooms).code == 2


def test_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", run("--version").out)


def test_what_a_command_loads_is_not_looked_at_by_the_collector_again_and_again():
    kept = gc.get_threshold()
    gc.set_threshold(700, 10, 10)  # as an interpreter begins
    try:
        with pytest.raises(SystemExit) as end:
            main(["--version"])
        assert end.value.code == 0
        looks = gc.get_stats()[0]["collections"]
        loaded = [[number] for number in range(20_000)]
        assert (gc.get_stats()[0]["collections"] - looks, len(loaded)) == (0, 20_000)
    finally:
        gc.set_threshold(*kept)
