import json
import os
import pty
import subprocess
import sys

import pytest

from roomgate.cli.output import say, show_facts, show_json, show_table


def test_a_table_in_a_pipe_is_never_folded_and_has_no_colours(capsys):
    rows = [{"name": "oslo", "words": "w" * 300, "linked": True}, {"name": "rome", "words": None, "linked": False}]
    show_table(rows, ["name", "words", "linked"], empty="")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [["name", "words", "linked"], ["oslo", "w" * 300, "yes"], ["rome", "no"]]


def test_an_empty_table_says_what_belongs_there(capsys):
    show_table([], ["name"], empty="No rooms yet.")
    assert capsys.readouterr().out == "No rooms yet.\n"


def test_facts_leave_out_what_is_not_known(capsys):
    show_facts({"name": "oslo", "call_since": None, "words": "", "calls": 0, "rooms": ["a", "b"]})
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(maxsplit=1)[0] for line in lines] == ["what", "name", "calls", "rooms"]
    assert lines[-1].endswith("a, b")


def test_json_is_one_line_for_programs(capsys):
    show_json({"name": "Zürich", "at": [1, 2], "esc": "\x1b"})
    out = capsys.readouterr().out
    assert (len(out.splitlines()), "Zürich" in out, "\x1b" in out) == (1, True, False)
    assert json.loads(out)["esc"] == "\x1b"


def test_sentences_hold_no_control_characters(capsys):
    say("a\x1b[31mb\nc\u202e")
    assert capsys.readouterr().out == "a·[31mb·c·\n"


SHOW = "from roomgate.cli.output import show_table; show_table([{'name': 'oslo'}], ['name'], empty='')"


def on_a_terminal(**more: str) -> bytes:
    """What a table looks like where a person reads it."""
    ours, theirs = pty.openpty()
    env = {"PYTHONPATH": os.environ.get("PYTHONPATH", ""), "TERM": "xterm", "PATH": "/usr/bin", **more}
    try:
        subprocess.run([sys.executable, "-c", SHOW], stdout=theirs, env=env, check=True, timeout=60)
        return os.read(ours, 4096)
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(("more", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_people_who_want_them(more, coloured):
    shown = on_a_terminal(**more)
    assert b"oslo" in shown
    assert (b"\x1b[2m" in shown) == coloured
