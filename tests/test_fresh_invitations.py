"""An independent corpus: invitations written by somebody who had not read the parser. It measures, it is not tuned."""

from collections import Counter

from roomgate.errors import RoomgateError
from support.invite_corpus import CORPUS, FORM, differs, expected, misses, names, understood

FRESH = CORPUS / "invites_fresh"
NAMES = names(FRESH)
HOSTILE = [name for name in NAMES if name.startswith("hostile-")]


def buttons(name: str) -> list[str]:
    """Every way to join that is offered, first and other ones."""
    try:
        seen = understood(FRESH, name)
    except RoomgateError:
        return []  # a refused invitation has none
    ways = [way for one in seen for way in (one["join"], *one["alternatives"])]
    return [f"{way['how']} {way['address']}" for way in ways if way["how"] != "none"]


def test_the_right_button_on_nearly_all():
    missed = {name: why for name in NAMES if (why := misses(FRESH, name))}
    groups = Counter(name.split("-")[0] for name in NAMES)
    wrong = Counter(name.split("-")[0] for name in missed)
    for group, count in sorted(groups.items()):
        print(f"{group}: {count - wrong[group]} of {count}")
    for name, why in missed.items():
        print(f"{name}: {why}")
    share = 1 - len(missed) / len(NAMES)
    print(f"the right join target: {share:.1%} of {len(NAMES)}")
    assert share >= 0.98


def test_no_hostile_one_is_a_button():
    assert {name: ways for name in HOSTILE if (ways := buttons(name))} == {}


def test_titles_times_and_passcodes_on_nearly_all():
    unlike = {name: why for name in NAMES if (why := differs(FRESH, name))}
    for name, why in unlike.items():
        print(f"{name}: {why}")
    assert 1 - len(unlike) / len(NAMES) >= 0.98


def test_the_corpus_is_whole():
    origin = (FRESH / "ORIGIN.md").read_text(encoding="utf-8")
    assert len(NAMES) >= 160
    assert {path.stem for path in FRESH.glob("*.json")} == set(NAMES)
    assert [name for name in NAMES if f"`{name}.ics`" not in origin] == []
    assert all(set(expected(FRESH, name)) <= FORM for name in NAMES)
    assert all(count >= 8 for count in Counter(name.split("-")[0] for name in NAMES).values())
