"""Reading, setting, commands and roles, as the account sees them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from roomgate.errors import BadInput
from roomgate.sim import device as composed
from roomgate.sim.device import HANDLERS, Device
from roomgate.sim.profile import SwitchValue, get_profile
from roomgate.sim.refusal import Refused
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.values import AnyOf, ListOf, Literals, Number, Text, ValueSpace
from support.simulated import ADMIN, DAILY, NINE, Talk


def test_values_have_the_types_of_the_wire() -> None:
    talk = Talk.open(DAILY)
    assert talk.result("xGet", Path=["Status", "Audio", "Volume"]) == 50
    assert talk.result("xGet", Path=["Status", "Audio", "Microphones", "Mute"]) == "Off"
    assert talk.result("xGet", Path=["status", "audio", "volume"]) == 50
    assert (
        talk.result("xGet", Path=["Status", "SystemUnit", "Hardware", "Monitoring", "Fan", 1, "Status"]) == "2100 rpm"
    )
    talk.wait(12)
    assert talk.result("xGet", Path=["Status", "SystemUnit", "Uptime"]) == 12


def test_a_query_answers_from_the_root() -> None:
    talk = Talk.open(DAILY)
    talk.result("xCommand/Dial", Number="a@example.com", DisplayName="Ada")
    found = talk.result("xQuery", Query=["Status", "**", "DisplayName"])
    assert found["Status"]["Call"] == [{"DisplayName": "Ada", "id": 1}]
    assert set(found["Status"]) == {"Call", "SystemUnit"}


@pytest.mark.parametrize("path", [["Status", "Nothing"], ["Nothing"], ["**"], ["Status", "Call", 99], ["Status", -1]])
def test_a_path_that_is_not_there_is_a_bad_parameter(path: list[Any]) -> None:
    assert Talk.open(DAILY).code("xGet", Path=path) == -32602


def test_an_empty_list_reads_as_the_profile_says() -> None:
    assert Talk.open(DAILY, profile="26").result("xGet", Path=["Status", "Call"]) == []
    assert Talk.open(DAILY, profile="11").code("xGet", Path=["Status", "Call"]) == -32602


def test_a_setting_is_checked_kept_and_told() -> None:
    talk = Talk.open(DAILY)
    path = ["Configuration", "Audio", "DefaultVolume"]
    talk.result("xFeedback/Subscribe", Query=["Configuration"])
    assert talk.result("xSet", Path=path, Value="60") is True
    assert talk.heard()[0]["Configuration"] == {"Audio": {"DefaultVolume": 60}}
    refused = talk.send("xSet", Path=path, Value=101)["error"]
    assert (refused["code"], refused["data"]) == (-32602, {"Cause": 27})
    assert talk.result("xGet", Path=path) == 60
    assert talk.code("xSet", Path=["Status", "Audio", "Volume"], Value=1) == -32602
    assert talk.code("xSet", Path=path) == -32602


def test_the_name_of_the_room_shows_where_people_look() -> None:
    talk = Talk.open(ADMIN)
    talk.result("xSet", Path=["Configuration", "SystemUnit", "Name"], Value="Elm")
    assert talk.result("xGet", Path=["Status", "UserInterface", "ContactInfo", "Name"]) == "Elm"


def test_a_role_that_is_lacking_is_refused_and_changes_nothing() -> None:
    talk = Talk.open(["Integrator"])
    assert talk.code("xGet", Path=["Status", "SIP", "Registration"]) == -31999
    assert talk.code("xCommand/Call/Accept") == -31999
    assert talk.code("xFeedback/Subscribe", Query=["Status", "SIP"]) == -31999
    assert talk.code("xCommand/UserManagement/User/List") == -31999
    assert talk.code("xSet", Path=["Configuration", "Security", "Session", "MaxFailedLogins"], Value=0) == -31999
    assert talk.device.state.read("Configuration", "Security", "Session", "MaxFailedLogins") == 5


def test_a_subtree_leaves_out_what_the_account_may_not_read() -> None:
    device = Talk.open(DAILY).device
    talk = Talk.open(["Integrator"], device=device, name="av")
    talk.device.calls.place("a@example.com", "", "SIP", "", "x", talk.now)
    call = talk.result("xGet", Path=["Status"])["Call"][0]
    assert set(call) == {"ReceiveCallRate", "TransmitCallRate", "id"}


@pytest.mark.parametrize(
    ("command", "arguments", "code"),
    [
        ("Dail", {"Number": "x"}, -32601),
        ("Audio/Volume", {}, -32601),
        ("Audio/Volume/Set", {}, -32602),
        ("Audio/Volume/Set", {"Level": 101}, -32602),
        ("Audio/Volume/Set", {"Level": True}, -32602),
        ("Audio/Volume/Set", {"Level": 5, "Loud": 1}, -32602),
        ("Dial", {"Number": "a\nb"}, -32602),
        ("AirPlay/KeyEvent/Back", {}, 1),
    ],
)
def test_a_command_that_cannot_be_is_an_error_of_the_right_code(command: str, arguments: Any, code: int) -> None:
    assert Talk.open(ADMIN).code(f"xCommand/{command}", **arguments) == code


@pytest.mark.parametrize(
    ("command", "path", "value"),
    [
        ("Audio/Volume/Mute", ["Audio", "VolumeMute"], "On"),
        ("Audio/Microphones/Mute", ["Audio", "Microphones", "Mute"], "On"),
        ("Audio/Microphones/ToggleMute", ["Audio", "Microphones", "Mute"], "On"),
        ("Video/Input/MainVideo/Mute", ["Video", "Input", "MainVideoMute"], "On"),
        ("Standby/Activate", ["Standby", "State"], "Standby"),
        ("Standby/Halfwake", ["Standby", "State"], "Halfwake"),
        ("Audio/Volume/Increase", ["Audio", "Volume"], 55),
        ("Audio/Volume/Decrease", ["Audio", "Volume"], 45),
    ],
)
def test_switches_show_in_the_status(command: str, path: list[str], value: Any) -> None:
    talk = Talk.open(DAILY)
    assert talk.result(f"xCommand/{command}") == {"status": "OK"}
    assert talk.result("xGet", Path=["Status", *path]) == value


def test_data_comes_with_or_without_status() -> None:
    assert Talk.open(DAILY, profile="26").result("xCommand/Dial", Number="a")["status"] == "OK"
    assert "status" not in Talk.open(DAILY, profile="2019").result("xCommand/Dial", Number="a")
    assert Talk.open(DAILY, profile="2019").result("xCommand/Standby/Activate") == {"status": "OK"}


def test_an_admin_manages_accounts_and_sessions() -> None:
    talk = Talk.open(ADMIN, name="admin")
    talk.result("xCommand/UserManagement/User/Add", Username="ada", Passphrase="long enough", Role=["User"])
    assert talk.code("xCommand/UserManagement/User/Add", Username="ada", Passphrase="long enough", Role=["User"]) == 1
    assert talk.code("xCommand/UserManagement/User/Add", Username="bob", Passphrase="short", Role=["User"]) == 1
    assert [one["Username"] for one in talk.result("xCommand/UserManagement/User/List")["User"]] == ["admin", "ada"]
    other = talk.device.accounts.open("ada", "WebSocket", "there", talk.now)
    sets = {"Username": "ada", "NewPassphrase": "another one", "SecurityAction": "InvalidateAllUserSessions"}
    talk.result("xCommand/UserManagement/User/Passphrase/Set", **sets)
    assert talk.device.accounts.take_ended() == [other.id]
    assert talk.device.accounts.by_name["ada"].has("another one")
    own = talk.result("xCommand/Security/Session/Get")["Session"]["Id"]
    talk.result("xCommand/Security/Session/Terminate", SessionId=own)
    assert talk.device.accounts.take_ended() == [own]
    assert talk.code("xCommand/Security/Session/Terminate", SessionId="none") == 1


def test_an_admins_passphrase_needs_ones_own_and_a_change_needs_the_old_one() -> None:
    talk = Talk.open(ADMIN, name="admin")
    sets = {"Username": "admin", "NewPassphrase": "another one"}
    assert talk.code("xCommand/UserManagement/User/Passphrase/Set", **sets) == 1
    change = {"NewPassphrase": "another one", "OldPassphrase": "wrong"}
    assert talk.code("xCommand/UserManagement/User/Passphrase/Change", **change) == 1
    assert talk.device.accounts.by_name["admin"].has("correct horse")
    talk.result("xCommand/UserManagement/User/Passphrase/Set", **sets, YourPassphrase="correct horse")
    assert talk.device.accounts.by_name["admin"].has("another one")


def test_no_secret_reaches_the_notes() -> None:
    talk = Talk.open(ADMIN, name="admin")
    talk.send("xCommand/UserManagement/User/Add", Username="ada", Passphrase="hunter2hunter2", Role=["User"])
    talk.send("xCommand/Zoom/Join", MeetingID="1", MeetingPasscode="hunter2", HostKey="hunter2")
    talk.send("xCommand/Bookings/Put", body="hunter2")
    talk.send("xCommand/Dail", Password="hunter2")
    assert "hunter2" not in str(list(talk.device.state.take_notes()))


def test_sharing_is_told_and_ends() -> None:
    talk = Talk.open(DAILY)
    talk.result("xCommand/Dial", Number="a@example.com")
    assert talk.result("xCommand/Presentation/Start", ConnectorId=[2])["Instance"] == 1
    assert talk.result("xGet", Path=["Status", "Conference", "Presentation", "Mode"]) == "Sending"
    talk.result("xCommand/Presentation/Stop")
    assert talk.result("xGet", Path=["Status", "Conference", "Presentation"]) == {"Mode": "Off"}
    assert talk.code("xCommand/Presentation/Stop") == 1


def test_a_reboot_ends_calls_and_sessions_and_starts_the_clock_again() -> None:
    talk = Talk.open(DAILY)
    talk.result("xCommand/Dial", Number="a@example.com")
    talk.result("xCommand/SystemUnit/Boot")
    assert talk.device.reboot_wanted
    talk.wait(100)
    talk.device.reboot(talk.now)
    assert talk.device.accounts.take_ended() == [talk.session.id]
    assert talk.result("xGet", Path=["Status", "SystemUnit", "Uptime"]) == 0
    assert talk.result("xGet", Path=["Status", "Call"]) == []


def test_what_is_known_can_be_asked_and_an_unknown_command_is_an_empty_list() -> None:
    talk = Talk.open(DAILY)
    assert talk.result("xDoc", Path=["Command", "Dial"], Type="Schema")["Number"]["required"] == "True"
    assert talk.result("xDoc", Path=["Command", "Dail"], Type="Schema") == []
    assert "Volume" in talk.result("xDoc", Path=["StatusSchema", "Audio"], Type="Schema")
    assert talk.code("xDoc", Path=["Configuration", "Nothing"], Type="Schema") == -32602
    assert talk.code("xDoc", Path=["Nonsense"], Type="Schema") == -32602


def test_every_command_with_behaviour_is_in_the_catalogue_and_has_one_area() -> None:
    known = {"/".join(one.path.words) for one in Talk.open(DAILY).device.offer.catalogue.commands(Path(("Command",)))}
    assert set(HANDLERS) - known == set()
    assert sum(len(area) for area in composed._AREAS) == len(HANDLERS)


@pytest.mark.parametrize(
    "words", ["UserManagement/RemoteSupportUser/Create", "SystemUnit/FactoryReset", "Audio/Setup/Clear"]
)
def test_what_has_no_behaviour_is_refused_and_never_pretended(words: str) -> None:
    talk = Talk.open(ADMIN)
    before = talk.device.state.document
    arguments = {"Confirm": "Yes"} if words.endswith("Reset") else {}
    assert talk.code(f"xCommand/{words}", **arguments) == 1
    assert talk.device.state.document == before


def with_switch(name: str, value: SwitchValue, roles: list[str] = ADMIN) -> Talk:
    return Talk.open(roles, device=Device.new("Birch", get_profile("26").with_switches({name: value}), NINE))


def test_integers_in_results_are_strings_where_the_switch_says_so() -> None:
    assert with_switch("results_as_text", True).result("xCommand/Dial", Number="a")["CallId"] == "1"
    assert with_switch("results_as_text", False).result("xCommand/Dial", Number="a")["CallId"] == 1


def test_a_subtree_with_something_hidden_is_cut_or_refused() -> None:
    path = ["Status", "SystemUnit", "Software"]  # Version is for Admin and User
    assert "Version" not in with_switch("hides_unreadable", True, ["Integrator"]).result("xGet", Path=path)
    assert with_switch("hides_unreadable", False, ["Integrator"]).code("xGet", Path=path) == -31999
    assert "Version" in with_switch("hides_unreadable", False, DAILY).result("xGet", Path=path)


def test_a_number_as_a_string_and_a_boolean_are_taken_or_not() -> None:
    path = ["Configuration", "Audio", "DefaultVolume"]
    refused = with_switch("lenient_numbers", False).send("xSet", Path=path, Value="60")["error"]
    assert refused["data"] == {"Cause": 27}
    assert with_switch("lenient_numbers", False).result("xSet", Path=path, Value=60) is True
    content = {"Content": True}
    assert with_switch("json_booleans", False).code("xCommand/Macros/Macro/Get", **content) == -32602
    assert with_switch("json_booleans", True).result("xCommand/Macros/Macro/Get", **content) == {"status": "OK"}


def test_a_star_in_a_query_is_taken_or_not() -> None:
    query = ["Status", "*", "VolumeMute"]
    assert with_switch("star_in_query", True).result("xQuery", Query=query) == {
        "Status": {"Audio": {"VolumeMute": "Off"}}
    }
    assert with_switch("star_in_query", False).code("xQuery", Query=query) == -32602


def test_a_family_can_be_taken_away() -> None:
    talk = with_switch("without", "Zoom WebRTC")
    assert talk.code("xCommand/Zoom/Join", MeetingID="1") == -32601
    assert talk.code("xCommand/webrtc/join", Url="https://x") == -32601
    assert talk.result("xDoc", Path=["Command", "Zoom", "Join"], Type="Schema") == []
    talk.result("xCommand/Webex/Join", Number="1")


def test_a_description_is_rooted_where_the_switch_says_so() -> None:
    found = with_switch("doc_rooted", True).result("xDoc", Path=["Command", "Dial"], Type="Schema")
    assert found["Command"]["Dial"]["command"] == "True"


def test_an_old_generation_has_its_own_defaults_and_ranges() -> None:
    talk = Talk.open(ADMIN, profile="9.15")
    path = ["Configuration", "Security", "Session", "MaxTotalSessions"]
    assert talk.result("xGet", Path=path) == 20
    assert talk.send("xSet", Path=path, Value=30)["error"]["data"] == {"Cause": 27}
    assert talk.result("xGet", Path=["Configuration", "NetworkServices", "Websocket"]) == "Off"
    assert Talk.open(ADMIN, profile="26").result("xSet", Path=path, Value=30) is True


def test_a_restart_takes_what_is_shown_and_keeps_what_is_stored() -> None:
    talk = Talk.open(ADMIN)
    talk.result("xCommand/UserInterface/Message/Rating/Display", Text="How was it?")
    talk.result("xCommand/UserInterface/WebView/Display", Url="https://example.com")
    talk.result("xCommand/Macros/Macro/Save", Name="a", body="1")
    talk.result("xCommand/Presentation/Start")
    talk.device.reboot(talk.now)
    device = talk.device
    assert (device.questions.rating, device.web_view.url, device.sharing.instances) == (None, "", {})
    assert list(device.macros.by_name) == ["a"]


def test_making_a_device_tells_nobody_of_it() -> None:
    assert Device.new("Birch", get_profile("26"), NINE).state.take_changes() == []


def test_a_switch_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput):
        with_switch("nonsense", True)


def test_the_audit_log_is_for_the_role_audit_alone() -> None:
    path = ["Configuration", "Security", "Audit", "Logging", "Mode"]
    talk = Talk.open(ADMIN)
    assert talk.code("xSet", Path=path, Value="Off") == -31999
    assert talk.result("xGet", Path=path) == "Internal"
    assert Talk.open(["Audit"]).result("xSet", Path=path, Value="ExternalSecure") is True


def test_what_moves_by_itself_is_up_to_date_wherever_it_is_read_from() -> None:
    talk = Talk.open(ADMIN)
    talk.wait(12)
    assert talk.result("xGet", Path=["Status"])["SystemUnit"]["Uptime"] == 12
    talk.wait(1)
    assert talk.result("xQuery", Query=["Status", "**", "Uptime"]) == {"Status": {"SystemUnit": {"Uptime": 13}}}
    talk.wait(1)
    assert talk.result("xGet", Path=["Status", "SystemUnit"])["Uptime"] == 14


def value_of(space: ValueSpace) -> object:
    """Some value that the space takes."""
    match space:
        case ListOf(item=item):
            return [value_of(item)]
        case AnyOf(spaces=spaces):
            return value_of(spaces[0])
        case Number(low=low):
            return low or 1
        case Literals(words=words):
            return words[0]
        case Text(shortest=shortest):
            return "x" * max(1, shortest)
        case _:
            raise AssertionError(space)


def stories() -> Iterator[tuple[str, dict[str, object]]]:
    """Every command of the catalogue, with what it needs and with all that it takes."""
    for command in Catalogue.shipped().commands(Path(("Command",))):
        for needed_only in (True, False):
            chosen = [one for one in command.parameters if one.required or not needed_only]
            arguments = {one.name: value_of(one.space) for one in chosen}
            if command.multiline:
                arguments["body"] = '{"Bookings":[]}'
            yield "/".join(command.path.words), arguments


def test_any_command_is_answered_or_refused_and_all_that_is_said_is_in_the_catalogue() -> None:
    talk = Talk.open(["Admin", "User", "Integrator", "RoomControl", "Audit"], name="all")
    device, catalogue = talk.device, talk.device.offer.catalogue
    answered, said = 0, []
    for words, arguments in stories():
        if words == "UserManagement/User/Delete":
            continue
        try:
            device.command(device.accounts.by_name["all"], list(words.split("/")), arguments, talk.session.id, talk.now)
            answered += 1
        except Refused as refused:
            assert refused.number in (1, -32602), words
        talk.now += timedelta(seconds=7)
        device.tick(talk.now)
        said += device.state.take_changes()
    device.reboot(talk.now)
    said += device.state.take_changes()
    assert answered > 150
    for change in said:
        if change.gone:
            assert catalogue.leaves(change.path), change.path
        elif change.path.root == "Event":
            known = {leaf.path.words[len(change.path.words) :] for leaf in catalogue.leaves(change.path)}
            assert known, change.path
            assert {(name,) for name in change.value} - known == set(), change.path
        else:
            leaf = device.offer.leaf(change.path)
            assert leaf is not None, change.path
            values = change.value if isinstance(change.value, list) else [change.value]
            assert [leaf.space.check(one, str(change.path)) for one in values] == values
