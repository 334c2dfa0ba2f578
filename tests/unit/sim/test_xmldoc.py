import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.sim.xmldoc import Element, XmlSyntaxError, build_xml, parse_xml


def test_elements_attributes_and_text() -> None:
    read = parse_xml(b'<Command><Dial command="True"> <Number>a &amp; b</Number>\n</Dial></Command>')
    assert read == Element("Command", {}, [Element("Dial", {"command": "True"}, [Element("Number", text="a & b")])])


def test_text_without_children_is_left_as_it_is() -> None:
    assert parse_xml(b"<body>  two\n lines </body>").text == "  two\n lines "


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"\xff\xfe",
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a [<!ENTITY x "xx">]><a>&x;</a>',
        b"<a>&x;</a>",
        b"<a>" * 100 + b"</a>" * 100,
        b"<a>" + b"<b/>" * 60_000 + b"</a>",
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
    ],
)
def test_what_is_no_document_or_an_attack_is_refused(body: bytes) -> None:
    with pytest.raises(XmlSyntaxError):
        parse_xml(body)


@given(st.one_of(st.binary(), st.text(alphabet="<>/a b&;\"'=![]?-").map(str.encode)))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        parse_xml(body)
    except XmlSyntaxError:
        return


def test_lists_ghosts_and_values() -> None:
    document = {"Call": [{"id": 2, "Status": "Connected"}, {"id": 8, "ghost": "True"}], "Name": 'a<"b"', "Empty": ""}
    assert build_xml("Status", document) == (
        '<Status><Call item="2" maxOccurrence="n"><Status>Connected</Status></Call>'
        '<Call item="8" maxOccurrence="n" ghost="True"/><Name>a&lt;"b"</Name><Empty/></Status>'
    )
    assert build_xml("X", {"A": [{"id": 1, "B": 1}]}, count=False) == '<X><A item="1"><B>1</B></A></X>'


def test_a_setting_names_its_value_space_and_how_many_there_are() -> None:
    document = {"Line": [{"id": 1, "Mode": "On"}, {"id": 2, "Mode": "Off"}]}
    built = build_xml("Configuration", document, spaces=lambda parts: "/V/" + "-".join(map(str, parts)))
    assert '<Line item="2" maxOccurrence="2"><Mode valueSpaceRef="/V/Configuration-Line-2-Mode">Off</Mode>' in built


def test_what_is_built_can_be_read_whatever_the_text_says() -> None:
    assert parse_xml(build_xml("A", {"B": "]]> & </B> <!-- \" '"}).encode()).children[0].text == "]]> & </B> <!-- \" '"
