"""A touch counts once: however often its event arrives, and however much the finger trembles."""

from hypothesis import given
from hypothesis import strategies as st

from roomgate.connector.presses import DEBOUNCE_S, HELD_S, Heard, Presses

PRESSED, RELEASED, CLICKED = (
    {"WidgetId": "mute", "Type": kind, "Value": "", "Origin": "Controller"}
    for kind in ("pressed", "released", "clicked")
)


def heard(presses, *events):
    """What each (event, time) amounts to."""
    return [presses.hear(event, at)[1] for event, at in events]


def test_a_touch_counts_once():
    said = heard(Presses(), (PRESSED, 0.0), (RELEASED, 0.1), (CLICKED, 0.1))
    assert said == [Heard.OTHER, Heard.OTHER, Heard.PRESS]


def test_an_event_that_arrives_again_is_no_second_touch():
    presses = Presses()
    assert heard(presses, (PRESSED, 0.0), (CLICKED, 0.1), (CLICKED, 0.1), (CLICKED, 9.0)) == [
        Heard.OTHER, Heard.PRESS, Heard.REPEAT, Heard.REPEAT,
    ]  # fmt: skip


def test_a_trembling_finger_counts_once_and_a_second_touch_counts_again():
    presses = Presses()
    assert heard(presses, (PRESSED, 0.0), (CLICKED, 0.1), (PRESSED, 0.2), (CLICKED, 0.3)) == [
        Heard.OTHER, Heard.PRESS, Heard.OTHER, Heard.DOUBLE,
    ]  # fmt: skip
    later = 0.1 + DEBOUNCE_S
    assert heard(presses, (PRESSED, later), (CLICKED, later)) == [Heard.OTHER, Heard.PRESS]


def test_a_click_without_its_touch_counts_for_nothing():
    assert heard(Presses(), (CLICKED, 0.0)) == [Heard.REPEAT]
    presses = Presses()
    assert heard(presses, (PRESSED, 0.0), (CLICKED, HELD_S + 1)) == [Heard.OTHER, Heard.REPEAT]


def test_a_touch_that_began_before_the_connection_was_lost_ends_unheard():
    presses = Presses()
    presses.hear(PRESSED, 0.0)
    presses.lost()
    assert heard(presses, (CLICKED, 0.1)) == [Heard.REPEAT]


def test_two_screens_have_a_finger_each():
    presses, wall = Presses(), {"Origin": "OSD"}
    assert heard(presses, (PRESSED, 0.0), ({**CLICKED, **wall}, 0.1)) == [Heard.OTHER, Heard.REPEAT]
    # Two people press the same button at the same moment: it is one wish.
    assert heard(presses, ({**PRESSED, **wall}, 0.2), (CLICKED, 0.2), ({**CLICKED, **wall}, 0.3)) == [
        Heard.OTHER, Heard.PRESS, Heard.DOUBLE,
    ]  # fmt: skip


@given(
    st.lists(
        st.tuples(st.sampled_from(["pressed", "released", "clicked"]), st.sampled_from(["a", "b"]), st.floats(0, 2)),
        max_size=60,
    )
)
def test_no_more_clicks_count_than_touches_were_begun(events):
    presses, now, begun, counted = Presses(), 0.0, 0, 0
    for kind, widget, later in events:
        now += later
        begun += kind == "pressed"
        counted += presses.hear({"WidgetId": widget, "Type": kind}, now)[1] is Heard.PRESS
    assert counted <= begun


@given(st.dictionaries(st.text(max_size=12), st.none() | st.integers() | st.text() | st.lists(st.text()), max_size=6))
def test_rubbish_is_no_press(rubbish):
    presses = Presses()
    assert presses.hear({"Type": "clicked", **rubbish}, 0.0)[1] in (Heard.REPEAT, Heard.OTHER)


def test_what_is_remembered_has_a_bound():
    presses = Presses()
    for number in range(10_000):
        presses.hear({"WidgetId": str(number), "Type": "pressed"}, 0.0)
        presses.hear({"WidgetId": str(number), "Type": "clicked"}, 0.0)
        presses.hear({"WidgetId": str(number), "Type": "pressed"}, 0.0)
    assert len(presses._begun) <= 64
    assert len(presses._counted) <= 64
