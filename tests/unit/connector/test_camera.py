import pytest

from roomgate.connector.camera import MOVES, View, calls_back, moves_camera, views_in
from roomgate.xapi.call import Verb
from roomgate.xapi.schema import Catalogue

CATALOGUE = Catalogue.shipped()


def told(**axes: object) -> dict[str, object]:
    return {"id": 1, "Connected": "True", "Position": {"Pan": -3, "Tilt": "40", "Zoom": 5, "Focus": 4096, **axes}}


def test_a_view_is_what_the_device_tells() -> None:
    assert views_in([told()], CATALOGUE) == (View(1, -3, 40, 5),)


@pytest.mark.parametrize(
    "rubbish",
    [
        None, {}, "x", [], ["x"], [{}], [{"id": 1}], [{"id": 1, "Position": "x"}], [{"Position": {}}],
        [told(Pan="left")], [told(Zoom=None)], [told(Tilt="9" * 7)], [told(Pan="--1")], [{**told(), "ghost": "True"}], [{**told(), "id": 99}],
    ],
)  # fmt: skip
def test_what_is_not_told_whole_is_no_view(rubbish: object) -> None:
    assert views_in(rubbish, CATALOGUE) == ()


def test_each_camera_is_brought_back_by_one_call() -> None:
    calls = calls_back((View(1, -3, 40, 5), View(99, 0, 0, 0)), CATALOGUE)
    assert [str(call) for call in calls] == ["Command/Camera/PositionSet CameraId=1 Pan=-3 Tilt=40 Zoom=5"]


def test_what_moves_a_camera_is_known() -> None:
    for name in MOVES:
        assert CATALOGUE.command(name)
    call = CATALOGUE.canonical(Verb.COMMAND, "Command/Camera/Preset/Activate", {"PresetId": 1})
    assert moves_camera(call)
    assert not moves_camera(CATALOGUE.canonical(Verb.COMMAND, "Command/Camera/Preset/List", {}))
