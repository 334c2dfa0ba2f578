import pytest

from roomgate.meetings.markup import TAG, Seen, attributes, elsewhere, find_seen, hidden_names

NEVER = [
    "display:none", "DISPLAY : NONE", "color:red;display:none!important", "display:/**/none", "display/* x */:none",
    "d\\69splay:none", "d\\0069 splay:none", "visibility:hidden", "visibility:collapse", "opacity:0", "opacity:.0", "opacity:0%",
    "color:transparent", "color:rgba(0,0,0,0)", "color:rgb(0 0 0 / 0%)", "position:absolute;left:-9999px", "text-indent:-999em",
    "max-height:0;overflow:hidden", "overflow:hidden;width:0px", "clip:rect(0,0,0,0)", "clip-path:inset(50%)", "transform:scale(0)",
    "content-visibility:hidden",
]  # fmt: skip
NOTHING = [
    "", "color:red", "display:block", "opacity:0.9", "opacity:.05", "color:rgba(0,0,0,0.87)", "margin-left:-10px", "width:0",
    "max-height:0.5em;overflow:hidden", "transform:scale(0.5)", "font-family:none", "mso-hide:all",
    "height:auto;overflow:hidden", "opacity:inherit", "clip:auto", "left:-1px",
]  # fmt: skip


@pytest.mark.parametrize("style", NEVER)
def test_a_style_that_hides(style):
    assert find_seen("div", {"style": style}, frozenset()) is Seen.NEVER
    assert find_seen("div", {"style": style + ";x:" + "y" * 500}, frozenset()) is Seen.NEVER


@pytest.mark.parametrize("style", NOTHING)
def test_a_style_that_hides_nothing(style):
    assert find_seen("div", {"style": style}, frozenset()) is None


@pytest.mark.parametrize(
    ("style", "seen"),
    [("font-size:0", Seen.SMALL), ("font-size:0.0px", Seen.SMALL), ("font:0/0 a", Seen.SMALL), ("font-size:14px", Seen.YES),
     ("font:bold 12pt x", Seen.YES), ("font-size:small", Seen.YES), ("font-size:100%", None), ("font-size:0.5px", Seen.YES)],
)  # fmt: skip
def test_a_size(style, seen):
    assert find_seen("td", {"style": style}, frozenset()) is seen


def test_elements_and_attributes_that_hide():
    assert find_seen("template", {}, frozenset()) is Seen.NEVER
    assert find_seen("p", {"hidden": ""}, frozenset()) is Seen.NEVER
    assert find_seen("p", {"class": "hidden"}, frozenset()) is None


def test_what_a_style_sheet_hides():
    assert hidden_names([".a, p.b , #c{color:red;display:none} d{display:none}"]) == {".a", ".b", "#c", "d"}
    assert hidden_names(["/* { */ .a{display:none}", "<!-- .b{visibility:hidden} -->"]) == {".a", ".b"}
    assert hidden_names(["@media screen{.a{display:none}} @media print{.b{display:none}} .c{display:none}"]) == {
        ".a",
        ".c",
    }
    assert hidden_names(["@media print{", ".a{display:none}"]) == {".a"}
    assert (
        hidden_names(["td b{display:none} a:hover{display:none} a[x]{display:none} *{display:none} .k{color:red}"])
        == set()
    )
    for given in ({"class": "x A"}, {"id": "a"}):
        assert find_seen("p", given, frozenset({".a", "#a"})) is Seen.NEVER
    assert find_seen("u", {}, frozenset({"u"})) is Seen.NEVER
    assert find_seen("b", {"class": "ab"}, frozenset({"u", ".a"})) is None


def test_media_of_elsewhere():
    assert elsewhere("only screen and (max-width: 480px)")
    assert elsewhere(" media=PRINT")
    assert not elsewhere("screen and (max-width:9999px)")
    assert not elsewhere("all")


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("<p>x", "<p>"),
        ("<p title='>'>x", "<p title='>'>"),
        ('<p a=">" b>x', '<p a=">" b>'),
        ("<p a=x'y>z'>", "<p a=x'y>"),
        ("<p a'>b'>", "<p a'>"),
        ("<p a=>x", "<p a=>"),
        ("<p/style=x>", "<p/style=x>"),
        ("</p a='>'>x", "</p a='>'>"),
        ("<p a='>", None),
        ("<p", None),
        ("< p>", None),
        ("<1>", None),
    ],
)
def test_where_a_tag_ends(text, end):
    match = TAG.match(text)
    assert (match and match.group()) == end


def test_attributes_as_a_browser_takes_them():
    assert attributes(""" title=" href=x " href='a&amp;b' HREF=c data-href=d e f = g/h""") == {
        "title": " href=x ", "href": "a&b", "data-href": "d", "e": "", "f": "g/h",
    }  # fmt: skip
    assert attributes("/href=x") == {"href": "x"}
    assert attributes(" style='display&colon;n&#111;ne'") == {"style": "display:none"}
