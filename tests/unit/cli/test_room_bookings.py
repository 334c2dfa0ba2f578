import pytest

from support.cli import RealHub, run

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture(scope="module", autouse=True)
def granted(one_hub: RealHub) -> None:
    """The administrator gave themself what these verbs need."""
    from roomgate.access.capability import Capability

    rights = frozenset({Capability.BOOKINGS})
    one_hub.do(one_hub.hub.parts.grants.make(one_hub.hub.admin, "ada", ["oslo"], rights, minutes=60, reason="test"))


@pytest.mark.parametrize(
    ("words", "call", "arguments", "said"),
    [
        (["book", "oslo", "20", "--title", "Talk"], "Bookings Book", {"Duration": 20, "Title": "Talk"}, "20 minutes"),
        (["book", "oslo"], "Bookings Book", {"Duration": 30}, "asked for 30 minutes"),
        (["extend", "oslo", "rg-1"], "Bookings Extend", {"Id": "rg-1", "Duration": 15}, "15 minutes more"),
        (["check-in", "oslo", "rg-1"], "Bookings CheckIn", {"Id": "rg-1"}, "is checked in"),
        (["end", "oslo", "rg-1"], "Bookings CheckOut", {"Id": "rg-1"}, "oslo is free"),
        (["release", "oslo", "rg-1"], "Bookings Delete", {"Id": "rg-1"}, "oslo let it go"),
    ],
)
def test_each_verb_asks_for_one_thing(
    hub: RealHub, words: list[str], call: str, arguments: dict[str, object], said: str
) -> None:
    done = run("room", *words)
    assert (done.code, done.err) == (0, "")
    assert said in done.out
    order = hub.link.orders[-1]
    assert list(order.path) == ["Command", *call.split()]
    assert dict(order.arguments) == arguments
