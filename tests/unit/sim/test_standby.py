"""Sleep and waking."""

from datetime import timedelta

from support.simulated import ADMIN, NINE, Talk


def state(talk: Talk) -> str:
    return str(talk.result("xGet", Path=["Status", "Standby", "State"]))


def test_an_idle_room_sleeps_after_its_delay_and_says_so_before() -> None:
    talk = Talk.open(ADMIN)
    talk.result("xFeedback/Subscribe", Query=["Event", "Standby"])
    assert talk.device.standby.next_at(NINE) == NINE + timedelta(minutes=9, seconds=30)
    talk.wait(569)
    assert talk.heard() == []
    talk.wait(1)
    assert talk.heard()[0]["Event"] == {"Standby": {"SecondsToStandby": {"NameNotUsed": 30}}}
    assert (state(talk), talk.device.standby.next_at(talk.now)) == ("Off", NINE + timedelta(minutes=10))
    talk.wait(30)
    assert state(talk) == "Standby"
    assert talk.result("xGet", Path=["Status", "Standby", "Level"]) == "DisplayOff"
    assert talk.device.standby.next_at(talk.now) is None


def test_without_control_a_room_stays_awake() -> None:
    talk = Talk.open(ADMIN)
    talk.result("xSet", Path=["Configuration", "Standby", "Control"], Value="Off")
    talk.wait(3600)
    assert state(talk) == "Off"


def test_a_call_keeps_the_room_awake() -> None:
    talk = Talk.open(ADMIN)
    talk.result("xCommand/Dial", Number="a@example.com")
    talk.wait(1)
    talk.wait(3600)
    assert state(talk) == "Off"
    talk.result("xCommand/Call/Disconnect")
    talk.wait(601)
    assert state(talk) == "Standby"


def test_a_call_wakes_the_room() -> None:
    talk = Talk.open(ADMIN)
    talk.result("xCommand/Standby/Activate")
    talk.device.calls.ring("a@example.com", "", talk.now)
    assert state(talk) == "Off"


def test_the_timer_is_put_off() -> None:
    talk = Talk.open(ADMIN)
    talk.wait(590)
    talk.result("xCommand/Standby/ResetTimer", Delay=2)
    talk.wait(119)
    assert state(talk) == "Off"
    talk.wait(1)
    assert state(talk) == "Standby"


def test_half_wake_lasts_as_long_as_its_timer() -> None:
    talk = Talk.open(ADMIN)
    talk.result("xCommand/Standby/Activate")
    talk.result("xCommand/Standby/ResetHalfwakeTimer", Delay=1)
    assert talk.device.standby.next_at(talk.now) is None, "a sleeping room has no half-wake to prolong"
    talk.result("xCommand/Standby/Halfwake")
    talk.result("xCommand/Standby/ResetHalfwakeTimer", Delay=1)
    assert state(talk) == "Halfwake"
    talk.wait(60)
    assert state(talk) == "Standby"


def test_a_meeting_that_begins_wakes_the_room_unless_it_is_told_not_to() -> None:
    body = (
        '{"Bookings":[{"Id":"b","Title":"t","Number":"n@example.com","Protocol":"SIP","Organizer":{"Name":"A"},'
        '"Time":{"StartTime":"2026-03-10T10:00:00Z","Duration":30}}]}'
    )
    for wakes, shown in (("Auto", "Off"), ("Off", "Standby")):
        talk = Talk.open(ADMIN)
        talk.result("xSet", Path=["Configuration", "Standby", "WakeupAtMeetingStart"], Value=wakes)
        talk.result("xCommand/Bookings/Put", body=body)
        talk.result("xCommand/Standby/Activate")
        talk.wait(3600)
        assert state(talk) == shown
