import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.xapi.errors import BadArgument, ProtocolError
from roomgate.xapi.markup import MAX_ATTRIBUTES, MAX_BYTES, MAX_DEPTH, parse, write
from roomgate.xapi.shape import MAX_ELEMENTS, Element


def test_elements_attributes_and_text():
    root = parse(b'<?xml version="1.0"?>\n<!-- c --><A x="1">\n  <B>a &lt;&amp;&#233; <![CDATA[<c>]]></B>\n</A>\n')
    assert root == Element("A", {"x": "1"}, "", [Element("B", {}, "a <&\u00e9 <c>")])


def test_the_control_characters_of_hdmi_names_are_taken_out():
    assert parse(b"<A>\x01TV\x05</A>").text == "TV"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"plain",
        b"<A>",
        b"<A></B>",
        b"<A/><B/>",
        b"<A>\x06</A>",
        b"<A>&#1;</A>",
        b"<A>\xff</A>",
        b"<A>&other;</A>",
        b"<A x='1' x='2'/>",
        b"<!DOCTYPE A><A/>",
        b'<!DOCTYPE A [<!ENTITY a "x">]><A>&a;</A>',
        b'<!DOCTYPE A [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]><A>&b;</A>',
        b'<!DOCTYPE A [<!ENTITY a SYSTEM "file:///etc/passwd">]><A>&a;</A>',
        b'<!DOCTYPE A SYSTEM "http://192.0.2.1/a.dtd"><A/>',
        b"<A><?php x ?></A>",
        '<?xml version="1.0" encoding="utf-16"?><A/>'.encode("utf-16"),
        b"<A>" * (MAX_DEPTH + 1) + b"</A>" * (MAX_DEPTH + 1),
        b"<A>" + b"<b/>" * MAX_ELEMENTS + b"</A>",
        b"<A " + b" ".join(b'a%d=""' % n for n in range(MAX_ATTRIBUTES + 1)) + b"/>",
        b"<" + b"A" * 300 + b"/>",
        b"<A>" + b"x" * MAX_BYTES + b"</A>",
    ],
)
def test_what_is_refused(text):
    with pytest.raises(ProtocolError):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        b"<A>" + b"&amp;" * 1_000_000 + b"</A>",
        b"<A " + b"a" * 4_000_000,
        b"<" * 4_000_000,
        b"<A><!--" + b"-" * 4_000_000,
    ],
    ids=["entities", "attribute", "brackets", "comment"],
)
def test_large_documents_take_time_by_their_size(text):
    started = time.process_time()
    try:
        parse(text)
    except ProtocolError:
        pass
    assert time.process_time() - started < 5


@given(st.binary(max_size=200))
def test_rubbish_is_refused_or_read_and_nothing_else(data):
    try:
        assert parse(b"<A>" + data + b"</A>").name == "A"
    except ProtocolError:
        pass


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.\-]{0,8}", fullmatch=True)
texts = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff"), max_size=20)
elements = st.recursive(
    st.builds(Element, names, st.dictionaries(names, texts, max_size=2), texts | st.sampled_from(["a\nb", "a\r\nb\t"])),
    lambda below: st.builds(Element, names, st.just({}), st.just(""), st.lists(below, max_size=3)),
    max_leaves=6,
)


@given(elements)
def test_what_is_written_is_read_back(element):
    assert parse(write(element).encode()) == element


@pytest.mark.parametrize("text", ["\x00", "\x1b", "\ud800", "\uffff"])
def test_what_xml_cannot_hold_is_not_written(text):
    with pytest.raises(BadArgument, match="U\\+"):
        write(Element("A", text=text))


@pytest.mark.parametrize("name", ["", "a b", "a><b", "1"])
def test_what_is_no_name_is_not_written(name):
    with pytest.raises(BadArgument):
        write(Element(name))
