import pytest

from roomgate.hub.console.words import Words
from roomgate.hub.rooms.timeline import MOST, build_timeline, is_read
from roomgate.ledger.event import Event, HubStarted, OutcomeKnown, Permitted, Refused

AT = "2026-03-10T09:00:00.000Z"
EN = Words.of("en")
NAMES = {"person_ada": "ada"}
DIAL = "Command/Dial Number=a@example.com"


def permit(call: str, order: str = "order_1", reason: str = "") -> Permitted:
    return Permitted(
        at=AT, ask="ask_1", order=order, principal="person_ada", room="oslo", call=call, digest="d", grant="grant_1",
        reason=reason,
    )  # fmt: skip


def outcome(said: str, order: str = "order_1", detail: str = "") -> OutcomeKnown:
    return OutcomeKnown(at=AT, order=order, outcome=said, detail=detail)


def told(*newest_first: Event) -> list[str]:
    return [
        " ".join(part for part in (line.kind, line.who, line.did, line.what, line.note) if part)
        for line in build_timeline(newest_first, NAMES, EN)
    ]


def test_what_was_done_is_told_as_done() -> None:
    assert told(outcome("done"), permit(DIAL)) == ["call ada dialled a@example.com Done."]
    assert told(outcome("done"), permit("Command/Audio/Volume/Set Level=30")) == ["ok ada set the volume 30 Done."]
    assert told(outcome("done"), permit("Configuration/Audio/DefaultVolume Value=30")) == [
        "ok ada set Audio/DefaultVolume 30 Done."
    ]
    assert told(outcome("done"), permit("Command/Bookings/Clear")) == ["ok ada did Bookings/Clear Done."]


def test_what_was_not_done_is_told_as_asked_for() -> None:
    assert told(permit(DIAL)) == ["void ada asked for Dial a@example.com On its way."]
    assert told(outcome("refused", detail="consent.no"), permit(DIAL, reason="why not")) == [
        "bad ada asked for Dial a@example.com Refused: consent.no “why not”"
    ]
    assert told(outcome("unknown", detail="no answer"), permit(DIAL))[0].startswith("warn ada asked for")


def test_the_id_of_a_booking_is_for_the_machine() -> None:
    assert "BookingId" not in told(outcome("done"), permit(f"{DIAL} BookingId=77"))[0]
    assert "77" not in told(outcome("done"), permit(f"{DIAL} BookingId=77"))[0]


def test_the_hubs_own_no_names_its_rule() -> None:
    no = Refused(at=AT, ask="ask_1", principal="person_ada", room="oslo", call=DIAL, rule="no-grant")
    assert told(no) == ["bad ada was refused Command/Dial a@example.com Rule: no-grant."]


def test_somebody_whose_account_is_gone_goes_by_their_id() -> None:
    [line] = build_timeline([permit(DIAL)], {}, EN)
    assert line.who == "person_ada"


@pytest.mark.parametrize(
    ("call", "read"),
    [
        ("Status/Audio/Volume", True),
        ("Event/UserInterface", True),
        ("Command/Bookings/List Days=1", True),
        ("Command/Security/Session/List", True),
        ("Command/Security/Certificates/Services/Show Format=PEM", True),
        ("Command/Security/Session/Terminate SessionId=a/List", False),
        ("Command/UserManagement/User/List", True),
        ("Command/Camera/Preset/List", True),
        ("Command/UserInterface/Extensions/Export", True),
        ("Command/Phonebook/Search Limit=50", True),
        ("Command/CallHistory/Get", True),
        ("Command/CallHistory/DeleteAll", False),
        ("Command/HttpClient/Get Url=https://example.com", False),
        ("Command/UserManagement/User/Modify Username=a", False),
        ("Configuration/Audio/DefaultVolume", True),
        ("Configuration/Audio/DefaultVolume Value=3", False),
        (DIAL, False),
    ],
)
def test_reads_are_left_out(call: str, read: bool) -> None:
    assert is_read(call) is read
    assert (told(permit(call)) == []) is read


def test_it_ends_after_so_many_lines_and_other_events_are_no_lines() -> None:
    many = [permit(DIAL, f"order_{n}") for n in range(MOST + 5)]
    assert len(told(*many)) == MOST
    assert told(HubStarted(at=AT, version="1")) == []
