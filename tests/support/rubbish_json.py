"""JSON that no service sends: of any shape, or of the right shape with something wrong in it."""

from typing import Any

from hypothesis import strategies as st

_words = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["", "html", "UTC", "declined", "2026-03-10T09:00:00", "9999-12-31T23:59:59.9999999", "0001-01-01", "\ud800"]
    ),
).filter(lambda text: not any(0xD800 <= ord(sign) <= 0xDFFF for sign in text))
_plain = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False), _words)

# Never an event: what decides is that there is no "id".
rubbish = st.recursive(
    _plain,
    lambda deeper: st.one_of(
        st.lists(deeper, max_size=4), st.dictionaries(_words.filter("id".__ne__), deeper, max_size=4)
    ),
    max_leaves=20,
)


@st.composite
def near(draw: st.DrawFn, right: dict[str, Any]) -> dict[str, Any]:
    """The right object with some of its members, and some of theirs, replaced or gone."""
    wrong = dict(right)
    for name in draw(st.sets(st.sampled_from(sorted(right)), max_size=4)):
        inner = right[name]
        if isinstance(inner, dict) and inner and draw(st.booleans()):
            wrong[name] = inner | {draw(st.sampled_from(sorted(inner))): draw(rubbish)}
        elif isinstance(inner, list) and draw(st.booleans()):
            wrong[name] = [*inner, draw(rubbish)]
        elif draw(st.booleans()):
            del wrong[name]
        else:
            wrong[name] = draw(rubbish)
    return wrong
