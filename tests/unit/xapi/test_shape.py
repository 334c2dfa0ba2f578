import pytest

from roomgate.xapi.errors import BadArgument, ProtocolError
from roomgate.xapi.markup import parse
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.shape import MAX_ELEMENTS, Element, Shaper, at, from_json

SHAPER = Shaper(Catalogue.shipped())


def shaped(text):
    return SHAPER.document(parse(text.encode()))


def result(text):
    return SHAPER.result(parse(text.encode()))


def test_numbers_are_what_the_catalogue_says_is_one():
    document = shaped(
        "<Status><Audio><Volume>40</Volume></Audio>"
        "<SystemUnit><ProductId>55</ProductId><Uptime>x</Uptime></SystemUnit><Newer><Thing>7</Thing></Newer></Status>"
    )
    assert document["Status"] == {
        "Audio": {"Volume": 40},
        "SystemUnit": {"ProductId": "55", "Uptime": "x"},
        "Newer": {"Thing": "7"},
    }


def test_a_number_beyond_the_catalogue_s_range_is_still_one():
    assert shaped("<Configuration><Audio><DefaultVolume>400</DefaultVolume></Audio></Configuration>") == {
        "Configuration": {"Audio": {"DefaultVolume": 400}}
    }


def test_what_is_a_word_or_a_number_is_a_number_when_no_word_takes_it():
    catalogue = Catalogue(
        configuration="A\tInt[0..10]\t\tA\tA\t\t\nA\tOff/On\t\tA\tA\t\t\nB\tInt[0..10]\t\tA\tA\t\t\nB\tStr\t\tA\tA\t\t\n"
    )
    document = Shaper(catalogue).document(parse(b"<Configuration><A>7</A><B>7</B></Configuration>"))
    assert document == {"Configuration": {"A": 7, "B": "7"}}


@pytest.mark.parametrize(
    "text",
    [
        '<Status><Call item="12" maxOccurrence="n"><Duration>7</Duration></Call></Status>',
        '<Status><Call item="12"><Duration>7</Duration></Call></Status>',
    ],
)
def test_a_list_of_one_is_a_list(text):
    assert shaped(text) == {"Status": {"Call": [{"id": 12, "Duration": 7}]}}


def test_a_list_that_no_catalogue_knows_shows_by_its_marks():
    assert shaped(
        '<Status><New item="3" maxOccurrence="n"><Title>1</Title></New><Two>a</Two><Two>b</Two></Status>'
    ) == {"Status": {"New": [{"id": 3, "Title": "1"}], "Two": [{"id": 1, "Value": "a"}, {"id": 2, "Value": "b"}]}}


def test_an_item_alone_makes_no_list():
    text = '<Event><CallDisconnect item="1"><CauseValue item="1">1</CauseValue></CallDisconnect></Event>'
    assert shaped(text) == {"Event": {"CallDisconnect": {"CauseValue": 1}}}


def test_ghosts():
    assert shaped('<Status><Call ghost="True" item="8" maxOccurrence="n"/></Status>') == {
        "Status": {"Call": [{"id": 8, "ghost": "True"}]}
    }
    assert shaped('<Status><Standby ghost="True"/></Status>') == {"Status": {"Standby": {"ghost": "True"}}}


def test_what_is_empty():
    assert shaped("<Status/>") == {}
    assert shaped("<Status><Audio>\n  </Audio><SystemUnit><ProductId/></SystemUnit></Status>") == {
        "Status": {"SystemUnit": {"ProductId": ""}}
    }
    assert shaped("<Event><Audio><Volume><AlreadyAtLimit/></Volume></Audio></Event>") == {
        "Event": {"Audio": {"Volume": {"AlreadyAtLimit": {}}}}
    }


def test_results_know_numbers_by_their_names():
    assert result('<DialResult status="OK"><CallId>12</CallId><Number>12</Number></DialResult>') == {
        "CallId": 12,
        "Number": "12",
        "status": "OK",
    }
    assert result("<XResult/>") == {}


def test_the_terminal_s_json():
    root = from_json(
        "Status", {"Call": [{"id": "8", "Duration": {"Value": "7"}}], "Standby": {"State": {"Value": "Off"}}}
    )
    assert SHAPER.document(root) == {"Status": {"Call": [{"id": 8, "Duration": 7}], "Standby": {"State": "Off"}}}
    assert from_json("X", {"Value": "no", "error": "True"}) == Element("X", {"error": "True"}, "no")
    assert from_json("X", {"A": [["deep"]], "B": None, "C": 1.5}).attributes == {"C": "1.5"}
    assert SHAPER.document(from_json("Status", {"Call": {"id": "8", "ghost": "True"}})) == {
        "Status": {"Call": [{"id": 8, "ghost": "True"}]}
    }


def test_the_terminal_s_json_is_bounded():
    with pytest.raises(ProtocolError):
        from_json("X", {"A": [1] * MAX_ELEMENTS})


def test_at():
    document = {"Status": {"Call": [{"id": 3, "Duration": 1}], "Video": {"Selfview": {"FullscreenMode": "Off"}}}}
    assert at(document, ("Status", "Video", "Selfview", "FullScreenMode")) == "Off"
    assert at(document, ("Status", "Call", 3, "Duration")) == 1
    assert at(document, ("Status", "Call", 4)) is None
    assert at(document, ("Status", "Nothing", "There")) is None
    assert at(document, ("Status", "Video", 1)) is None
    with pytest.raises(BadArgument, match="index"):
        at(document, ("Status", "Call", "Duration"))


def test_what_an_element_says_is_short():
    element = Element("A", children=[Element("B", text="x" * 400) for _ in range(1000)])
    assert len(element.says()) == 500
    assert element.child("C", "B") is element.children[0]
    assert element.child("C") is None
    assert Element("A", {"item": "x"}).number is None
