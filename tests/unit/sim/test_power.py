"""Restarts, and an upgrade in its phases."""

from typing import Any

from support.simulated import ADMIN, DAILY, Talk

STATUS = ["Status", "Provisioning", "Software", "UpgradeStatus"]
URL = "https://files.example.com/cmterm-s53300ce11_32_1_4.pkg"


def upgrading(url: str = URL) -> Talk:
    talk = Talk.open(ADMIN)
    talk.result("xCommand/SystemUnit/SoftwareUpgrade", URL=url)
    return talk


def status(talk: Talk) -> Any:
    return talk.result("xGet", Path=STATUS)


def test_a_boot_is_asked_for_and_told() -> None:
    talk = Talk.open(DAILY)
    talk.result("xFeedback/Subscribe", Query=["Event", "BootEvent"])
    talk.result("xCommand/SystemUnit/Boot", Action="Restart")
    assert talk.device.reboot_wanted
    talk.device.reboot(talk.now)
    talk.settle()
    assert talk.heard()[0]["Event"]["BootEvent"] == {"Action": "Restart"}
    assert not talk.device.reboot_wanted


def test_an_upgrade_goes_through_its_phases_and_comes_up_with_other_software() -> None:
    talk = upgrading()
    seen = []
    while not talk.device.reboot_wanted:
        seen.append(status(talk)["Phase"])
        assert talk.device.power.next_at(talk.now) is not None
        talk.wait(2)
    assert seen == ["Downloading", "DownloadDone", "AboutToInstallUpgrade", "Installing"]
    talk.device.reboot(talk.now)
    assert (status(talk)["Status"], status(talk)["Phase"]) == ("Succeeded", "None")
    assert talk.result("xGet", Path=["Status", "SystemUnit", "Software", "Version"]) == "ce11.32.1.4"
    assert talk.result("xGet", Path=["Status", "SystemUnit", "LastShutdownReason"]) == "Upgrade"
    assert talk.device.power.next_at(talk.now) is None


def test_an_address_without_software_fails_and_changes_nothing() -> None:
    talk = upgrading("https://files.example.com/holiday.jpg")
    before = talk.result("xGet", Path=["Status", "SystemUnit", "Software"])
    talk.wait(10)
    assert status(talk)["Status"] == "Failed"
    assert not talk.device.reboot_wanted
    assert talk.result("xGet", Path=["Status", "SystemUnit", "Software"]) == before


def test_a_restart_in_between_ends_an_upgrade() -> None:
    talk = upgrading()
    talk.device.reboot(talk.now)
    assert status(talk)["Status"] == "Failed"
    talk.wait(60)
    assert not talk.device.reboot_wanted


def test_an_upgrade_is_put_off_and_completed_at_once() -> None:
    talk = upgrading()
    talk.result("xCommand/Provisioning/PostponeUpgrade", SecondsToPostpone=600)
    talk.wait(599)
    assert status(talk)["Phase"] == "Postponed"
    talk.result("xCommand/Provisioning/CompleteUpgrade")
    assert status(talk)["Phase"] == "Installing"
    talk.wait(2)
    assert talk.device.reboot_wanted


def test_what_was_put_off_goes_on_when_its_time_is_over() -> None:
    talk = upgrading()
    talk.result("xCommand/Provisioning/PostponeUpgrade", SecondsToPostpone=10)
    talk.wait(10)
    assert status(talk)["Phase"] == "Downloading"


def test_what_cannot_be_upgraded_is_refused() -> None:
    talk = upgrading()
    assert talk.code("xCommand/SystemUnit/SoftwareUpgrade", URL=URL) == 1
    other = Talk.open(ADMIN)
    assert other.code("xCommand/SystemUnit/SoftwareUpgrade", URL="file:///etc/passwd") == 1
    assert other.code("xCommand/Provisioning/CompleteUpgrade") == 1
    assert other.code("xCommand/Provisioning/PostponeUpgrade", SecondsToPostpone=1) == 1
    assert Talk.open(DAILY).code("xCommand/SystemUnit/SoftwareUpgrade", URL=URL) == -31999
