"""A web page on the screen."""

from support.simulated import DAILY, Talk


def test_it_stands_in_the_status_while_it_is_shown() -> None:
    talk = Talk.open(DAILY)
    talk.result("xFeedback/Subscribe", Query=["Event", "UserInterface", "WebView"])
    here = ["Status", "UserInterface", "WebView"]
    talk.result("xCommand/UserInterface/WebView/Display", Url="https://example.com/x", Title="Menu")
    assert talk.result("xGet", Path=here)[0]["URL"] == "https://example.com/x"
    talk.result("xCommand/UserInterface/WebView/Clear")
    talk.result("xCommand/UserInterface/WebView/Clear")
    assert talk.result("xGet", Path=here) == []


def test_only_web_addresses_are_shown() -> None:
    talk = Talk.open(DAILY)
    assert talk.code("xCommand/UserInterface/WebView/Display", Url="javascript:alert(1)") == 1
    assert talk.device.web_view.url == ""
