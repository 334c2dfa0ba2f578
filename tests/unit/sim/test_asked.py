from datetime import timedelta, timezone

from roomgate.sim.accounts import Account
from roomgate.sim.asked import Asked, stamp
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path
from support.simulated import NINE


def test_arguments_are_read_with_what_stands_in_for_them() -> None:
    call = Call(Verb.COMMAND, Path.parse("Command/Dial"), (("ConnectorId", (2, 3)), ("Level", 40), ("Number", "a")))
    asked = Asked(call, Account("x", [], "", ""), "s", NINE)
    assert (asked.text("Number"), asked.text("Name", "b"), asked.number("Level", 0), asked.number("Other", 7)) == (
        "a",
        "b",
        40,
        7,
    )
    assert (asked.listed("ConnectorId"), asked.listed("Level"), asked.listed("None")) == ([2, 3], [40], [])


def test_a_time_is_written_in_utc() -> None:
    assert stamp(NINE.astimezone(timezone(timedelta(hours=5)))) == "2026-03-10T09:00:00Z"
