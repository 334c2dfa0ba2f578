import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.cli.shell_line import Exit, Get, Help, Run, Schema, Set, Watch, complete, is_secret, parse_line
from roomgate.errors import BadInput
from roomgate.xapi.schema import Catalogue

SHIPPED = Catalogue.shipped()


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        ("", None),
        ("   # what follows is a comment", None),
        ("Status/Audio/Volume", Get("Status/Audio/Volume")),
        ("xStatus Audio Volume", Get("xStatus Audio Volume")),
        ("Status/**/Name", Get("Status/**/Name")),
        ("Configuration/Audio/DefaultVolume", Get("Configuration/Audio/DefaultVolume")),
        ("Configuration/Audio/DefaultVolume=40", Set("Configuration/Audio/DefaultVolume", "40")),
        ("Configuration.Audio.DefaultVolume = 40", Set("Configuration.Audio.DefaultVolume", "40")),
        ('xConfiguration SystemUnit Name: "Board East"', Set("xConfiguration SystemUnit Name", "Board East")),
        ('xConfiguration SystemUnit Name: ""', Set("xConfiguration SystemUnit Name", "")),
        ("Audio.Volume.Set Level=40", Run("Audio.Volume.Set", {"Level": "40"})),
        ("xCommand Audio Volume Set Level: 40", Run("xCommand Audio Volume Set", {"Level": "40"})),
        ('Dial Number: "123@example.com" Protocol: SIP', Run("Dial", {"Number": "123@example.com", "Protocol": "SIP"})),
        ("Presentation Start ConnectorId=2 ConnectorId=3", Run("Presentation Start", {"ConnectorId": ["2", "3"]})),
        ("Macros Macro Save Name=a body=@a.js", Run("Macros Macro Save", {"Name": "a"}, "a.js")),
        ("watch Status/Call", Watch("Status/Call")),
        ("xEvent CallDisconnect", Watch("xEvent CallDisconnect")),
        ("schema Command/Audio/", Schema("Command/Audio/")),
        ("help", Help()),
        ("?", Help()),
        ("bye", Exit()),
    ],
)
def test_what_a_line_asks_for(line, asks):
    assert parse_line(line) == asks


@pytest.mark.parametrize(
    "line",
    ['Dial Number="1', "watch", "Dial Number:", "Dial Number=1 and more", "Macros Macro Save body=text", "Dial body=@"],
)
def test_what_it_cannot_mean_is_said(line):
    with pytest.raises(BadInput) as bad:
        parse_line(line)
    assert bad.value.hint


@given(st.text(max_size=60))
def test_any_line_is_something_or_refused(text):
    try:
        parse_line(text)
    except BadInput:
        return
    complete(text, SHIPPED)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Status/Audio/VolumeM", ["Status/Audio/VolumeMute"]),
        ("sta", ["Standby", "Status"]),
        ("Audio.Volume.Set", ["Audio.Volume.Set", "Audio.Volume.SetToDefault"]),
        ("Audio Volume SetT", ["SetToDefault"]),
        ("xCommand Audio Volume SetT", ["SetToDefault"]),
        ("Audio.Volume.Set L", ["Level="]),
        ("Dial Number=1 Num", []),
        ("Presentation Start ConnectorId=1 Connec", ["ConnectorId="]),
        ("Dial Protocol=S", ["Protocol=Sip", "Protocol=Spark"]),
        ("Macros Macro Save b", ["body=@"]),
        ("watch Status/Vid", ["Status/Video"]),
        ("watch Status/Call ", []),
        ("wat", ["watch"]),
        ("Nothing.Here ", []),
    ],
)
def test_what_could_come_next(typed, found):
    assert complete(typed, SHIPPED) == found


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("UserManagement User Passphrase Set Username=a NewPassphrase=b", True),
        ("xConfiguration SIP Authentication Password: b", True),
        ("Webex.Join Number=1 Pin=2", True),
        ("Audio.Volume.Set Level=40", False),
        ("Status/Audio/Volume", False),
    ],
)
def test_lines_that_no_history_keeps(line, secret):
    assert is_secret(line) is secret
