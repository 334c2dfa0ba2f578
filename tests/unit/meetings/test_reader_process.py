"""The reader as a process: what it answers, and what it can no longer do."""

import subprocess
from pathlib import Path

import pytest

import roomgate
from roomgate.meetings.reader import command
from roomgate.meetings.reader_messages import HEAD, Begin, Done, Read, frame, parse_answer
from roomgate.meetings.reading import ALL
from support.invites import ics
from support.readers import PLANTED, apart, file, given

SOURCE = str(Path(roomgate.__file__).parents[1])


def run(*messages, words=None):
    """Its exit code, and what it said until the pipe ended."""
    done = subprocess.run(
        words or command(), input=b"".join(map(frame, messages)), capture_output=True, cwd="/",
        env={"PYTHONPATH": SOURCE}, timeout=120, check=False,
    )  # fmt: skip
    said, raw = [], done.stdout
    while raw:
        (length,) = HEAD.unpack(raw[: HEAD.size])
        said.append(parse_answer(raw[HEAD.size : HEAD.size + length]))
        raw = raw[HEAD.size + length :]
    return done.returncode, said


def test_it_answers_each_question_and_ends_with_the_pipe():
    code, [one, two] = run(Begin("UTC"), Read(given(file(1))), Read(given(file(2))))
    assert code == 0
    assert [[one.join.address for one in said.meetings] for said in (one, two)] == [
        ["1@v.example.com"],
        ["2@v.example.com"],
    ]


def test_told_to_it_names_what_it_is_at_before_it_begins():
    _, said = run(Begin("UTC"), Read(given(file(1), b"rubbish"), telling=True))
    assert [one.numbers for one in said[:-1]] == [(), (0,), (1,), (0,), (0,)]
    assert isinstance(said[-1], Done)


def test_what_is_no_beginning_ends_it():
    assert run(Read(given(file(1))))[0] != 0
    assert run(Begin("UTC"), Begin("UTC"))[0] != 0


def test_times_without_a_zone_are_the_site_s():
    raw = ics("DTSTART:20260310T090000", "LOCATION:sip:a@v.example.com")
    _, [done] = run(Begin("Asia/Tokyo"), Read(given(raw)))
    assert done.meetings[0].start.hour == 0


def test_an_answer_is_bounded_and_says_so():
    series = ["DTSTART:20260301T000000Z", "DTEND:20260301T001000Z", "RRULE:FREQ=DAILY"]
    people = [f"ATTENDEE;PARTSTAT=DECLINED:mailto:{number}-{'x' * 150}@example.com" for number in range(2000)]
    _, [done] = run(Begin("UTC"), Read(given(ics(*series, *people))))
    assert done.bad == {ALL: f"too much to tell: only the first {len(done.meetings)} meetings are kept"}
    assert 0 < len(done.meetings) < 31


@pytest.mark.asyncio
async def test_it_opens_nothing_more_and_knows_nothing_of_where_it_came_from(monkeypatch):
    monkeypatch.setenv("ROOMGATE_SECRET", "canary")
    async with apart(words=PLANTED) as reader:
        assert (await reader.read(given(file(1, "rights")))).bad == {0: "/"}
