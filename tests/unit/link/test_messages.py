"""Messages of the link: what is sent comes back, news is ignored, rubbish is one error."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.link import messages as m

ROOM = m.RoomInfo("dev_oslo", "oslo", "fine")
EFFECT = m.EffectInfo("effect_1", "session_1", "person_ada", "grant_1", "oslo", "call 12")
TO_CONNECTOR = (
    m.Signed(b"body", b"signature"),
    m.Welcome(1, 5.0, 12),
    m.Cut("cut_1", ["session_1"], "grant.revoked", "The grant was ended."),
    m.Unsubscribe("order_1"),
    m.EntriesKept(12),
    m.TunnelData("order_1", b"frame"),
    m.TunnelEnd("order_1", "left"),
)
TO_HUB = (
    m.Hello(1, "con_1", b"nonce", "0.1.0", "service-desk", "digest", [ROOM], [EFFECT]),
    m.Heartbeat(3, [EFFECT]),
    m.Outcome("order_1", "done", {"CallId": 7}),
    m.CutDone("cut_1", ["call 12"]),
    m.State("dev_oslo", {"Status": {"Audio": {"Volume": 50}}}, whole=True),
    m.RoomState(ROOM, cut=True, reason="device.credential-changed"),
    m.Feedback("order_1", "status", {"Status": {}}),
    m.Upkeep("dev_oslo", [m.CertificateEnd("HTTPS", "2026-12-01T00:00:00Z")], "not-found", "2026-11-26T09:00:00Z"),
    m.Entries(0, [b"{}"], "checkpoint"),
    m.EffectEnded("effect_1", "kept"),
    m.TunnelData("order_1", b"frame"),
    m.TunnelEnd("order_1", "room.shut", "Somebody in the room shut it."),
)
EACH = [*((one, m.decode_at_connector) for one in TO_CONNECTOR), *((one, m.decode_at_hub) for one in TO_HUB)]


@pytest.mark.parametrize(("message", "decode"), EACH)
def test_what_is_sent_comes_back(message, decode):
    assert decode(m.encode(message)) == message


def test_every_kind_of_message_is_tried_here():
    kinds = set(m.ToConnector.__args__) | set(m.ToHub.__args__)
    assert {type(message) for message, _ in EACH} == kinds


@pytest.mark.parametrize(("message", "decode"), EACH)
def test_a_field_of_a_newer_peer_is_ignored(message, decode):
    fields = msgspec.msgpack.decode(m.encode(message))
    assert decode(msgspec.msgpack.encode({**fields, "news": [1, 2]})) == message


@pytest.mark.parametrize(("message", "decode"), EACH)
def test_a_missing_or_misshapen_field_is_refused(message, decode):
    fields = msgspec.msgpack.decode(m.encode(message))
    first = message.__struct_fields__[0]
    for broken in ({k: v for k, v in fields.items() if k != first}, {**fields, first: {"not": "this"}}):
        with pytest.raises(m.BadMessage):
            decode(msgspec.msgpack.encode(broken))


BOTH_WAYS = m.TunnelData | m.TunnelEnd


@pytest.mark.parametrize("message", [one for one in TO_CONNECTOR if not isinstance(one, BOTH_WAYS)])
def test_the_hub_takes_nothing_that_only_a_hub_says(message):
    with pytest.raises(m.BadMessage):
        m.decode_at_hub(m.encode(message))


@pytest.mark.parametrize("message", [one for one in TO_HUB if not isinstance(one, BOTH_WAYS)])
def test_the_connector_takes_nothing_that_only_a_connector_says(message):
    with pytest.raises(m.BadMessage):
        m.decode_at_connector(m.encode(message))


@given(st.binary(max_size=300), st.sampled_from([m.decode_at_connector, m.decode_at_hub]))
def test_rubbish_is_a_bad_message_and_nothing_else(rubbish, decode):
    with pytest.raises(m.BadMessage):
        decode(rubbish)


@given(st.sampled_from(EACH), st.data())
def test_a_message_cut_short_is_refused(pair, data):
    message, decode = pair
    raw = m.encode(message)
    with pytest.raises(m.BadMessage):
        decode(raw[: data.draw(st.integers(0, len(raw) - 1))])


@pytest.mark.parametrize("decode", [m.decode_at_connector, m.decode_at_hub])
def test_nesting_without_end_is_refused(decode):
    with pytest.raises(m.BadMessage):
        decode(b"\x82\xa4type\xa7outcome\xa6result" + b"\x91" * 100_000 + b"\xc0")


def test_what_is_signed_of_an_outcome_is_all_that_it_says():
    base = m.Outcome("order_1", "done", {"a": 1}, "rule", "words", 1)
    changed = [
        msgspec.structs.replace(base, **{name: value})
        for name, value in [
            ("order", "order_2"),
            ("outcome", "failed"),
            ("result", {"a": 2}),
            ("rule", "x"),
            ("words", "x"),
            ("code", 2),
        ]
    ]
    assert len({one.signed_part() for one in [base, *changed]}) == 7
    assert msgspec.structs.replace(base, signature=b"x").signed_part() == base.signed_part()
    assert set(m.Outcome.__struct_fields__) == {"order", "outcome", "result", "rule", "words", "code", "signature"}


leaves = st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.floats(allow_nan=False) | st.text(max_size=9)
documents = st.recursive(
    leaves, lambda d: st.lists(d, max_size=3) | st.dictionaries(st.text(max_size=5), d, max_size=3)
)


@given(documents)
def test_an_outcome_is_signed_the_same_after_the_wire(result):
    outcome = m.Outcome("order_1", "done", result)
    assert m.decode_at_hub(m.encode(outcome)).signed_part() == outcome.signed_part()
