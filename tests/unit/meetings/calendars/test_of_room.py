from roomgate.ids import RoomName
from roomgate.meetings.calendars.entry import Notice
from roomgate.meetings.calendars.of_room import find_mailbox, find_notices, find_writable
from support.calendar_in_memory import MemoryCalendar, ReadOnlyCalendar

OSLO, BERGEN, NARVIK = RoomName("oslo"), RoomName("bergen"), RoomName("narvik")


class Warned(MemoryCalendar):
    def notices(self, room):
        return (Notice("stripped", "The bodies are gone.", "Keep them."),)


class Mailboxes(MemoryCalendar):
    def mailbox_of(self, room):
        return f" {room.title()}@example.com"


class Several:
    """As the site's calendars: each room in one of them, or in none."""

    def __init__(self, **calendars):
        self.calendars = calendars

    def calendar_of(self, room):
        return self.calendars.get(room)

    async def book(self, room, slot, uid): ...

    async def set_end(self, room, uid, recurrence_id, end): ...

    async def release(self, room, uid, recurrence_id): ...


def test_a_single_calendar_is_every_rooms():
    writable = MemoryCalendar()
    assert find_writable(writable, OSLO) is writable
    assert find_writable(ReadOnlyCalendar(), OSLO) is None
    assert find_mailbox(writable, OSLO) == ""
    assert find_mailbox(Mailboxes(), OSLO) == "oslo@example.com"


def test_of_several_it_is_the_rooms_own_that_counts_though_all_together_could_be_written():
    oslo = Mailboxes()
    all_ = Several(oslo=oslo, bergen=ReadOnlyCalendar())
    assert [find_writable(all_, room) for room in (OSLO, BERGEN, NARVIK)] == [oslo, None, None]
    assert [find_mailbox(all_, room) for room in (OSLO, BERGEN, NARVIK)] == ["oslo@example.com", "", ""]


def test_what_a_calendar_tells_of_itself_is_said_with_what_to_do():
    all_ = Several(oslo=Warned(), bergen=MemoryCalendar())
    assert [find_notices(all_, room) for room in (OSLO, BERGEN, NARVIK)] == ["The bodies are gone. Keep them.", "", ""]
