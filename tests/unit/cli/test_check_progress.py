"""The tester at the terminal: asked in plain words, one line at a time; gone, told as such; stopped, not stuck."""

import asyncio
import io
import os

import pytest

from roomgate.checks.tester import NobodyToAsk
from roomgate.cli.check_progress import LOUD, Show, Terminal, harmless, progress


@pytest.fixture
def keyboard():
    reading, writing = os.pipe()
    yield reading, lambda text: os.write(writing, text.encode()), lambda: os.close(writing)
    os.close(reading)


@pytest.mark.asyncio
async def test_a_tester_is_asked_and_presses_enter(keyboard, capsys):
    reading, types, _ = keyboard
    types("\n")
    await Terminal(typed_at=reading).please("change the password of ada")
    said = capsys.readouterr()
    assert "  Change the password of ada\n" in said.err
    assert "Press Enter" in said.err
    assert said.out == ""


@pytest.mark.asyncio
async def test_two_lines_at_once_answer_two_questions(keyboard):
    reading, types, _ = keyboard
    types("one\ntwo\n")
    terminal = Terminal(typed_at=reading)
    assert [await terminal.type("First?"), await terminal.type("Second?")] == ["one", "two"]


@pytest.mark.asyncio
async def test_a_line_that_comes_in_pieces_is_one(keyboard):
    reading, types, _ = keyboard
    types("on")
    async with asyncio.TaskGroup() as group:
        answer = group.create_task(Terminal(typed_at=reading).type("What?"))
        await asyncio.sleep(0)
        types("e\n")
    assert answer.result() == "one"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("typed", "chosen"), [("yes\n", "yes"), ("Y\n", "yes"), ("\nmaybe\nn\n", "no"), ("no\n", "no"), ("nob\n", "nobody")]
)
async def test_an_answer_is_one_of_those_offered(keyboard, typed, chosen):
    reading, types, closes = keyboard
    types(typed)
    closes()
    answers = ("yes", "no") if chosen != "nobody" else ("no", "nobody")
    assert await Terminal(typed_at=reading).choose("Is it so?", answers) == chosen


@pytest.mark.asyncio
async def test_the_end_of_the_input_is_told_as_nobody_there(keyboard):
    reading, types, closes = keyboard
    types("the last line without an end")
    closes()
    terminal = Terminal(typed_at=reading)
    assert await terminal.type("What?") == "the last line without an end"
    with pytest.raises(NobodyToAsk):
        await terminal.type("And now?")


@pytest.mark.asyncio
async def test_a_file_can_be_the_keyboard(tmp_path):
    file = tmp_path / "answers"
    file.write_text("one\ntwo\n")
    with file.open() as opened:
        terminal = Terminal(typed_at=opened.fileno())
        assert [await terminal.type("?"), await terminal.type("?")] == ["one", "two"]


@pytest.mark.asyncio
async def test_a_run_that_waits_for_a_person_can_be_stopped(keyboard):
    reading, types, _ = keyboard
    terminal = Terminal(typed_at=reading)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await terminal.please("nothing")
    types("later\n")
    assert await terminal.type("Still there?") == "later"


def test_lines_stay_lines_and_nothing_moves_the_cursor():
    shown = harmless("first\nsecond \x1b[2J\x07\u202eevil\rthird")
    assert shown.split("\n")[0] == "first"
    assert not any(char in shown for char in "\x1b\x07\u202e\r")
    assert "second" in shown
    assert len(harmless("x" * 10_000)) < 500
    assert harmless("\n" * 1000).count("\n") < 100


def test_what_is_not_undone_is_printed_even_without_a_terminal(capsys):
    show = Show()
    show("cutting", "watching", 0.5)
    show("cutting", f"{LOUD}: deleted (500). Please put ada back\x1b[2J", 0.0)
    said = capsys.readouterr().err
    assert LOUD in said
    assert "watching" not in said
    assert "\x1b" not in said


def test_a_stopped_run_says_how_it_goes_on(capsys):
    with pytest.raises(KeyboardInterrupt), progress():
        raise KeyboardInterrupt
    assert "goes on where it was" in capsys.readouterr().err


def test_the_bar_makes_room_for_a_question(monkeypatch):
    class Screen(io.StringIO):
        def isatty(self):
            return True

    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    with progress() as show:
        show("front", "https://target.example/", 0.5)
        with show.quiet():
            print("A question?", file=screen)
        show("front", "after", 1.0)
    assert "A question?" in screen.getvalue()
