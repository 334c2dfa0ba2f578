"""Do not disturb."""

from datetime import timedelta

from support.simulated import ADMIN, DAILY, Talk

HERE = ["Status", "Conference", "DoNotDisturb"]


def test_it_ends_by_itself_after_the_minutes_that_were_asked_for() -> None:
    talk = Talk.open(DAILY)
    talk.result("xCommand/Conference/DoNotDisturb/Activate", Timeout=5)
    assert talk.result("xGet", Path=HERE) == "Active"
    assert talk.device.disturb.next_at(talk.now) == talk.now + timedelta(minutes=5)
    talk.wait(299)
    assert talk.result("xGet", Path=HERE) == "Active"
    talk.wait(1)
    assert talk.result("xGet", Path=HERE) == "Inactive"
    assert talk.device.disturb.next_at(talk.now) is None


def test_without_minutes_the_setting_counts_and_it_can_be_ended() -> None:
    talk = Talk.open(ADMIN)
    talk.result("xSet", Path=["Configuration", "Conference", "DoNotDisturb", "DefaultTimeout"], Value=7)
    talk.result("xCommand/Conference/DoNotDisturb/Activate")
    assert talk.device.disturb.until == talk.now + timedelta(minutes=7)
    talk.result("xCommand/Conference/DoNotDisturb/Deactivate")
    assert talk.result("xGet", Path=HERE) == "Inactive"
