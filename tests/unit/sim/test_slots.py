"""HttpFeedback: what is registered, and what concerns it."""

from roomgate.sim.device import Device
from roomgate.sim.profile import get_profile
from support.simulated import ADMIN, DAILY, NINE, Talk

HERE = "xCommand/HttpFeedback"


def registered(talk: Talk) -> Talk:
    expressions = ["/Status/Audio/Volume", "/Event/CallDisconnect"]
    talk.result(f"{HERE}/Register", FeedbackSlot=2, ServerUrl="https://example.com/f", Expression=expressions)
    talk.device.state.take_changes()
    return talk


def test_a_slot_concerns_what_its_expressions_name() -> None:
    talk = registered(Talk.open(ADMIN))
    shown = talk.result("xGet", Path=["Status", "HttpFeedback", 2])
    assert (shown["Status"], shown["Expression"]) == ("OK", ["/Status/Audio/Volume", "/Event/CallDisconnect"])
    device = talk.device
    device.state.put("Audio", "Volume", value=3)
    device.state.put("Audio", "VolumeMute", value="On")
    device.state.event("CallDisconnect", CallId=1)
    heard = [[slot.number for slot in device.slots.concerned(change)] for change in device.state.take_changes()]
    assert heard == [[2], [], [2]]


def test_a_slot_that_failed_is_silent_until_it_is_enabled() -> None:
    talk = registered(Talk.open(ADMIN))
    talk.device.slots.fail(2)
    assert talk.result("xGet", Path=["Status", "HttpFeedback", 2, "Status"]) == "Failed"
    talk.device.state.put("Audio", "Volume", value=4)
    (change,) = [one for one in talk.device.state.take_changes() if one.path.words[0] == "Audio"]
    assert list(talk.device.slots.concerned(change)) == []
    talk.result(f"{HERE}/Enable", FeedbackSlot=2)
    assert [one.number for one in talk.device.slots.concerned(change)] == [2]


def test_a_slot_is_given_up() -> None:
    talk = registered(Talk.open(ADMIN))
    talk.result(f"{HERE}/Deregister", FeedbackSlot=2)
    assert talk.result("xGet", Path=["Status", "HttpFeedback"]) == []
    for command in ("Deregister", "Enable"):
        assert talk.code(f"{HERE}/{command}", FeedbackSlot=2) == 1
    talk.device.slots.fail(2)
    assert talk.device.slots.by_number == {}


def test_what_cannot_be_registered_is_refused() -> None:
    talk = Talk.open(ADMIN)
    url = {"FeedbackSlot": 1, "ServerUrl": "https://example.com"}
    assert talk.code(f"{HERE}/Register", FeedbackSlot=1, ServerUrl="ftp://example.com") == 1
    assert talk.code(f"{HERE}/Register", **url, Expression=["/Nonsense/Call"]) == -32602
    assert talk.code(f"{HERE}/Register", **url, Expression=["/Command/Dial"]) == -32602
    assert talk.code(f"{HERE}/Register", FeedbackSlot=5, ServerUrl="https://example.com") == -32602
    assert Talk.open(DAILY).code(f"{HERE}/Register", **url) == -31999
    assert talk.device.slots.by_number == {}


def test_an_older_generation_takes_fewer_expressions() -> None:
    wanted = {"FeedbackSlot": 1, "ServerUrl": "http://example.com", "Expression": ["/Status/Audio"] * 16}
    assert Talk.open(ADMIN, profile="9.15").code(f"{HERE}/Register", **wanted) == -32602
    Talk.open(ADMIN, profile="26").result(f"{HERE}/Register", **wanted)


def test_slots_survive_a_restart_or_do_not() -> None:
    for survives in (True, False):
        profile = get_profile("26").with_switches({"slots_survive_boot": survives})
        talk = registered(Talk.open(ADMIN, device=Device.new("Birch", profile, NINE)))
        talk.device.reboot(talk.now)
        assert (2 in talk.device.slots.by_number) is survives
