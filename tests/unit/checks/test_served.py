"""What is served, refused, trouble or unclear: by the file's own word, or by what was seen before."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.served import Known, Manner, alike, is_heartbeat, manner_of, manner_of_text
from roomgate.checks.snapshot import Exchange

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def step(status=200, body="", url="https://target.example/name", **more):
    return Exchange(label="x", t=0, at="", method="GET", url=url, status=status, body=body, **more)


def after(*samples, **more):
    """What is known once the cut has come."""
    known = Known(**more)
    for text in samples:
        known.learn(text, "https://target.example/name")
    known.learning = False
    return known


@pytest.mark.parametrize(
    ("status", "manner"),
    [
        (0, Manner.TROUBLE), (500, Manner.TROUBLE), (503, Manner.TROUBLE), (429, Manner.TROUBLE),
        (408, Manner.TROUBLE), (301, Manner.REFUSED), (303, Manner.REFUSED), (401, Manner.REFUSED),
        (403, Manner.REFUSED), (404, Manner.REFUSED), (410, Manner.REFUSED), (200, Manner.SERVED),
    ],
)  # fmt: skip
def test_the_status_of_an_answer(status, manner):
    assert manner_of(step(status, "room-4711"), after(expects="room-4711")) is manner


@pytest.mark.parametrize(
    ("body", "known", "manner"),
    [
        ("it is room-4711", after(expects="room-4711"), Manner.SERVED),
        ("it is another", after(expects="room-4711"), Manner.REFUSED),
        ("<h1>room-4711</h1>", after("<h1>room-4711</h1>", marker="room-4711"), Manner.SERVED),
        ("<h1>gone</h1>", after("<h1>room-4711</h1>", marker="room-4711"), Manner.REFUSED),
        ('{"gone": "room-4711"}', after("<h1>room-4711</h1>", marker="room-4711"), Manner.UNCLEAR),
        ('{"volume": 7}', after('{"volume": 3}'), Manner.SERVED),
        ('{"error": "no"}', after('{"volume": 3}'), Manner.UNCLEAR),
        ("anything", Known(), Manner.SERVED),
        ("anything", after(), Manner.UNCLEAR),
    ],
)
def test_the_body_of_an_answer(body, known, manner):
    assert manner_of(step(body=body), known) is manner
    assert manner_of_text(body, known) is manner


def test_a_sign_in_page_is_a_refusal_even_if_it_names_the_room():
    page = '<p>room-4711</p><form><input type="password"></form>'
    assert manner_of(step(body=page), after("<p>room-4711</p>", expects="room-4711")) is Manner.REFUSED
    assert manner_of(step(body=page), after(page, expects="room-4711")) is Manner.SERVED


def test_another_page_at_another_place_is_a_refusal():
    elsewhere = step(body="<p>Welcome</p>", url="https://target.example/welcome")
    assert manner_of(elsewhere, after('{"volume": 3}')) is Manner.REFUSED


def test_a_broken_answer_is_trouble_and_a_long_one_is_not():
    assert manner_of(step(body="room", fault="ReadError"), after(expects="room")) is Manner.TROUBLE
    assert manner_of(step(body="room", fault="timeout", truncated=True), after(expects="room")) is Manner.SERVED


def test_a_server_that_lost_its_device_refuses_where_that_is_the_point():
    assert manner_of(step(503), after(expects="room", broken_is_refused=True)) is Manner.REFUSED
    assert manner_of(step(0), after(expects="room", broken_is_refused=True)) is Manner.TROUBLE


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('{"a": 1, "b": "x"}', '{"b": "yy", "a": 200}', True),
        ('{"a": 1}', '{"a": 1, "b": 2}', False),
        ('{"ok": true, "data": {"x": 1}}', '{"ok": false, "data": null}', False),
        ("[1, 2, 3]", "[]", True),
        ('{"a": 1}', "a: 1", False),
        ("<ul><li>a<li>b</ul>", "<ul><li>c<li>d</ul>", True),
        ("<ul><li>a<li>b</ul>", "<form><p><input></form>", False),
        ("temperature 21.5", "temperature 23.0", True),
        ("temperature 21.5", "access denied", False),
    ],
)
def test_answers_of_one_form(one, other, same):
    assert alike(one, other) is same


@pytest.mark.parametrize(
    ("text", "beat"),
    [
        ("ping", True), ('{"type":"ping"}', True), ('{"event": "keep-alive"}', True), ("heartbeat", True), ("{}", True),
        ("", True), ('{"type":"ping","room":"4711"}', False), ("room-4711", False), ("pinging the room", False),
    ],
)  # fmt: skip
def test_heartbeats_tell_nothing(text, beat):
    assert is_heartbeat(text) is beat


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_is_compared_without_an_error(one, other):
    assert alike(one, other) is alike(other, one)
    assert alike(one, one) is True
    is_heartbeat(one)


@given(JSON)
def test_every_json_is_like_itself(value):
    assert alike(json.dumps(value), json.dumps(value))


@given(st.text(max_size=200), st.integers(0, 599))
def test_any_answer_has_a_manner(body, status):
    assert manner_of(step(status, body), after("x")) in Manner


def test_a_page_that_html_parsers_choke_on_is_judged_all_the_same():
    assert manner_of(step(body="<![odd[ <p>room-4711"), after(expects="room-4711")) is Manner.SERVED
    assert alike("<![odd[ <p>", "<![odd[ <p>") is True
