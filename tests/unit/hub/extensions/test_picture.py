from xml.etree import ElementTree

from roomgate.hub.extensions.panel import read
from roomgate.hub.extensions.picture import MOST_KEYS, MOST_PAGES, MOST_ROWS, draw, fit
from support.programmed import PANEL


def pictures(text: str) -> list[tuple[str, str]]:
    root, unread = read(text)
    assert root is not None, unread
    return [(one.name, one.svg) for one in draw(root.all("Panel")[0])]


def words(svg: str) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(svg).iter("text")]  # noqa: S314 (our own)


def test_the_button_and_each_page_are_drawn() -> None:
    [(name, button), (page_name, page)] = pictures(PANEL)
    assert (name, page_name) == ("Lights & blinds", "Main")
    assert words(button) == ["Lights & blinds"]
    assert 'fill="#1170CF"' in button
    assert words(page) == ["Lights & blinds", "Main", "Scene", "Bright", "Dark", "More", "−", "21", "+", "Go", "Quiet"]
    assert page.count("pknob") == 2  # of the slider and of the toggle


def test_no_word_of_a_panel_is_markup() -> None:
    planted = "&lt;script x=&quot;&quot;&gt;"
    text = PANEL.replace("Main", planted).replace("Bright", planted).replace("#1170CF", "&quot; onload=&quot;x")
    for _, svg in pictures(text.replace("Lights &amp; blinds", planted).replace("<Type>Button", f"<Type>{planted}")):
        assert "<script" not in svg
        assert {one.tag for one in ElementTree.fromstring(svg).iter()} <= {"svg", "rect", "text", "path", "circle"}  # noqa: S314 (our own)
        assert "onload" not in svg


def test_a_panel_without_pages_is_a_button_and_large_ones_are_bounded() -> None:
    assert len(pictures("<Extensions><Panel><PanelId>x</PanelId></Panel></Extensions>")) == 1
    row = "<Row><Widget><Type>GroupButton</Type><ValueSpace>" + "<Value><Key>k</Key></Value>" * 40
    page = "<Page>" + f"{row}</ValueSpace></Widget></Row>" + "<Row/>" * 50 + "</Page>"
    found = pictures(f"<Extensions><Panel>{page * 20}</Panel></Extensions>")
    assert len(found) == 1 + MOST_PAGES
    assert words(found[1][1]).count("k") == MOST_KEYS
    height = float(ElementTree.fromstring(found[1][1]).attrib["viewBox"].split()[3])  # noqa: S314 (our own)
    assert height < 56 * (MOST_ROWS + 10) + 200


def test_hidden_names_leave_the_row_its_width() -> None:
    bare = PANEL.replace("<PageId>", "<Options>hideRowNames=1</Options><PageId>")
    assert "Scene" not in words(pictures(bare)[1][1])


def test_a_text_is_cut_to_what_fits() -> None:
    assert fit("abc", 100) == "abc"
    assert fit("a  b\n c" * 40, 70).endswith("…")
    assert fit("灯光控制面板", 44) == "灯光…"
    assert fit("wide", 1) == ""
    assert fit("Press me now please", 96) == "Press me n…"  # what a button of one column holds, in a wide letter
