from roomgate.checks.doubles.device_pages import show
from roomgate.checks.forms import has_password_field


def test_a_sign_in_and_a_home_page():
    assert has_password_field(show("/web/signin", "Oak", "S1"))
    home = show("/web/", "<Oak>", "S1")
    assert "&lt;Oak&gt;" in home
    assert "S1" in home
    assert show("/web/nothing", "Oak", "S1") == ""
