"""Snapshots that no look would take: for judges, which must survive any."""

from hypothesis import strategies as st

from roomgate.checks.snapshot import Act, Exchange, Fact, Frame, Render, Snapshot, Told

_text = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        (
            "https://target.example/",
            "http://target.example/",
            "http://[",
            "//",
            "<![x[",
            "<form><input type=password>",
            "\x00",
            "=;=",
            "%",
        )
    ),
)
_plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=6,
)
_names = ("location", "set-cookie", "content-type", "content-security-policy", "strict-transport-security", "refresh")
_headers = st.lists(
    st.tuples(st.sampled_from(_names), st.one_of(_text, st.sampled_from(("session=1", "a=b; Domain=", "text/html")))),
    max_size=4,
).map(tuple)


def odd_snapshots(labels, names=("certificate",), values=_plain):
    """Steps of every kind, in any order, with these labels, names of facts, and values of theirs, or odd ones."""
    common = {"label": st.sampled_from([*labels, "odd"]), "t": st.floats(0, 10), "at": _text, "subject": _text}
    named = st.one_of(st.sampled_from(list(names)), _text)
    steps = st.one_of(
        st.builds(
            Exchange, **common, method=st.just("GET"), url=_text, status=st.sampled_from((0, 200, 204, 302, 401, 404, 429, 503)),
            headers=_headers, body=_text, body_bytes=st.integers(0, 9), fault=_text, took_ms=st.floats(0, 9e3),
        ),
        st.builds(Fact, **common, name=named, value=st.one_of(values, _plain), fault=_text),
        st.builds(Act, **common, name=named, how=_text),
        st.builds(Told, **common, question=_text, answer=_text),
        st.builds(Frame, **common, channel=_text, way=_text),
        st.builds(Render, **common, url=_text),
    )  # fmt: skip
    return st.lists(steps, max_size=12).map(lambda made: Snapshot(look="odd", steps=tuple(made)))
