import pytest

from roomgate.access.offered import offered
from roomgate.fleet.document import BadDocument, parse_document
from roomgate.fleet.layers import About, Layers, chosen, require_known

OSLO = About("attic", "oslo", frozenset({"board", "tall"}), "Cisco Board Pro", "ce11")


def volume(value):
    return {"settings": {"Audio/DefaultVolume": value}}


def document(**tables):
    return parse_document(tables, offered())


def wanted(at=OSLO, **tables):
    return Layers(document(**tables)).wanted(at).settings.get("Audio/DefaultVolume")


def test_later_layers_win():
    layers = {
        "everything": volume(1),
        "site": {"oslo": volume(2)},
        "tag": {"board": volume(3)},
        "room": {"attic": volume(4)},
    }
    assert wanted(**layers) == 4
    assert wanted(About("x", "oslo", frozenset({"board"})), **layers) == 3
    assert wanted(About("x", "oslo"), **layers) == 2
    assert wanted(About("x", "rome"), **layers) == 1


def test_two_tags_that_disagree_are_a_mistake_unless_the_room_itself_says():
    tags = {"board": volume(3), "tall": volume(5)}
    with pytest.raises(BadDocument, match="the tags board and tall disagree about settings Audio/DefaultVolume"):
        wanted(tag=tags)
    assert wanted(tag=tags, room={"attic": volume(7)}) == 7
    assert wanted(tag={"board": volume(3), "tall": volume(3)}) == 3


@pytest.mark.parametrize(
    ("only", "is_chosen"),
    [
        ({}, True),
        ({"sites": ["oslo"], "tags": ["x", "tall"], "rooms": ["attic"], "products": ["board"]}, True),
        ({"sites": ["rome"]}, False),
        ({"tags": ["x"]}, False),
        ({"rooms": []}, False),
        ({"products": ["Desk"]}, False),
    ],
)
def test_only_leaves_rooms_out(only, is_chosen):
    assert chosen(document(everything=volume(1), only=only), OSLO) is is_chosen


def test_a_name_that_nobody_bears_is_told():
    layers = {
        "site": {"olso": volume(1)},
        "tag": {"bord": volume(1)},
        "room": {"atic": volume(1)},
        "only": {"tags": ["x"]},
    }
    with pytest.raises(BadDocument) as bad:
        require_known(document(**layers), [OSLO])
    assert len(bad.value.complaints) == 4
