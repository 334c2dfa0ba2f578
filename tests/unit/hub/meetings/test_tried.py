import pytest

from roomgate.errors import BadInput
from roomgate.hub.meetings.explained import Device
from roomgate.hub.meetings.tried import MOST_FILES, MOST_ROWS, shipped_packs, try_rules
from roomgate.meetings.rules.form import BadPack
from support.invites import ics
from support.packs import OWN

PACK = ("own.toml", OWN.encode())
BRIDGE = ics("DTSTART:20260310T090000Z", "SUMMARY:Call", "DESCRIPTION:Bridge: 4711")
ZOOM = ics("DTSTART:20260310T090000Z", "SUMMARY:Review", "DESCRIPTION:https://us02web.zoom.us/j/85512345678")
SITE = Device(domains=frozenset({"example.com"}))


def test_the_packs_of_this_release() -> None:
    packs = {one.service: one for one in shipped_packs()}
    assert "zoomcrc.com" in packs["zoom"].domains
    assert packs["zoom"].samples > 0
    assert (packs["zoom"].retired, bool(packs["starleaf"].retired)) == ("", True)


def test_what_ones_own_rules_would_change_is_told_before_anybody_takes_them() -> None:
    past = [("a.ics", BRIDGE), ("C:\\\\past\\\\b.ics", ZOOM), ("c.ics", b"rubbish")]
    tried = try_rules([PACK, *past], SITE)
    assert (tried.own, tried.seen, tried.unread, tried.risky) == (("bridge 1",), 2, ("c.ics",), 0)
    (row,) = tried.rows
    assert (row.file, row.title, row.kind, row.before, row.after) == (
        "a.ics", "Call", "gained", "", "bridge: 4711@video.example.com",
    )  # fmt: skip


def test_a_button_that_would_be_lost_comes_first() -> None:
    worse = OWN.replace('service = "bridge"', 'service = "zoom"').replace("version = 1", "version = 99")
    tried = try_rules([("z.toml", worse.encode()), ("a.ics", BRIDGE), ("b.ics", ZOOM)], SITE)
    assert (tried.rows[0].file, tried.rows[0].risky) == ("b.ics", True)
    assert tried.risky == 1


def test_a_pack_that_the_release_has_as_new_is_passed_over_and_that_is_told() -> None:
    old = OWN.replace('service = "bridge"', 'service = "zoom"')
    tried = try_rules([("z.toml", old.encode()), ("a.ics", BRIDGE)], SITE)
    assert (tried.own, tried.rows) == ((), ())
    assert "is not used" in tried.passed_over[0]


@pytest.mark.parametrize(
    "files",
    [
        [],
        [PACK],
        [("a.ics", BRIDGE)],
        [PACK, ("a.ics", BRIDGE), ("x.exe", b"")],
        [PACK] * (MOST_FILES + 1),
        [("", b"")],
    ],
)
def test_what_is_no_pack_and_no_invitation_is_refused(files: list[tuple[str, bytes]]) -> None:
    with pytest.raises(BadInput):
        try_rules(files, SITE)


def test_a_pack_with_mistakes_is_refused_whole() -> None:
    with pytest.raises(BadPack):
        try_rules([("own.toml", b"format = 1\nnonsense = 2"), ("a.ics", BRIDGE)], SITE)


def test_so_many_rows_and_no_more() -> None:
    head, _, rest = BRIDGE.partition(b"BEGIN:VEVENT")
    body, _, tail = rest.partition(b"END:VEVENT\r\n")
    many = b"".join(
        b"BEGIN:VEVENT" + body.replace(b"one@", f"{n}@".encode()) + b"END:VEVENT\r\n" for n in range(MOST_ROWS + 3)
    )
    tried = try_rules([PACK, ("a.ics", head + many + tail)], SITE)
    assert (len(tried.rows), tried.more, tried.seen) == (MOST_ROWS, 3, MOST_ROWS + 3)
