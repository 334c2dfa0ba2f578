"""Main video, selfview, layouts."""

from support.simulated import ADMIN, DAILY, Talk


def test_the_main_source_is_one_or_composed() -> None:
    talk = Talk.open(DAILY)
    talk.result("xCommand/Video/Input/SetMainVideoSource", ConnectorId=[2])
    assert talk.result("xGet", Path=["Status", "Video", "Input", "MainVideoSource"]) == "2"
    talk.result("xCommand/Video/Input/SetMainVideoSource", ConnectorId=[1, 2])
    assert talk.result("xGet", Path=["Status", "Video", "Input", "MainVideoSource"]) == "Composed"
    assert talk.code("xCommand/Video/Input/SetMainVideoSource") == 1


def test_selfview_changes_only_what_was_given() -> None:
    talk = Talk.open(DAILY)
    talk.result("xFeedback/Subscribe", Query=["Status", "Video", "Selfview"])
    talk.result("xCommand/Video/Selfview/Set", Mode="On", PIPPosition="LowerLeft")
    changed = [one["Status"]["Video"]["Selfview"] for one in talk.heard()]
    assert changed == [{"Mode": "On"}, {"PIPPosition": "LowerLeft"}]


def test_a_layout_is_one_that_is_offered() -> None:
    talk = Talk.open(ADMIN)
    offered = talk.result("xGet", Path=["Status", "Video", "Layout", "CurrentLayouts", "AvailableLayouts"])
    talk.result("xCommand/Video/Layout/SetLayout", LayoutName=offered[1]["LayoutName"])
    shown = talk.result("xGet", Path=["Status", "Video", "Layout", "CurrentLayouts", "ActiveLayout"])
    assert shown == offered[1]["LayoutName"] != offered[0]["LayoutName"]
    assert talk.code("xCommand/Video/Layout/SetLayout", LayoutName="Spiral") == 1
    talk.result("xCommand/Video/Layout/LayoutFamily/Set", LayoutFamily="equal", Target="Remote")
    assert talk.result("xGet", Path=["Status", "Video", "Layout", "LayoutFamily"]) == {"Remote": "equal"}
    assert talk.code("xCommand/Video/Layout/LayoutFamily/Set", Target="Local") == 1


def test_the_presentation_moves_to_a_corner() -> None:
    talk = Talk.open(ADMIN)
    talk.result("xCommand/Video/PresentationPIP/Set", Position="UpperRight")
    assert talk.result("xGet", Path=["Status", "Video", "Presentation", "PIPPosition"]) == "UpperRight"
