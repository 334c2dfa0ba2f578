"""HTTP archives: whole by the specification's own list of fields, whatever the target sent."""

import json
from datetime import datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.har import build_har, encode_har
from roomgate.checks.snapshot import Snapshot
from support.reports import exchange

ENTRY = {"startedDateTime", "time", "request", "response", "cache", "timings"}
REQUEST = {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"}
RESPONSE = {
    "status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize", "bodySize",
}  # fmt: skip


def entries(*steps):
    return build_har(Snapshot(look="links", steps=steps))["log"]["entries"]


def test_every_field_that_the_specification_asks_for():
    (entry,) = entries(exchange(1))
    assert entry.keys() >= ENTRY
    assert entry["request"].keys() >= REQUEST
    assert entry["response"].keys() >= RESPONSE
    assert entry["response"]["content"].keys() >= {"size", "mimeType"}
    assert entry["timings"].keys() >= {"send", "wait", "receive"}


def test_what_was_asked_and_answered_is_there():
    (entry,) = entries(exchange(1, sent_body="a=1", sent=(("Content-Type", "text/plain"), ("Cookie", "a=1; b=2"))))
    assert entry["request"]["cookies"] == [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]
    assert entry["request"]["queryString"] == [{"name": "a", "value": "1"}, {"name": "b", "value": ""}]
    assert entry["request"]["postData"] == {"mimeType": "text/plain", "text": "a=1"}
    assert entry["response"]["cookies"] == [{"name": "s", "value": "1"}]
    assert entry["response"]["content"]["text"].startswith("<title>room-1")
    assert entry["response"]["_sha256"] == exchange(1).body_sha256


def test_it_began_before_it_was_written_down():
    (entry,) = entries(exchange(1, took_ms=1500.0))
    assert entry["startedDateTime"] == "2026-03-10T08:59:58.500Z"
    assert entry["time"] == 1500.0


def test_no_answer_is_told_as_one():
    (entry,) = entries(exchange(1, status=0, fault="timeout", headers=(), body="", body_bytes=0))
    assert (entry["response"]["status"], entry["response"]["_error"]) == (0, "timeout")


@given(
    st.builds(
        exchange, url=st.text(max_size=60), at=st.text(max_size=30), took_ms=st.floats(), status=st.integers(0, 999),
        headers=st.lists(st.tuples(st.sampled_from(["Set-Cookie", "Location", "x"]), st.text(max_size=40))).map(tuple),
        sent=st.lists(st.tuples(st.sampled_from(["Cookie", "content-type"]), st.text(max_size=40))).map(tuple),
    )
)  # fmt: skip
def test_whatever_a_target_sends_it_is_json(step):
    read = json.loads(encode_har(Snapshot(look="links", steps=(step,))))
    assert len(read["log"]["entries"]) == 1


def test_a_plain_time_is_one_that_everybody_reads():
    (entry,) = entries(exchange(1))
    datetime.fromisoformat(entry["startedDateTime"])
    assert msgspec.json.decode(encode_har(Snapshot(look="x")))["log"]["version"] == "1.2"
