"""The table of sessions."""

from roomgate.sim.device import Device
from roomgate.sim.profile import get_profile
from support.simulated import ADMIN, DAILY, NINE, Talk


def test_sessions_are_listed_and_ended_by_an_admin() -> None:
    talk = Talk.open(ADMIN)
    other = talk.device.accounts.open("daily", "WebSocket", "there", talk.now)
    listed = talk.result("xCommand/Security/Session/List")["Session"]
    assert [one["Id"] for one in listed] == [talk.session.id, other.id]
    talk.result("xCommand/Security/Session/Terminate", SessionId=other.id)
    assert talk.device.accounts.take_ended() == [other.id]
    assert talk.code("xCommand/Security/Session/Terminate", SessionId=other.id) == 1


def test_anybody_sees_their_own_and_no_other() -> None:
    talk = Talk.open(DAILY)
    talk.device.accounts.open("admin", "WebSocket", "there", talk.now)
    assert talk.result("xCommand/Security/Session/Get")["Session"]["Id"] == talk.session.id
    assert talk.code("xCommand/Security/Session/List") == -31999


def test_only_the_established_member_is_there_where_the_switch_says_so() -> None:
    device = Device.new("Birch", get_profile("26").with_switches({"extra_members": False}), NINE)
    (row,) = Talk.open(ADMIN, device=device).result("xCommand/Security/Session/List")["Session"]
    assert set(row) == {"id", "Id"}
