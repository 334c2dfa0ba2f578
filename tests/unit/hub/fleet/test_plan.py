import pytest

from roomgate.fleet.difference import Step
from roomgate.hub.fleet.plan import Mark, PlanRoom, RoomState, ended, looked_again, pack, planned, unpack

ROW = PlanRoom("plan_1", "room_1", 1, RoomState.READING)
DUE = Step("setting", "a", "set", "Configuration/A", verdict="allowed")
BLIND = Step("setting", "b", "set", "Configuration/B", blind=True, verdict="unasked")
NO = Step("macro", "c", "command", "Command/C", verdict="refused", rule="never", words="Never.")


@pytest.mark.parametrize(
    ("steps", "strict", "state", "words"),
    [
        ([], False, RoomState.UNCHANGED, ""),
        ([DUE, NO], False, RoomState.WAITING, ""),
        ([DUE, NO], True, RoomState.SKIPPED, "Never."),
        ([NO], False, RoomState.SKIPPED, "Never."),
    ],
)
def test_what_was_found_decides_what_a_room_waits_for(steps, strict, state, words):
    row = planned(ROW, steps, strict=strict)
    assert (row.state, row.words) == (state, words)
    assert row.due + row.left == len(steps)


def test_a_reading_decides_what_a_lost_answer_left_open():
    row = planned(ROW, [DUE, BLIND, NO], strict=False).marked(0, Mark.DOING).marked(1, Mark.DOING)
    assert row.open_question()
    assert looked_again(row, []).marks == (Mark.DONE, Mark.UNKNOWN, Mark.LEFT)
    assert looked_again(row, [DUE, BLIND]).marks == (Mark.TO_DO, Mark.UNKNOWN, Mark.LEFT)
    assert looked_again(row, [DUE]).next() == 0


def test_a_room_in_which_not_everything_was_done_says_so():
    row = planned(ROW, [DUE, BLIND, NO], strict=False).marked(0, Mark.DONE)
    failed = ended(row.marked(1, Mark.FAILED, "device.error", "No."), "now")
    assert (failed.state, failed.words) == (RoomState.FAILED, "1 of 2 done. b: No.")
    assert ended(row.marked(1, Mark.DONE), "now").state is RoomState.DONE


def test_what_is_kept_of_the_progress_is_no_value():
    row = planned(ROW, [DUE, NO], strict=False).marked(0, Mark.REFUSED, "policy", "No.")
    assert unpack(pack(row)) == (row.marks, row.told)
    assert "Configuration" not in str(pack(row))
