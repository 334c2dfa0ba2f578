"""What a backup holds: canonical, bounded, and read out of a device's answers without trusting them."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.access.offered import offered
from roomgate.errors import BadInput
from roomgate.fleet.backup import (
    MOST_BYTES,
    MOST_PICTURE_CHARACTERS,
    Contents,
    Macro,
    Panel,
    TooLarge,
    decode,
    digest_of,
    encode,
    read_macros,
    read_panels,
    read_pictures,
    read_settings,
)

RUBBISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=9), below, max_size=3),
    max_leaves=9,
)
PANEL = {
    "id": 1, "ActivityType": "Custom", "Name": "Lights <&>", "Order": 2, "Origin": "local", "PanelId": "lights",
    "Page": [{"id": 1, "Name": "All", "Row": [{"id": 1, "Widget": [{"id": 1, "WidgetId": "on", "Type": "Button"}]}]}],
}  # fmt: skip


def test_alike_rooms_give_the_same_bytes_and_come_back():
    one = Contents(settings={"B/C": 1, "A/B": "x"}, macros={"m": Macro("code", True)}, panels={"p": Panel("<x/>")})
    other = Contents(settings={"A/B": "x", "B/C": 1}, macros={"m": Macro("code", True)}, panels={"p": Panel("<x/>")})
    assert encode(one) == encode(other)
    assert decode(encode(one)) == one
    assert digest_of(encode(one)) != digest_of(encode(Contents()))


def test_no_backup_is_endless():
    with pytest.raises(TooLarge, match="at most 4 MiB"):
        encode(Contents(macros={"m": Macro("x" * MOST_BYTES)}))


@given(st.binary(max_size=200) | RUBBISH.map(lambda value: json.dumps(value).encode()))
def test_what_was_never_encoded_is_refused_in_words(plain: bytes):
    try:
        decode(plain)
    except BadInput as bad:
        assert "not what a backup holds" in bad.message
    else:
        assert set(json.loads(plain)) <= set(Contents.__struct_fields__)


def test_settings_are_kept_by_their_path_and_secrets_are_named_alone():
    answer = {
        "Audio": {"DefaultVolume": 50},
        "SIP": {"Authentication": {"Password": "letters", "UserName": "room"}},
        "SystemUnit": {"Name": "***"},
        "Video": {"Input": {"Connector": [{"id": 2, "Name": "Doc\x00ument"}]}},
        "Newer": {"Thing": "x"},
    }
    settings, masked, unknown = read_settings(answer, offered())
    assert settings == {
        "Audio/DefaultVolume": 50,
        "SIP/Authentication/UserName": "room",
        "Video/Input/Connector/2/Name": "Document",
    }
    assert masked == ["SIP/Authentication/Password", "SystemUnit/Name"]
    assert unknown == 1


def test_a_panel_is_the_xml_that_a_device_takes():
    app = {"PanelId": "web", "ActivityType": "WebApp", "ActivityData": "https://example.com"}
    panels, outward = read_panels({"Extensions": {"Version": "1.11", "Panel": [PANEL, app, {"Name": "no id"}, 7]}})
    assert outward == ["web"]
    assert panels == {
        "lights": Panel(
            "<Extensions><Version>1.11</Version><Panel><ActivityType>Custom</ActivityType><Name>Lights &lt;&amp;&gt;"
            "</Name><Order>2</Order><PanelId>lights</PanelId><Page><Name>All</Name><Row><Widget><WidgetId>on</WidgetId>"
            "<Type>Button</Type></Widget></Row></Page></Panel></Extensions>"
        )
    }


def test_nothing_that_a_device_names_becomes_markup():
    deep: Any = "end"
    for _ in range(30):
        deep = {"A": deep}
    row = {"PanelId": "p", "a><b": "x", "Name": "]]><!--", "Deep": deep}
    panels, _ = read_panels({"Extensions": {"Panel": row}})
    assert "b>" not in panels["p"].xml
    assert "]]&gt;&lt;!--" in panels["p"].xml
    assert "end" not in panels["p"].xml


def test_macros_are_their_code_and_whether_they_run_where_that_is_told():
    rows = [{"Name": "a", "Content": "1", "Active": "True"}, {"Name": "b", "Content": "2"}, {"Name": "c"}, "x"]
    assert read_macros({"Macro": rows}) == {"a": Macro("1", True), "b": Macro("2")}


def test_pictures_are_read_as_far_as_there_is_place():
    wall = base64.b64encode(bytes(MOST_PICTURE_CHARACTERS // 2)).decode()
    answers = {"Background": {"Data": wall}, "Branding": {"Word": "!"}, "HalfwakeBackground": {"Data": wall}, "x": []}
    assert read_pictures(answers) == ({"Background": wall}, ["HalfwakeBackground"])


@given(RUBBISH)
def test_whatever_a_device_answers_is_read_or_left(answer: Any):
    settings, masked, _ = read_settings(answer, offered())
    assert all(isinstance(value, str | int) for value in settings.values())
    assert masked == sorted(masked)
    assert isinstance(read_panels({"Extensions": answer})[0], dict)
    assert isinstance(read_macros({"Macro": answer}), dict)
    assert isinstance(read_pictures({"Branding": answer})[0], dict)
