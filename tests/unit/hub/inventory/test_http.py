from roomgate.hub.inventory.http import show_line, show_tagging, show_view
from roomgate.hub.inventory.line import Line
from roomgate.hub.inventory.sheet import Tagging
from roomgate.hub.inventory.store import View


def test_what_is_shown_of_each():
    line = Line("room_1", "oslo", "/rooms/oslo", "site_1", "Oslo", ("a",), "Bar", "11", "S", "M", "A", "bad", "Why.", 2)
    shown = show_line(line)
    assert (shown.site, shown.tags, shown.state, shown.problems) == ("site_1", ["a"], "bad", 2)
    view = show_view(View("view_1", "Boards", {"tag": "boards", "gone": "x"}))
    assert (view.filter, view.href) == ({"tag": "boards"}, "/inventory?tag=boards")
    assert show_tagging(Tagging("oslo", ("a",), ())).before == ["a"]
