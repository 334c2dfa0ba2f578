"""What the room remembers of its calls."""

from support.simulated import ADMIN, DAILY, Talk


def called(talk: Talk, number: str) -> None:
    talk.result("xCommand/Dial", Number=number, BookingId="b-1")
    talk.wait(1)
    talk.wait(30)
    talk.result("xCommand/Call/Disconnect")


def missed(talk: Talk, *numbers: str) -> list[int]:
    for number in numbers:
        talk.device.calls.ring(number, "", talk.now)
        talk.device.calls.end_all("RemoteDisconnect", "far end", talk.now)
    return [one.history_id for one in talk.device.history.entries[-len(numbers) :]]


def test_the_history_tells_who_was_called_for_how_long() -> None:
    talk = Talk.open(DAILY)
    for number in ("first@example.com", "second@example.com", "first@example.com"):
        called(talk, number)
    entries = talk.result("xCommand/CallHistory/Get", DetailLevel="Full")["Entry"]
    assert [one["RemoteNumber"] for one in entries] == ["first@example.com", "second@example.com", "first@example.com"]
    assert (entries[0]["id"], entries[0]["BookingId"], entries[0]["OccurrenceType"]) == (0, "b-1", "Placed")
    assert 30 <= entries[0]["Duration"] <= 31
    recents = talk.result("xCommand/CallHistory/Recents", Order="OccurrenceFrequency", DetailLevel="Full")["Entry"]
    assert [(one["OccurrenceCount"], one["RemoteNumber"]) for one in recents] == [
        (2, "first@example.com"),
        (1, "second@example.com"),
    ]
    assert len(talk.result("xCommand/CallHistory/Get", SearchString="second")["Entry"]) == 1


def test_no_entries_is_no_list() -> None:
    assert "Entry" not in Talk.open(DAILY).result("xCommand/CallHistory/Get")


def test_a_missed_call_stays_unacknowledged_until_somebody_says_so() -> None:
    talk = Talk.open(DAILY)
    first, _, _, _ = missed(talk, "a@example.com", "b@example.com", "b@example.com", "a@example.com")
    unseen = ("xCommand/CallHistory/Get", {"Filter": "UnacknowledgedMissed"})
    assert len(talk.result(unseen[0], **unseen[1])["Entry"]) == 4
    duplicates = {"CallHistoryId": first + 1, "AcknowledgeConsecutiveDuplicates": "True"}
    talk.result("xCommand/CallHistory/AcknowledgeMissedCall", **duplicates)
    assert [one["CallHistoryId"] for one in talk.result(unseen[0], **unseen[1])["Entry"]] == [first + 3, first]
    talk.result("xCommand/CallHistory/AcknowledgeAllMissedCalls")
    assert "Entry" not in talk.result(unseen[0], **unseen[1])


def test_entries_are_deleted_and_the_journal_keeps_that() -> None:
    talk = Talk.open(DAILY)
    called(talk, "a@example.com")
    first, second = missed(talk, "b@example.com", "c@example.com")
    talk.result("xCommand/CallHistory/DeleteEntry", CallHistoryId=first)
    assert talk.code("xCommand/CallHistory/DeleteEntry", CallHistoryId=first) == 1
    talk.result("xCommand/CallHistory/DeleteAll", Filter="Missed")
    assert [one["OccurrenceType"] for one in talk.result("xCommand/CallHistory/Get")["Entry"]] == ["Placed"]
    assert [note["entries"] for note in talk.notes("history.deleted")] == [1, 1]
    (third,) = missed(talk, "d@example.com")
    assert third > second, "a number is not used twice"


def test_nothing_is_kept_where_the_history_is_off() -> None:
    talk = Talk.open(ADMIN)
    talk.result("xSet", Path=["Configuration", "CallHistory", "Mode"], Value="Off")
    called(talk, "a@example.com")
    assert talk.device.history.entries == []
