"""What goes to the user agent is well formed whatever was dialled, and what comes from it may be rubbish."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.errors import BadInput
from roomgate.sim.baresip import (
    LARGEST,
    BadFrame,
    Frames,
    Happened,
    Reply,
    build_account,
    build_command,
    build_config,
    find_target,
    is_tones,
    parse_frame,
    parse_proxy,
)  # fmt: skip

ESTABLISHED = {
    "event": True, "type": "CALL_ESTABLISHED", "class": "call", "accountaor": "sip:oslo@rooms.example",
    "direction": "outgoing", "peeruri": "sip:a@example.com", "id": "b9c3cc9e675a4482", "param": "sip:a@example.com",
}  # fmt: skip


def test_all_calls_go_to_one_address_of_this_machine():
    assert parse_proxy("127.0.0.1:5060") == "127.0.0.1:5060"
    assert parse_proxy("127.9.9.9:1") == "127.9.9.9:1"


@pytest.mark.parametrize(
    "text",
    [
        "", "127.0.0.1", "192.0.2.1:5060", "example.com:5060", "localhost:5060", "127.0.0.1:0", "127.0.0.1:65536",
        "127.0.0.256:5060", "127.0.0.1:5060\n", '127.0.0.1:5060;transport=tcp"', "[::1]:5060", "1127.0.0.1:5060",
    ],
)  # fmt: skip
def test_anywhere_else_is_refused(text):
    with pytest.raises(BadInput):
        parse_proxy(text)


@pytest.mark.parametrize(
    ("number", "target"),
    [
        ("98765432109.123456@zoomcrc.com", "sip:98765432109.123456@zoomcrc.com"),
        ("sip:98765432109.123456...1234@zoomcrc.com", "sip:98765432109.123456...1234@zoomcrc.com"),
        ("sips:a@example.com:5061", "sip:a@example.com:5061"),
        ("4711", "sip:4711@rooms.example"),
        ("", None),
        ("a b@example.com", None),
        ("a@example.com;transport=tcp", None),
        ('a@example.com"', None),
        ("a@example.com\nquit", None),
        ("a@b@c", None),
    ],
)
def test_what_is_dialled_is_an_address_or_nothing(number, target):
    assert find_target(number) == target


@given(st.text(max_size=400))
def test_no_number_gets_a_second_word_into_the_command(number):
    target = find_target(number)
    assert target is None or not set(target) & set(' \t\r\n"<>;,\x00')


def test_tones_are_those_that_a_telephone_has():
    assert all(map(is_tones, ("*11", "##", "0123456789", "A", "1" * 32)))
    assert not any(map(is_tones, ("", "1" * 33, "*1 1", "e", "1\n", "１")))


def test_its_files_name_loopback_alone_and_no_sound_device():
    config = build_config(Path("/usr/lib/baresip/modules"), 4444)
    assert "sip_listen 127.0.0.1:0\n" in config
    assert "ctrl_tcp_listen 127.0.0.1:4444\n" in config
    assert not {"alsa", "pulse", "v4l2"} & set(config.split())
    account = build_account('Birch "2"\n<sip:x>', "127.0.0.1:5060")
    assert account.startswith('<sip:birch-2-sip-x@rooms.example>;regint=0;outbound="sip:127.0.0.1:5060;transport=udp"')
    assert account.count("\n") == 1
    assert build_account("会议室", "127.0.0.1:5060").startswith("<sip:room@")


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40)), max_size=5), st.lists(st.integers(1, 7)))
def test_how_the_stream_is_cut_never_matters(commands, cuts):
    whole = b"".join(build_command(command, text, "1") for command, text in commands)
    frames, found, rest = Frames(), [], whole
    for size in cuts:
        found += frames.feed(rest[:size])
        rest = rest[size:]
    found += frames.feed(rest)
    assert [json.loads(one) for one in found] == [
        {"command": command, "params": text, "token": "1"} for command, text in commands
    ]


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_rubbish_on_the_stream_raises_only_our_error(parts):
    frames = Frames()
    try:
        for part in parts:
            assert all(len(frame) <= LARGEST for frame in frames.feed(part))
    except BadFrame as bad:
        assert len(bad.message) < 100


@pytest.mark.parametrize("raw", [b"x:", b"-1:", b"99999999:", b"65537:", b"3:abc!", b":", b" 3:abc,", b"12345678"])
def test_a_length_that_is_none_is_the_end(raw):
    with pytest.raises(BadFrame):
        Frames().feed(raw)


def test_replies_and_events_are_told_apart():
    dialled = parse_frame(b'{"response":true,"ok":true,"data":"call id: 1636495ce5747fee\\n","token":"7"}')
    assert dialled == Reply("7", True, "call id: 1636495ce5747fee\n")
    assert isinstance(dialled, Reply)
    assert dialled.call == "1636495ce5747fee"
    assert Reply("7", False, "no active call\n").call == ""
    assert parse_frame(json.dumps(ESTABLISHED).encode()) == Happened("CALL_ESTABLISHED", "b9c3cc9e675a4482", 0)
    for said, code in (("486 Busy Here", 486), ("404", 404), ("Connection reset by user", 0), ("4044 x", 0)):
        closed = ESTABLISHED | {"type": "CALL_CLOSED", "param": said}
        assert parse_frame(json.dumps(closed).encode()) == Happened("CALL_CLOSED", ESTABLISHED["id"], code)
    assert parse_frame(json.dumps(ESTABLISHED | {"class": "other"}).encode()) is None


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.text() | st.booleans(), st.lists).map(json.dumps).map(str.encode)
)
def test_a_frame_of_rubbish_raises_only_our_error(frame):
    try:
        assert parse_frame(frame) is None
    except BadFrame:
        pass
