from pathlib import Path

from roomgate.clock import HandClock
from roomgate.sim.journal import Journal, read_journal


def test_each_line_is_there_at_once_and_half_a_line_is_not_read(tmp_path: Path) -> None:
    path, clock = tmp_path / "journal.jsonl", HandClock()
    assert read_journal(path) == []
    with Journal(path, clock) as journal:
        journal.write("call.dialled", {"number": "a@example.com"})
        clock.advance(0.25)
        journal.write("call.ended", {})
        with path.open("a", encoding="utf-8") as other:
            other.write('{"wall')
        first, second = read_journal(path)
    assert (first["what"], first["number"]) == ("call.dialled", "a@example.com")
    assert second["mono_ms"] - first["mono_ms"] == second["wall_ms"] - first["wall_ms"] == 250


def test_a_journal_that_is_not_held_opens_its_file_for_each_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path, HandClock(), held=False) as journal:
        assert not path.exists()
        journal.write("one", {"n": 1})
        path.rename(tmp_path / "moved")
        journal.write("two", {})
    assert [line["what"] for line in read_journal(path)] == ["two"]
