"""The terminal shell: what is known of its forms, and how its bytes may come."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.sim.device import Device
from roomgate.sim.profile import get_profile
from roomgate.sim.tshell import BODY_LIMIT, Shell, TooLong
from support.simulated import NINE


def made(mode: str = "terminal", roles: tuple[str, ...] = ("Admin",), device: Device | None = None) -> Shell:
    device = device or Device.new("Birch", get_profile("26"), NINE)
    account = device.accounts.by_name.get("somebody") or device.accounts.add("somebody", "correct horse", list(roles))
    return Shell(device, account, "7", mode=mode, echo=False)


ONE = Device.new("Birch", get_profile("26"), NINE)


def say(shell: Shell, text: str) -> str:
    return b"".join(shell.feed(text.encode(), NINE)).decode()


def reply(shell: Shell, text: str) -> Any:
    return json.loads(say(shell, text + "\n"))


def heard(shell: Shell) -> str:
    return b"".join(shell.notify(shell.device.state.take_changes())).decode()


def test_the_banner_ends_with_ok_and_there_is_no_prompt() -> None:
    assert made().greet().decode() == (
        "Welcome to Birch\nCisco Codec Release RoomOS 26.4.1.3 0123456789a\nSW Release Date: 2026-03-10\n"
        "*r Login successful\n\nOK\n\n"
    )


def test_the_welcome_can_be_switched_off_and_the_last_login_shown() -> None:
    shell = made()
    shell.device.state.configure("NetworkServices", "WelcomeText", value="Off")
    shell.device.state.configure("Security", "Session", "ShowLastLogon", value="On")
    said = shell.greet(("192.0.2.7", NINE)).decode()
    assert said == "*r Login successful\nLast login from 192.0.2.7 at 2026-03-10T09:00:00Z\n\nOK\n\n"


def test_terminal_mode_has_a_prefix_for_each_kind() -> None:
    shell = made()
    assert (
        say(shell, 'xStatus Audio Volume | resultId="7"\n') == '*s Audio Volume: 50\n** resultId: "7"\n** end\n\nOK\n\n'
    )
    assert say(shell, "xConfiguration Audio DefaultVolume\n") == (
        "*c xConfiguration Audio DefaultVolume: 50\n** end\n\nOK\n\n"
    )
    assert say(shell, 'xCommand Dial Number: "a@example.com"\n') == (
        "*r DialResult (status=OK):\n*r DialResult CallId: 1\n*r DialResult ConferenceId: 1\n** end\n\nOK\n\n"
    )
    assert say(shell, "xCommand Dail\n").endswith(
        '*r Result Reason: "Unknown command"\n*r Result XPath: "/Dail"\n** end\n\nERROR\n\n'
    )
    assert '*s SystemUnit ProductId: "Cisco Board Pro 55"' in say(shell, "xStatus SystemUnit\n")


def test_json_mode_as_the_vendors_client_reads_it() -> None:
    shell = made()
    assert say(shell, "xPreferences outputmode json\n") == ""
    assert reply(shell, 'xStatus Audio Volume | resultId="1"') == {
        "Status": {"Audio": {"Volume": {"Value": "50"}}},
        "ResultId": "1",
    }
    assert reply(shell, 'xCommand Dial Number: "a@example.com" | resultId="7"') == {
        "CommandResponse": {"DialResult": {"CallId": {"Value": "1"}, "ConferenceId": {"Value": "1"}, "status": "OK"}},
        "ResultId": "7",
    }
    assert reply(shell, 'xCommand Dail | resultId="8"') == {
        "CommandResponse": {
            "Result": {"Reason": {"Value": "Unknown command"}, "XPath": {"Value": "/Dail"}, "status": "Error"}
        },
        "ResultId": "8",
    }
    assert reply(shell, 'xCommand Dial | resultId="9"') == {
        "CommandResponse": {"DialResult": {"status": "ParameterError"}},
        "ResultId": "9",
    }
    assert reply(shell, 'xStatus Foo | resultId="10"') == {
        "CommandResponse": {
            "Status": {
                "Reason": {"Value": "No match on address expression"},
                "XPath": {"Value": "Status/Foo"},
                "status": "Error",
            }
        },
        "ResultId": "10",
    }
    assert reply(shell, 'xConfiguration Audio DefaultVolume: "400" | resultId="11"') == {
        "Configuration": {"Audio": {"DefaultVolume": {"Value": "Illegal value", "error": "True"}}},
        "ResultId": "11",
    }
    assert reply(shell, 'xConfiguration Audio DefaultVolume: "40" | resultId="12"') == {"ResultId": "12"}
    assert reply(shell, 'xFeedback register /Status/Audio | resultId="13"') == {"ResultId": "13"}
    assert reply(shell, 'xStatus Call[7] | resultId="14"') == {"ResultId": "14"}


def test_ids_are_text_and_a_ghost_is_one() -> None:
    shell = made("json")
    reply(shell, "xFeedback register /Status/Call")
    reply(shell, "xCommand Dial Number: a@example.com")
    shell.device.state.take_changes()
    assert reply(shell, "xStatus Call[1]/Status")["Status"]["Call"] == [{"id": "1", "Status": {"Value": "Dialling"}}]
    reply(shell, "xCommand Call Disconnect CallId: 1")
    assert {"Status": {"Call": [{"ghost": "True", "id": "1"}]}} in [
        json.loads(one) for one in heard(shell).splitlines()
    ]


def test_xml_mode_wraps_each_answer() -> None:
    shell = made()
    assert "OK" not in say(shell, "xpreferences outputmode xml\n").replace("resultId", "")
    assert say(shell, 'xStatus Audio Volume | resultId="7"\n') == (
        '<XmlDoc resultId="7">\n<Status><Audio><Volume>50</Volume></Audio></Status>\n</XmlDoc>\n'
    )
    assert '<DialResult status="ParameterError"/>' in say(shell, "xCommand Dial\n")


def test_feedback_in_each_form() -> None:
    shell = made()
    say(shell, "xFeedback register /Status/Audio\nxFeedback register Event/UserInterface\n")
    say(shell, "xCommand Audio Volume Set Level: 7\n")
    assert heard(shell) == "*s Audio Volume: 7\n** end\n"
    shell.device.state.event("UserInterface", "Message", "Prompt", "Response", FeedbackId="f", OptionId=2)
    assert heard(shell) == (
        '*e UserInterface Message Prompt Response FeedbackId: "f"\n'
        "*e UserInterface Message Prompt Response OptionId: 2\n** end\n"
    )
    shell.mode = "json"
    shell.device.state.put("Audio", "Volume", value=8)
    assert json.loads(heard(shell)) == {"Status": {"Audio": {"Volume": {"Value": "8"}}}}
    shell.mode = "xml"
    shell.device.state.put("Audio", "Volume", value=9)
    assert heard(shell) == "<Status><Audio><Volume>9</Volume></Audio></Status>\n"


def test_a_registration_is_listed_and_given_back_by_its_own_expression() -> None:
    shell = made("json")
    reply(shell, "xfeedback register /Status/Audio")
    (row,) = reply(shell, "xfeedback list")["CommandResponse"]["FeedbackListResult"]["Feedback"]
    assert row == {"id": "1", "Expression": {"Value": "/Status/Audio"}}
    assert reply(shell, 'xfeedback deregister /Status/Audio | resultId="1"') == {"ResultId": "1"}
    assert reply(shell, "xfeedback deregister /Status/Audio")["CommandResponse"]["Result"]["status"] == "Error"
    reply(shell, "xfeedback register /Status/Audio")
    reply(shell, "xfeedback deregisterall")
    shell.device.state.put("Audio", "Volume", value=8)
    assert heard(shell) == ""


def test_one_expression_too_many_is_an_error() -> None:
    shell = made("json")
    leaves = [
        leaf.path
        for leaf in shell.device.offer.catalogue.leaves(shell.device.offer.catalogue.canonical("get", "Status").path)
    ]  # type: ignore[arg-type]  # a verb is its word
    for path in leaves[:50]:
        assert reply(shell, f"xfeedback register /{path}") == {}
    refused = reply(shell, f"xfeedback register /{leaves[50]}")
    assert refused["CommandResponse"]["Result"]["Reason"] == {"Value": "Subscriber count exceeded"}


def test_a_framed_body_is_counted_in_bytes() -> None:
    shell = made("json")
    bookings = json.dumps({"Bookings": []})
    rest = f'xCommand Bookings Put | resultId="5"\n{bookings}\n'
    framed = f"{{{len(rest.encode())}}} \n{rest}"
    answer = json.loads(say(shell, framed))
    assert answer["ResultId"] == "5"
    assert "BookingsPutResult" in answer["CommandResponse"]
    assert reply(shell, "xStatus Audio Volume")["Status"]


def test_a_body_in_lines_ends_with_a_full_stop() -> None:
    shell = made("json")
    assert say(shell, "xCommand Bookings Put\n{\n") == ""
    assert "BookingsPutResult" in json.loads(say(shell, '"Bookings": []}\n.\n'))["CommandResponse"]


@given(st.lists(st.integers(1, 40), max_size=30))
def test_how_the_bytes_are_cut_never_matters(sizes: list[int]) -> None:
    text = 'xStatus Audio Volume | resultId="1"\r\n\nxCommand Dail\n{15}\nxCommand Dail\nxxxStatus SIP\n'
    whole, cut = made("json", device=ONE), made("json", device=ONE)
    pieces, left = [], text
    for size in sizes:
        pieces, left = [*pieces, left[:size]], left[size:]
    assert "".join(say(cut, piece) for piece in [*pieces, left]) == say(whole, text)


@given(st.text())
def test_any_line_is_answered(line: str) -> None:
    shell = made("json", device=ONE)
    for verb in ("", "xStatus ", "xCommand ", "xConfiguration ", "xFeedback ", "xDocument ", "xGetxml "):
        try:
            shell.feed((verb + line + "\n").encode("utf-8", "replace"), NINE)
        except TooLong:
            shell = made("json", device=ONE)


@pytest.mark.parametrize("data", [b"x" * 70_000, b"{%d}\n" % (2 * BODY_LIMIT)])
def test_a_line_or_a_body_without_end_is_too_long(data: bytes) -> None:
    with pytest.raises(TooLong):
        made().feed(data, NINE)


def test_what_is_typed_is_echoed_until_it_is_not_to_be() -> None:
    shell = made()
    shell.echo = True
    shell.newline = "\r\n"
    assert say(shell, "xStatus Audio Volume\r\n").startswith("xStatus Audio Volume\r\n*s Audio Volume: 50\r\n")
    assert say(shell, "echo off\n").endswith("OK\r\n\r\n")
    assert say(shell, "xStatus Audio Volume\n").startswith("*s")


def test_documents_help_and_the_end() -> None:
    shell = made("json")
    told = reply(shell, 'xDocument Format: "JSON" Path: "Status/Audio/Volume" Schema: "True"')
    assert "ValueSpace" in told["StatusSchema"]["Audio"]["Volume"]
    command = reply(shell, 'xDocument Format: "JSON" Path: "Command/Audio/Volume/Set" Schema: "True"')
    assert command["Command"]["Audio"]["Volume"]["Set"]["Level"]["required"] == "True"
    assert reply(shell, 'xDocument Path: "Command/Dail"') == {}
    assert "xcommand" in reply(shell, "help")["Help"]
    assert "<Volume>50</Volume>" in reply(shell, "xGetxml /Status/Audio/Volume")["CommandResponse"]["XmlDoc"]["Value"]
    assert reply(shell, "xevent")["CommandResponse"]["Result"]["status"] == "Error"
    reply(shell, "bye")
    assert shell.ended


def test_roles_count_here_too() -> None:
    shell = made("json", roles=("User",))
    assert reply(shell, "xCommand UserManagement User List")["CommandResponse"]["UserListResult"] == {
        "Reason": {"Value": "Permission denied"},
        "status": "Error",
    }
