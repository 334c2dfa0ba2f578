"""Who changed it, from what to what, as far as the record knows."""

from roomgate.hub.settings.history import build_history, contained, outcomes_of
from roomgate.ledger.event import OutcomeKnown, Permitted

NAME = "Audio/DefaultVolume"


def permit(n, call, who="person_ada"):
    return Permitted(at=f"2026-03-10T09:0{n}:00Z", ask=f"ask_{n}", order=f"order_{n}", principal=who, room="oslo", call=call, digest="", grant="g")  # fmt: skip


def known(n, outcome):
    return OutcomeKnown(at="2026-03-10T09:00:00Z", order=f"order_{n}", outcome=outcome, detail="", room="oslo")


def told(*pairs, name=NAME):
    """Each a value and what became of it, the oldest first."""
    events = [permit(n, f"Configuration/{name} Value={value}") for n, (value, _) in enumerate(pairs)]
    outcomes = outcomes_of(known(n, outcome) for n, (_, outcome) in enumerate(pairs) if outcome)
    return [(c.before, c.after, c.outcome) for c in build_history(events[::-1], outcomes, name)]


def test_each_value_is_the_one_before_the_next():
    assert told(("40", "done"), ("30", "done")) == [("40", "30", "done"), (None, "40", "done")]


def test_what_was_not_done_changed_nothing_and_what_is_unknown_leaves_it_open():
    assert told(("40", "done"), ("30", "refused"), ("20", "failed"), ("10", "unknown"), ("5", None)) == [
        (None, "5", "waiting"),
        ("40", "10", "unknown"),
        ("40", "20", "failed"),
        ("40", "30", "refused"),
        (None, "40", "done"),
    ]


def test_another_setting_whose_name_goes_on_is_not_it():
    events = [
        permit(1, "Configuration/Audio/DefaultVolumeOther Value=1"),
        permit(2, "Configuration/Audio/DefaultVolume"),
    ]
    assert build_history(events, {}, NAME) == []
    assert contained(NAME) == "Configuration/Audio/DefaultVolume Value="


def test_a_value_may_have_anything_in_it():
    assert told(("a Value=b", "done"), name="SystemUnit/Name") == [(None, "a Value=b", "done")]
