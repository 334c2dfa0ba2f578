"""What makes itself known to the device."""

from datetime import timedelta

from support.simulated import ADMIN, Talk

HERE = "xCommand/Peripherals"


def connected() -> Talk:
    talk = Talk.open(ADMIN)
    talk.result(f"{HERE}/Connect", ID="panel-1", Type="ControlSystem", Name="Lights", SerialNumber="S1")
    return talk


def test_it_stands_in_the_status_from_1001_on() -> None:
    talk = connected()
    talk.result(f"{HERE}/Connect", ID="panel-2", Type="Other")
    talk.result(f"{HERE}/Connect", ID="panel-1", Type="ControlSystem", Name="Lamps")
    shown = talk.result("xGet", Path=["Status", "Peripherals", "ConnectedDevice"])
    assert [(one["id"], one["ID"], one["Status"]) for one in shown] == [
        (1001, "panel-1", "Connected"),
        (1002, "panel-2", "Connected"),
    ]
    assert shown[0]["Name"] == "Lamps"
    assert [one["ID"] for one in talk.result(f"{HERE}/List", Type="Other")["Device"]] == ["panel-2"]


def test_a_heart_beat_that_does_not_come_is_a_lost_connection() -> None:
    talk = connected()
    talk.result(f"{HERE}/HeartBeat", ID="panel-1", Timeout=30)
    assert talk.device.peripherals.next_at(talk.now) == talk.now + timedelta(seconds=30)
    talk.wait(30)
    status = ["Status", "Peripherals", "ConnectedDevice", 1001, "Status"]
    assert talk.result("xGet", Path=status) == "LostConnection"
    talk.result(f"{HERE}/HeartBeat", ID="panel-1")
    assert talk.result("xGet", Path=status) == "Connected"
    assert talk.code(f"{HERE}/HeartBeat", ID="nobody") == 1


def test_only_what_is_gone_is_purged() -> None:
    talk = connected()
    assert talk.code(f"{HERE}/Purge", ID="panel-1") == 1
    talk.result(f"{HERE}/HeartBeat", ID="panel-1", Timeout=1)
    talk.wait(1)
    talk.result("xFeedback/Subscribe", Query=["Event", "Peripherals"])
    talk.result(f"{HERE}/Purge", ID="panel-1")
    removed = talk.heard()[0]["Event"]["Peripherals"]["PeripheralRemoved"]
    assert removed == {"ID": "panel-1", "SerialNumber": "S1", "Type": "ControlSystem"}
    assert "Device" not in talk.result(f"{HERE}/List")
