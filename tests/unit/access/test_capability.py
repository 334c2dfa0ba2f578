"""Which class of right each xAPI action needs: everything in the catalogue has one, nothing else has."""

import json
from collections import Counter
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.access.capability import Capability, Classes, Need, longest
from roomgate.access.offered import offered
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

CATALOGUE = Catalogue.shipped()
CLASSES = Classes.shipped()
RAW = json.loads(resources.files("roomgate.access").joinpath("data/capabilities.json").read_text("utf-8"))
COMMANDS = [
    line.split("\t")[0]
    for line in resources.files("roomgate.xapi").joinpath("data/commands.tsv").read_text("utf-8").splitlines()[1:]
]


def command(name: str) -> Call:
    return Call(Verb.COMMAND, Path.of("Command", *name.split()))


def setting(name: str) -> Call:
    return Call(Verb.SET, Path.of("Configuration", *name.split()), (("Value", "On"),))


def reading(text: str) -> Call:
    return Call(Verb.GET, Path.parse(text))


def test_every_command_of_the_catalogue_has_a_class_and_the_counts_are_those_stated():
    classes = Counter(str(CLASSES.of(CATALOGUE.command(name).path)) for name in COMMANDS)
    assert classes == RAW["classes"]


@pytest.mark.parametrize("root", ["Status", "Configuration", "Event"])
def test_every_leaf_has_a_class(root):
    leaves = CATALOGUE.leaves(Path.of(root))
    assert len(leaves) > 100
    assert [leaf.path for leaf in leaves if CLASSES.of(Path.of(root, *leaf.path.words)) is None] == []


def test_every_prefix_of_every_set_means_something_in_the_catalogue():
    prefixes = {p for name in ("relieving", "intrusive", "destructive", "never") for p in CLASSES.sets[name]}
    known = {command.path.words for command in offered().commands(Path.of("Command"))}
    known |= {("Configuration", *leaf.path.words) for leaf in CATALOGUE.leaves(Path.of("Configuration"))}
    unknown = sorted(p for p in prefixes if not any(k[: len(p)] == p for k in known))
    assert unknown == []


@pytest.mark.parametrize(
    ("call", "every"),
    [
        (command("Dial"), {"call"}),
        (command("Audio Microphones Unmute"), {"privacy"}),
        (command("UserManagement User Add"), {"users"}),
        (command("SystemUnit Boot"), {"system"}),
        (command("Bookings Put"), {"bookings"}),
        (setting("Audio DefaultVolume"), {"av-control", "configure"}),
        (setting("Security Audit Logging Mode"), {"security", "configure"}),
        (command("Nonsense"), set()),
        (setting("Nonsense"), set()),
    ],
)
def test_what_a_call_needs(call, every):
    need = CLASSES.need(call, CATALOGUE)
    assert need == Need(frozenset(map(Capability, every)))


def test_the_longest_prefix_decides_and_indices_do_not_count():
    assert CLASSES.of(Path.parse("Status/Audio/Volume")) is Capability.OBSERVE
    assert CLASSES.of(Path.of("Status", "Bluetooth", 1, "Devices")) is Capability.PRIVACY
    assert CLASSES.of(Path.of("Status", "Bluetooth", "Devices")) is Capability.PRIVACY


def test_reading_a_subtree_needs_one_of_the_classes_below_it():
    need = CLASSES.need(reading("Status"), CATALOGUE)
    assert not need.every
    assert Capability.OBSERVE in need.some
    assert Capability.PRIVACY in need.some
    assert need.met_by(frozenset({Capability.OBSERVE}))
    assert not need.met_by(frozenset({Capability.WEB}))


def test_reading_what_the_catalogue_does_not_know_needs_what_nobody_has():
    assert not CLASSES.need(reading("Status/Nonsense/Volume"), CATALOGUE).met_by(frozenset(Capability))


def test_an_empty_need_is_never_met():
    assert not Need(frozenset()).met_by(frozenset(Capability))


@given(st.frozensets(st.sampled_from(Capability)), st.frozensets(st.sampled_from(Capability)), st.data())
def test_more_rights_never_meet_less(every, some, data):
    need = Need(every, some)
    held = data.draw(st.frozensets(st.sampled_from(Capability)))
    more = held | data.draw(st.frozensets(st.sampled_from(Capability)))
    assert not need.met_by(held) or need.met_by(more)


@pytest.mark.parametrize(
    "name", ["Dial", "Audio Microphones Unmute", "Video Input MainVideo Unmute", "Camera PositionSet"]
)
def test_what_is_heard_seen_or_felt_is_intrusive(name):
    assert CLASSES.intrusive(command(name))


def test_to_list_what_there_is_is_not_felt_in_the_room():
    assert not CLASSES.intrusive(command("Camera Preset List"))
    assert CLASSES.intrusive(command("Camera Preset Activate"))


@pytest.mark.parametrize("name", RAW["sets"]["relieving"])
def test_relief_is_never_intrusive_nor_forbidden(name):
    assert CLASSES.relieving(command(name))
    assert not CLASSES.intrusive(command(name))
    assert CLASSES.never(command(name)) is None


@pytest.mark.parametrize(
    "name",
    ["Prompt Response", "Prompt Clear", "TextInput Response", "Rating Response", "Alert Clear", "TextLine Clear"],
)
def test_nobody_remote_answers_for_the_room(name):
    assert CLASSES.never(command(f"UserInterface Message {name}"))


# The three lists that keep a room safe, written down a second time: nobody shortens them in passing.
NEVER = """
    Roomgate Tunnel; HttpClient; HttpFeedback Register; Macros Macro Save; Macros Macro Activate; UserInterface WebView Display;
    UserInterface Extensions WebApp; UserInterface Extensions WebWidget; Provisioning Service Fetch;
    SystemUnit SoftwareUpgrade; SystemUnit FactoryReset; SystemUnit SoftReset; Security Certificates;
    Security ClientSecret; Security Persistency; UserManagement; RemoteAccess; CallHistory DeleteAll;
    CallHistory DeleteEntry; Webex Registration; WebEngine MediaAccess; WebEngine AllowInsecureHttps;
    Peripherals UserManagement; UserInterface Message Prompt Response; UserInterface Message Prompt Clear;
    UserInterface Message TextInput Response; UserInterface Message Rating Response;
    UserInterface Message Alert Clear; UserInterface Message TextLine Clear; UserInterface Extensions Panel Clicked;
    UserInterface Extensions Widget Action; Configuration Conference AutoAnswer; Configuration NetworkServices;
    Configuration Security Audit; Configuration HttpClient; Configuration HttpFeedback; Configuration Provisioning;
    Configuration WebEngine; Configuration RemoteAccess; Configuration Standby Signage Url;
    Configuration Logging External
"""
INTRUSIVE = """
    Dial; Webex Join; Zoom Join; MicrosoftTeams Join; WebRTC Join; Call Accept; Call Join; Call Resume;
    Audio Microphones Unmute; Audio Microphones ToggleMute; Audio VuMeter Start; Audio Microphones Passthrough Start;
    RoomPreset Activate; Webex Meetings InstantMeeting Start; Video Input MainVideo Unmute; Camera; Cameras;
    Conference Recording Start; Presentation Start; UserInterface WebView Display
"""
RELIEVING = """
    Call Disconnect; Call Reject; Call Ignore; Call Hold; Audio Microphones Mute; Audio Volume Mute;
    Video Input MainVideo Mute; Presentation Stop; Conference EndMeeting; Audio VuMeter Stop; Audio VuMeter StopAll
"""


@pytest.mark.parametrize(("name", "written"), [("never", NEVER), ("intrusive", INTRUSIVE), ("relieving", RELIEVING)])
def test_the_lists_that_keep_a_room_safe_are_these(name, written):
    assert CLASSES.sets[name] == {tuple(entry.split()) for entry in written.split(";")}


def test_relief_within_something_intrusive_stays_relief():
    classes = Classes({}, {"intrusive": frozenset({("Camera",)}), "relieving": frozenset({("Camera", "Stop")})})
    assert classes.intrusive(command("Camera Ramp"))
    assert not classes.intrusive(command("Camera Stop"))


def test_a_configuration_on_the_never_list_is_found_and_its_reading_is_not():
    call = setting("NetworkServices HTTP Mode")
    assert CLASSES.never(call) == ("Configuration", "NetworkServices")
    assert CLASSES.never(Call(Verb.GET, call.path)) is None


def test_a_set_is_never_taken_for_a_command_of_the_same_words():
    assert CLASSES.never(command("HttpClient Post")) == ("HttpClient",)
    assert CLASSES.listed("relieving", Call(Verb.SET, Path.of("Configuration", "Call", "Hold"))) is None


words = st.lists(st.sampled_from("abc"), max_size=4).map(tuple)


@given(st.frozensets(words), words)
def test_longest_is_the_longest_that_fits(prefixes, path):
    fitting = [prefix for prefix in prefixes if path[: len(prefix)] == prefix]
    assert longest(prefixes, path) == max(fitting, key=len, default=None)


def test_what_the_catalogue_does_not_know_is_told_to_nobody():
    assert CLASSES.told(Path.parse("Status/Audio/Volume"), CATALOGUE) is Capability.OBSERVE
    assert CLASSES.told(Path.of("Status", "Call", 12), CATALOGUE) is not None  # a member that went away
    assert CLASSES.told(Path.of("Status", "Audio", "Brandnew"), CATALOGUE) is None
    assert CLASSES.of(Path.of("Status", "Audio", "Brandnew")) is Capability.OBSERVE  # by the root's rule alone


def test_what_only_shows_takes_no_use_of_a_grant() -> None:
    looks = (
        "Security Certificates Services Show",
        "Security Session List",
        "CallHistory Get",
        "Roomgate Accounts List",
    )
    calls = [offered().canonical(Verb.COMMAND, name) for name in (*looks, "Roomgate Logs Collect", "Standby Activate")]
    calls.append(offered().canonical(Verb.COMMAND, "Roomgate Meetings Explain", {"Id": "rg-1"}))
    assert [Classes.shipped().counted(call) for call in calls] == [False] * len(looks) + [True, True, False]
