"""What is wanted beside what is there, and the way back."""

from roomgate.access.capability import Capability
from roomgate.access.offered import offered
from roomgate.hub.settings.change import Edit, Step, plan_changes, plan_undo
from roomgate.hub.settings.setting import build_settings, parse_change

HELD = [frozenset(Capability)]


def edit(name, value, seen=None):
    return Edit(parse_change(name, value, offered()), seen)


def planned(document, *edits):
    return plan_changes(edits, build_settings(document, HELD, offered()), offered())


VOLUME = {"Audio": {"DefaultVolume": 50}}


def test_a_value_that_is_another_than_the_one_seen_is_a_conflict():
    assert [planned(VOLUME, edit("Audio/DefaultVolume", 40, seen))[0].conflict for seen in ("50", "49", None)] == [
        False, True, False,
    ]  # fmt: skip


def test_what_the_device_has_already_is_idle():
    (one,) = planned(VOLUME, edit("Audio/DefaultVolume", 50))
    assert one.idle
    (gone,) = planned({}, edit("Audio/DefaultVolume", 50, "50"))
    assert (gone.idle, gone.conflict, gone.before, gone.shown_after) == (False, False, None, "50")
    assert plan_undo([Step(gone, "done")], offered()) == []
    (secret,) = planned({}, edit("SIP/Authentication/Password", "hunter2"))
    assert secret.shown_after == "•••"


def test_a_secret_shows_neither_value_and_is_never_in_conflict():
    (one,) = planned(
        {"SIP": {"Authentication": {"Password": "***"}}}, edit("SIP/Authentication/Password", "hunter2", "x")
    )
    assert (one.shown_before, one.shown_after, one.conflict, one.idle) == ("•••", "•••", False, False)


def test_what_was_done_is_taken_back_the_last_first_and_only_that():
    document = {
        "Audio": {"DefaultVolume": 50, "SoundsAndAlerts": {"RingVolume": 60}},
        "SIP": {"Authentication": {"Password": "***"}},
        "SystemUnit": {"Name": "oslo"},
        "Audio2": 1,
    }
    one, two, secret, refused, idle = planned(
        document,
        edit("Audio/DefaultVolume", 40),
        edit("Audio/SoundsAndAlerts/RingVolume", 10),
        edit("SIP/Authentication/Password", "hunter2"),
        edit("SystemUnit/Name", "rome"),
        edit("Audio/DefaultVolume", 50),
    )
    steps = [Step(one, "done"), Step(two, "done"), Step(secret, "done"), Step(refused, "refused"), Step(idle, "done")]
    back = plan_undo(steps, offered())
    assert [(str(e.call), e.seen) for e in back] == [
        ("Configuration/Audio/SoundsAndAlerts/RingVolume Value=60", "10"),
        ("Configuration/Audio/DefaultVolume Value=50", "40"),
    ]


def test_a_value_of_another_generation_cannot_be_set_back():
    (one,) = planned({"Audio": {"DefaultVolume": 777}}, edit("Audio/DefaultVolume", 40))
    assert plan_undo([Step(one, "done")], offered()) == []
