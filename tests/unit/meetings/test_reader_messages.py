from datetime import datetime

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from msgspec.structs import replace

from roomgate.meetings.reader_messages import (
    HEAD,
    At,
    BadFrame,
    Begin,
    Done,
    Read,
    answered,
    digests,
    frame,
    parse_answer,
    parse_asked,
    parse_length,
)
from roomgate.meetings.reading import ALL, Understood, read
from support.readers import file, given

ROOM = given(file(1), file(2))
MEETINGS = read(ROOM, None).meetings


def body(message):
    raw = frame(message)
    assert parse_length(raw[: HEAD.size], len(raw)) == len(raw) - HEAD.size
    return raw[HEAD.size :]


def test_what_is_sent_is_what_arrives():
    read_ = Read(ROOM, frozenset({(b"1", b"2")}), True)
    for asked in (Begin("Europe/Oslo", (("a.toml", b"x"),)), read_):
        assert parse_asked(body(asked)) == asked
    for told in (At((1, 2)), Done(MEETINGS, {1: "why"})):
        assert parse_answer(body(told)) == told


@drawn(st.binary())
def test_rubbish_is_refused(raw):
    for parse in (parse_asked, parse_answer):
        with pytest.raises(BadFrame):
            parse(raw)


def test_a_message_of_the_other_end_is_none():
    with pytest.raises(BadFrame):
        parse_answer(body(Begin("UTC")))
    with pytest.raises(BadFrame):
        parse_asked(body(At(())))


def test_a_length_beyond_the_bound_is_refused():
    assert parse_length(HEAD.pack(10), 10) == 10
    with pytest.raises(BadFrame):
        parse_length(HEAD.pack(11), 10)


def test_an_answer_that_can_be_true_is_what_was_understood():
    assert answered(Done(MEETINGS, {ALL: "a", 1: "b"}), ROOM) == Understood(MEETINGS, {ALL: "a", 1: "b"})


@pytest.mark.parametrize(
    "done",
    [
        Done((), {2: "of a file that nobody gave"}),
        Done((), {-2: "of none"}),
        Done(MEETINGS * 1001, {}),
        Done((replace(MEETINGS[0], start=datetime(2026, 3, 10, 9)),), {}),
        Done((replace(MEETINGS[0], end=MEETINGS[0].start.replace(year=2025)),), {}),
    ],
)
def test_an_answer_that_cannot_be_true_is_refused(done):
    with pytest.raises(BadFrame):
        answered(done, ROOM)


def test_an_invitation_is_known_again_by_what_it_is():
    other = given(file(3), file(1))
    assert digests(ROOM, (0,)) == digests(other, (1,)) != digests(ROOM, (1,))
    assert digests(ROOM, (0, 1)) != digests(other, (0, 1))
