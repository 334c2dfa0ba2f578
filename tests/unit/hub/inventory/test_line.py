from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.inventory.line import COLUMNS, SORTS, Filter, Line, build_line, build_spread, fitting, row
from roomgate.hub.rooms.state import RoomState, RoomSummary
from roomgate.ids import RoomId


def summary(name: str = "oslo", **more: object) -> RoomSummary:
    told: dict[str, object] = {
        "id": RoomId("room_1"), "name": name, "site": "site_1", "connector": "con_1", "state": RoomState.FINE,
        "words": "", "product": "Room Bar", "software": "RoomOS 11.1", "volume": None, "muted": None, "standby": None,
        "call_since": None, "calls": 0, "booked": None, "booked_until": None, "sessions": 0, "tags": frozenset({"b", "a"}),
    }  # fmt: skip
    return RoomSummary(**{**told, **more})  # type: ignore[arg-type]


def line(name: str, **more: object) -> Line:
    told: dict[str, object] = {
        "id": f"room_{name}", "name": name, "href": f"/rooms/{name}", "site": "site_1", "site_name": "Oslo", "tags": (),
        "product": "Room Bar", "software": "11.1", "serial": "", "mac": "", "address": "", "state": RoomState.FINE, "words": "", "problems": 0,
    }  # fmt: skip
    return Line(**{**told, **more})  # type: ignore[arg-type]


DOCUMENT = {"Status": {"Diagnostics": {"Message": [{"id": 1, "Level": "Error"}]}}}
FACTS = {"serial": "FOC1234", "ipv6": "2001:db8::7"}


def test_a_line_says_what_the_device_is_and_hides_tags_from_whoever_may_not_see_them():
    made = build_line(summary(), "Oslo", DOCUMENT, FACTS, tags=True)
    assert (made.serial, made.address, made.mac, made.problems) == ("FOC1234", "2001:db8::7", "", 1)
    assert (made.tags, made.kind) == (("a", "b"), "ok")
    assert build_line(summary(), "Oslo", {}, {"ipv4": "192.0.2.7"}, tags=False).tags == ()


def test_filters_leave_what_fits_all_of_them():
    lines = [
        line("oslo", tags=("boards",), serial="A1"),
        line("rome", site="site_2", site_name="Rome", state=RoomState.TROUBLE),
        line("riga", product="Board Pro", software="11.2"),
    ]

    def names(**given: str) -> list[str]:
        return [one.name for one in fitting(lines, Filter.of(given))]

    assert names() == ["oslo", "riga", "rome"]
    assert names(q="BOARD") == ["oslo", "riga"]
    assert names(q="board a1") == ["oslo"]
    assert names(tag="Boards") == ["oslo"]
    assert names(site="site_2") == names(state="bad") == names(state="trouble") == ["rome"]
    assert names(product="Board Pro", software="11.2") == ["riga"]
    assert names(product="Board Pro", software="11.1") == []
    assert names(sort="-name") == ["rome", "riga", "oslo"]
    assert names(sort="state")[0] == "rome"
    assert names(sort="nonsense") == names()


@given(st.dictionaries(st.text(max_size=8) | st.sampled_from(["q", "sort", "state"]), st.text(max_size=300)))
def test_a_filter_of_anything_is_one_and_its_link_leads_back_to_it(given):
    from urllib.parse import parse_qsl

    wanted = Filter.of(given)
    assert wanted.sort.removeprefix("-") in SORTS
    assert Filter.of(dict(parse_qsl(wanted.query, keep_blank_values=True))) == wanted


def test_a_column_that_sorts_already_sorts_the_other_way():
    assert Filter(sort="site").sorted_by("site") == "sort=-site"
    assert Filter(q="x").sorted_by("site") == "q=x&sort=site"


def test_software_is_counted_by_model():
    spread = build_spread(
        [line("a"), line("b", software="11.2"), line("c"), line("d", product=""), line("e", product="Z")]
    )
    assert [(one.product, one.total, one.software) for one in spread] == [
        ("Room Bar", 3, (("11.1", 2), ("11.2", 1))),
        ("Z", 1, (("11.1", 1),)),
    ]


def test_a_row_has_a_cell_for_each_column():
    assert len(row(line("oslo"))) == len(COLUMNS)
