"""Small things of the unit."""

from support.simulated import ADMIN, DAILY, Talk


def test_the_clock_says_the_simulated_time() -> None:
    talk = Talk.open(ADMIN)
    talk.wait(61)
    found = talk.result("xCommand/Time/DateTime/Get")
    assert {name: found[name] for name in ("Year", "Month", "Day", "Hour", "Minute", "Second")} == {
        "Year": 2026,
        "Month": 3,
        "Day": 10,
        "Hour": 9,
        "Minute": 1,
        "Second": 1,
    }
    assert talk.code("xCommand/Time/DateTime/Set", Year=2030) == 1


def test_banners_come_back_and_go() -> None:
    talk = Talk.open(ADMIN)
    talk.result("xFeedback/Subscribe", Query=["Event", "SystemUnit", "SignInBannerChanged"])
    for kind in ("SignInBanner", "WelcomeBanner"):
        talk.result(f"xCommand/SystemUnit/{kind}/Set", body="Be kind.\nBe brief.")
        assert talk.result(f"xCommand/SystemUnit/{kind}/Get")["Message"] == "Be kind.\nBe brief."
        talk.result(f"xCommand/SystemUnit/{kind}/Clear")
        assert talk.result(f"xCommand/SystemUnit/{kind}/Get")["Message"] == ""
    assert len(talk.heard()) == 2
    assert Talk.open(DAILY).code("xCommand/SystemUnit/SignInBanner/Set", body="x") == -31999


def test_the_self_test_says_what_stands_in_the_status() -> None:
    talk = Talk.open(ADMIN)
    assert "Message" not in talk.result("xCommand/Diagnostics/Run")
    talk.device.state.put("Diagnostics", "Message", 1, "Type", value="NTPStatus")
    assert talk.result("xCommand/Diagnostics/Run")["Message"][0]["Type"] == "NTPStatus"
    assert "Message" not in talk.result("xCommand/Diagnostics/Run", ResultSet="None")


def test_option_keys_are_those_of_the_status() -> None:
    rows = Talk.open(ADMIN).result("xCommand/SystemUnit/OptionKey/List")["OptionKey"]
    assert {row["Type"]: row["Active"] for row in rows}["Encryption"] == "True"


def test_a_message_reaches_whoever_listens() -> None:
    talk = Talk.open(ADMIN)
    talk.result("xFeedback/Subscribe", Query=["Event", "Message", "Send"])
    talk.result("xCommand/Message/Send", Text="hello")
    assert talk.heard()[0]["Event"] == {"Message": {"Send": {"Text": "hello"}}}
