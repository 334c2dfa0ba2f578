"""A whole status as a tree that a page can show."""

from typing import Any

from roomgate.hub.status.outline import MOST_LEAVES, Branch, build_outline

STATUS: dict[str, Any] = {
    "Network": [{"id": 2, "Name": "b"}, {"id": 1, "Name": "a", "Deep": {"id": 5, "x": "y"}}],
    "Audio": {"Volume": 50, "Mute": "Off"},
    "Uptime": 3,
    "Gone": [{"id": 1, "ghost": "True"}],
}


def flat(branch: Branch) -> list[tuple[str, str]]:
    here = [(f"{branch.path}/{name}", value) for name, value in branch.leaves]
    return here + [leaf for one in branch.branches for leaf in flat(one)]


def test_every_leaf_has_its_path() -> None:
    outline = build_outline(STATUS)
    assert sorted(flat(outline.top)) == [
        ("Status/Audio/Mute", "Off"), ("Status/Audio/Volume", "50"), ("Status/Network/1/Deep/id", "5"),
        ("Status/Network/1/Deep/x", "y"), ("Status/Network/1/Name", "a"), ("Status/Network/2/Name", "b"),
        ("Status/Uptime", "3"),
    ]  # fmt: skip
    assert outline.shown == outline.total == 7


def test_a_part_stands_at_its_place_and_may_be_one_value() -> None:
    assert flat(build_outline(STATUS["Audio"], ("Audio",)).top)[0][0] == "Status/Audio/Mute"
    one = build_outline(50, ("Audio", "Volume"))
    assert one.top.leaves == [("Volume", "50")]


def test_words_are_looked_for_in_paths_and_values() -> None:
    assert flat(build_outline(STATUS, find="NETWORK name b").top) == [("Status/Network/2/Name", "b")]
    assert build_outline(STATUS, find="nowhere").total == 0


def test_what_does_not_fit_is_a_way_to_its_own_page() -> None:
    status = {"A": {f"n{n}": n for n in range(40)}, "B": {f"n{n}": n for n in range(30)}, "C": {"x": 1, "y": 2}, "Z": 1}
    outline = build_outline(status, most=45)
    assert [(one.name, one.more) for one in outline.top.branches] == [("A", 0), ("B", 30), ("C", 0)]
    assert outline.shown == 43
    assert outline.top.leaves == [("Z", "1")]


def test_a_huge_or_endless_status_is_bounded() -> None:
    huge = {f"b{n}": {f"l{m}": m for m in range(1000)} for n in range(100)}
    outline = build_outline(huge)
    assert outline.total == 100_000
    assert len(flat(outline.top)) <= MOST_LEAVES
    searched = build_outline(huge, find="l1")
    assert searched.shown == MOST_LEAVES
    assert searched.top.more == searched.total - MOST_LEAVES
    wide = build_outline({f"leaf{n}": n for n in range(5000)})
    assert (len(wide.top.leaves), wide.top.more) == (MOST_LEAVES, 5000 - MOST_LEAVES)
    deep: Any = "end"
    for _ in range(900):
        deep = {"down": deep}
    assert flat(build_outline(deep).top)[0][1] == "…"


def test_what_a_device_writes_is_one_line_of_text() -> None:
    [(name, value)] = build_outline({"a/b\u202e": "x\n\x00y"}).top.leaves
    assert (name, value) == ("a·b·", "x··y")
