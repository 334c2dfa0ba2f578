from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.findings.filter import COLUMNS, SEVERITIES, Filter, after, fitting, place, row, write_place
from roomgate.hub.findings.store import Finding

ONE = Finding("finding_a", "rooms", "note", "A Title.", {"device": "Board-7"}, "Mend it.", "2026-03-01", "2026-03-02")


def made(id: str, severity: str = "note", first: str = "2026-03-01") -> Finding:
    return replace(ONE, id=id, severity=severity, first_seen=first)


def test_the_worst_comes_first_then_the_newest_and_what_nobody_knows_last() -> None:
    found = [
        made("old", first="2026-01-01"),
        made("odd", "eerie"),
        made("bad", "critical"),
        made("new"),
        made("warn", "warning"),
    ]
    assert [one.id for one in fitting(found, Filter())] == ["bad", "warn", "new", "old", "odd"]


def test_each_word_is_looked_for_in_all_that_is_shown() -> None:
    other = replace(ONE, id="finding_b", source="check", severity="critical", evidence={}, reason="replaced")

    def ids(**words: str) -> list[str]:
        return [one.id for one in fitting([ONE, other], Filter.of(**words))]

    assert ids(q="BOARD-7 title") == ["finding_a"]
    assert ids(q="device") == ["finding_a"]
    assert ids(q="finding_b") == ["finding_b"]
    assert ids(q="replaced") == ["finding_b"]
    assert ids(q="board-7 nowhere") == []
    assert ids(source="check") == ["finding_b"]
    assert ids(severity="note") == ["finding_a"]
    assert ids(severity="note", source="check") == []


def test_a_filter_is_its_link_and_too_long_a_word_is_cut() -> None:
    wanted = Filter.of(q="  a&b ", severity="note")
    assert wanted.query == "q=a%26b&severity=note"
    assert wanted.with_(severity="") == "q=a%26b"
    assert Filter().query == ""
    assert len(Filter.of(q="x" * 5000).q) == 200


@given(
    st.lists(
        st.tuples(st.sampled_from([*SEVERITIES, "eerie"]), st.sampled_from(["2026-01-01", "2026-01-02"])), max_size=9
    ),
    st.integers(1, 4),
)
def test_going_on_after_a_place_leaves_out_and_repeats_nothing(kinds: list[tuple[str, str]], step: int) -> None:
    found = fitting([made(f"f{n}", *kind) for n, kind in enumerate(kinds)], Filter())
    read: list[Finding] = []
    while rest := after(found, write_place(read[-1])) if read else found:
        read += rest[:step]
    assert read == found


@given(st.text(max_size=60))
def test_any_place_can_be_gone_on_from(text: str) -> None:
    found = [made("a"), made("b", "critical")]
    assert all(one in found for one in after(found, text))


def test_the_place_holds_after_the_finding_is_gone() -> None:
    found = fitting([made("a"), made("b"), made("c")], Filter())
    assert [one.id for one in after([one for one in found if one.id != "b"], write_place(made("b")))] == ["c"]
    assert place(made("a")) < place(made("b"))


def test_a_row_has_a_cell_for_each_column() -> None:
    cells = dict(zip(COLUMNS, row(replace(ONE, closed="t", closed_by="p1", reason="r"), {"p1": "Ada"}), strict=True))
    assert (cells["evidence"], cells["closed_by"], cells["reason"]) == ("device: Board-7", "Ada", "r")
    assert dict(zip(COLUMNS, row(ONE, {}), strict=True))["closed"] == ""
