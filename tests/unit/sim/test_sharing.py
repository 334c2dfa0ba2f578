"""Presentation, in the room and into a call."""

from support.simulated import DAILY, Talk


def events(talk: Talk) -> list[str]:
    return [next(iter(one["Event"])) for one in talk.heard() if "Event" in one]


def listening() -> Talk:
    talk = Talk.open(DAILY)
    for name in (
        "PresentationStarted",
        "PresentationStopped",
        "PresentationPreviewStarted",
        "PresentationPreviewStopped",
    ):
        talk.result("xFeedback/Subscribe", Query=["Event", name])
    return talk


def test_without_a_call_it_is_shown_in_the_room_only() -> None:
    talk = listening()
    first = talk.result("xCommand/Presentation/Start", ConnectorId=[2])["Instance"]
    second = talk.result("xCommand/Presentation/Start", ConnectorId=[3])["Instance"]
    shown = talk.result("xGet", Path=["Status", "Conference", "Presentation"])
    assert shown["Mode"] == "Off"
    assert [(one["id"], one["Source"], one["SendingMode"]) for one in shown["LocalInstance"]] == [
        (first, 2, "LocalOnly"),
        (second, 3, "LocalOnly"),
    ]
    talk.result("xCommand/Presentation/Stop", Instance=first)
    assert list(talk.device.sharing.instances) == [second]
    assert events(talk) == ["PresentationPreviewStarted"] * 2 + ["PresentationPreviewStopped"]


def test_in_a_call_it_is_sent_and_ends_with_the_call() -> None:
    talk = listening()
    talk.result("xCommand/Dial", Number="a@example.com")
    talk.wait(1)
    talk.result("xCommand/Presentation/Start", ConnectorId=[2])
    talk.result("xCommand/Presentation/Start", ConnectorId=[3], SendingMode="LocalOnly")
    assert talk.result("xGet", Path=["Status", "Conference", "Presentation", "Mode"]) == "Sending"
    talk.result("xCommand/Call/Disconnect")
    assert talk.result("xGet", Path=["Status", "Conference", "Presentation", "Mode"]) == "Off"
    assert list(talk.device.sharing.instances) == [2], "what is shown in the room stays"
    assert events(talk) == ["PresentationStarted", "PresentationPreviewStarted", "PresentationStopped"]


def test_there_are_six_instances() -> None:
    talk = listening()
    for _ in range(6):
        talk.result("xCommand/Presentation/Start")
    assert talk.code("xCommand/Presentation/Start") == 1
    assert talk.result("xCommand/Presentation/Start", Instance="3", ConnectorId=[3])["Instance"] == 3
    talk.result("xCommand/Presentation/Stop", Instance="4")
    assert talk.result("xCommand/Presentation/Start")["Instance"] == 4


def test_stopping_names_an_instance_or_a_source_that_is_there() -> None:
    talk = listening()
    talk.result("xCommand/Presentation/Start", PresentationSource=[3])
    assert talk.code("xCommand/Presentation/Stop", PresentationSource="2") == 1
    talk.result("xCommand/Presentation/Stop", PresentationSource="3")
    assert talk.code("xCommand/Presentation/Stop") == 1
