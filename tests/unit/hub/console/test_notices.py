from roomgate.hub.console import notices
from roomgate.hub.console.notices import Notice, Notices


def test_a_notice_is_said_once_and_to_nobody_else() -> None:
    kept = Notices()
    kept.put("a", Notice("ok", "Done"))
    assert kept.take("b") == []
    assert [one.title for one in kept.take("a")] == ["Done"]
    assert kept.take("a") == []


def test_what_nobody_fetches_does_not_pile_up() -> None:
    kept = Notices()
    for n in range(notices.MOST_EACH + 3):
        kept.put("a", Notice("ok", str(n)))
    assert [one.title for one in kept.take("a")] == ["3", "4", "5", "6", "7"]
    for n in range(notices.MOST_READERS + 1):
        kept.put(f"reader {n}", Notice("ok", "Done"))
    assert kept.take("reader 0") == []
    assert kept.take(f"reader {notices.MOST_READERS}")
