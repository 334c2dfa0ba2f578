"""Backups and differences as a page shows them."""

from roomgate.fleet.backup import Contents, Opened, Shown
from roomgate.fleet.restoring import Change, Difference, Left
from roomgate.hub.backups.service import Comparison
from roomgate.hub.backups.view import COLUMNS, MOST_LINES, confirming, same_kind, table_of, view_backup, view_rows
from roomgate.hub.rooms.state import RoomSummary


def found(*changes: Change, left: tuple[Change, ...] = ()) -> Comparison:
    return Comparison(Opened("backup_1", "", "", "", Contents()), Difference(changes, left, (), (), 0), "")


def test_a_backup_has_a_time_where_that_can_be_read():
    one = view_backup(Shown("backup_1", "2026-03-10T09:00:00.000Z", size=2500), "/rooms/oslo/backups")
    assert (one.href, one.size, one.at is not None) == ("/rooms/oslo/backups/backup_1", "2 KiB", True)
    assert view_backup(Shown("backup_1", "yesterday"), "").at is None


def test_a_table_has_a_row_for_each():
    [row] = table_of([Shown("backup_1", settings=3)])
    assert (dict(zip(COLUMNS, row, strict=True))["settings"], row[0]) == ("3", "backup_1")


def test_what_confirms_a_removal_is_the_start_of_the_id():
    assert (confirming("backup_abcdefgh"), confirming("x")) == ("abcdef", "x")


def test_what_would_be_done_comes_before_what_is_left_out():
    rows = view_rows(found(Change("setting", "A", "1", 2), left=(Change("setting", "B", None, "x", Left.ABSENT),)))
    assert [(one.name, one.will, one.left) for one in rows] == [("A", "2", ""), ("B", "x", "absent")]


def test_a_picture_is_its_size_and_the_start_of_its_hash():
    [row] = view_rows(found(Change("branding", "Background", None, "aGVsbG8=")))
    assert (row.was, row.will, row.lines) == (None, "1 KiB, 2cf24dba5fb0", ())


def test_texts_are_shown_by_the_lines_that_differ_and_not_without_end():
    [macro, panel] = view_rows(
        found(Change("macro", "m", "a\nb\nc", "a\nd\nc"), Change("panel", "p", None, "<a><b/></a>" * MOST_LINES))
    )
    assert macro.lines == ((" ", "a"), ("-", "b"), ("+", "d"), (" ", "c"))
    assert (len(panel.lines), panel.more > 0, panel.lines[0]) == (MOST_LINES, True, ("+", "<a>"))


def test_a_line_that_begins_with_dashes_is_a_line_like_any():
    [macro] = view_rows(found(Change("macro", "m", "let n = 3;\n--n;", "let n = 3;\n++n;")))
    assert macro.lines == ((" ", "let n = 3;"), ("-", "--n;"), ("+", "++n;"))


def test_rooms_of_the_same_kind_are_offered_by_name():
    class Room:
        def __init__(self, name: str, product: str) -> None:
            self.name, self.product = name, product

    rooms: list[RoomSummary] = [Room("rome", "Desk"), Room("Oslo", "Desk"), Room("lima", "Board")]  # type: ignore[list-item]
    assert same_kind(rooms, "Desk") == ["Oslo", "rome"]
