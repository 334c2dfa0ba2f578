import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.journal import Journal, Run, digest
from roomgate.checks.snapshot import Fact, Snapshot
from roomgate.errors import BadInput, Conflict

RUN = Run(target="A target", target_sha256=digest("x"), began="2026-03-10T09:00:00Z", tier=1, only=("K01",))


def fact(n: int) -> Fact:
    return Fact(label="x", t=float(n), at="", name=str(n), value="é\n" * n)


def earlier_of(journal: Journal) -> list:
    earlier, steps = journal.begin("one")
    steps.close()
    return earlier


@pytest.fixture
def journal(tmp_path) -> Journal:
    made = Journal(tmp_path / "run")
    made.open(RUN)
    return made


def test_the_same_run_goes_on_and_another_is_refused(journal):
    later = msgspec.structs.replace(RUN, began="2026-03-11T09:00:00Z")
    assert journal.open(later).began == RUN.began
    for other in ({"target_sha256": "y"}, {"tier": 2}, {"only": ()}, {"quick": True}, {"intrusive": True}):
        with pytest.raises(Conflict, match="another run"):
            journal.open(msgspec.structs.replace(RUN, **other))


def test_nobody_else_reads_it(journal):
    journal.end(Snapshot(look="one"))
    _, steps = journal.begin("two")
    steps.close()
    for file in journal.folder.rglob("*"):
        assert file.stat().st_mode & 0o077 == 0, file


def test_a_look_that_has_ended_is_found_whole(journal):
    assert journal.find("one") is None
    made = Snapshot(look="one", steps=(fact(1),))
    journal.end(made)
    assert journal.find("one") == made
    assert journal.snapshots() == {"one": made}
    assert [file.name for file in journal.files()] == ["one.json"]
    journal.forget("one")
    assert journal.find("one") is None


def test_what_was_seen_survives_any_number_of_kills(journal):
    for n in range(1, 4):
        earlier, steps = journal.begin("one")
        assert [step.name for step in earlier] == [str(k) for k in range(1, n)]
        steps.keep(fact(n))
        steps.close()
    file = journal.folder / "looks" / "one.steps"
    file.write_bytes(file.read_bytes()[:-7])  # in the middle of a line
    earlier, steps = journal.begin("one")
    steps.keep(fact(9))
    steps.close()
    assert earlier == [fact(1), fact(2)]
    assert earlier_of(journal) == [fact(1), fact(2), fact(9)]


@given(st.integers(0, 400))
def test_wherever_a_kill_cuts_it_only_the_last_line_is_lost(tmp_path_factory, cut):
    journal = Journal(tmp_path_factory.mktemp("run"))
    journal.open(RUN)
    _, steps = journal.begin("one")
    for n in range(5):
        steps.keep(fact(n))
    steps.close()
    file = journal.folder / "looks" / "one.steps"
    raw = file.read_bytes()[:cut]
    file.write_bytes(raw)
    earlier, again = journal.begin("one")
    again.close()
    assert earlier == [fact(n) for n in range(raw.count(b"\n"))]


def test_what_a_kill_left_between_two_moves_is_tidied(journal):
    looks = journal.folder / "looks"
    journal.end(Snapshot(look="one"))
    for name in ("one.steps", "two.steps", "two.json.new"):
        (looks / name).write_bytes(b"")
    (journal.folder / "run.json.new").write_bytes(b"{")
    journal.open(RUN)
    assert sorted(file.name for file in looks.iterdir()) == ["one.json", "two.steps"]
    assert not (journal.folder / "run.json.new").exists()


DAMAGED = (
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"look": 1}',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"look":"one","steps":[{"kind":"odd"}]}',
)


@pytest.mark.parametrize("raw", DAMAGED)
def test_a_damaged_file_is_told_by_its_name(journal, raw):
    (journal.folder / "looks" / "one.json").write_bytes(raw)
    for read in (lambda: journal.find("one"), journal.snapshots):
        with pytest.raises(BadInput, match=r"one\.json is damaged"):
            read()
    (journal.folder / "run.json").write_bytes(raw)
    with pytest.raises(BadInput, match=r"run\.json is damaged"):
        journal.open(RUN)


@given(st.binary(max_size=200))
def test_any_rubbish_among_the_steps_is_the_end_of_them(tmp_path_factory, raw):
    journal = Journal(tmp_path_factory.mktemp("run"))
    journal.open(RUN)
    (journal.folder / "looks" / "one.steps").write_bytes(raw)
    earlier, steps = journal.begin("one")
    steps.keep(fact(1))
    steps.close()
    assert earlier_of(journal) == [*earlier, fact(1)]
