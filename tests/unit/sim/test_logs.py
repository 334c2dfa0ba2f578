"""Extended logging and the bundle."""

import io
import tarfile
from datetime import timedelta

from roomgate.sim.logs import SYNTHETIC
from support.simulated import ADMIN, Talk

HERE = "xCommand/Logging"
MODE = ["Status", "Logging", "ExtendedLogging"]


def unpacked(talk: Talk) -> tuple[str, dict[str, str]]:
    name, packed = talk.device.logs.build_bundle(talk.now)
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        files = {one.name: tar.extractfile(one) for one in tar.getmembers()}
        return name, {path.partition("/")[2]: file.read().decode() for path, file in files.items() if file}


def test_extended_logging_ends_by_itself() -> None:
    talk = Talk.open(ADMIN)
    talk.result(f"{HERE}/ExtendedLogging/Start", Duration=60, PacketDump="Full")
    assert talk.result("xGet", Path=MODE) == {"Mode": "On", "PacketDump": "On", "RenderingDump": "Off"}
    assert talk.device.logs.next_at(talk.now) == talk.now + timedelta(seconds=60)
    assert talk.code(f"{HERE}/ExtendedLogging/Start") == 1
    talk.wait(60)
    assert talk.result("xGet", Path=MODE)["Mode"] == "Off"
    assert talk.device.logs.next_at(talk.now) is None


def test_every_file_of_the_bundle_says_that_it_is_made_up() -> None:
    talk = Talk.open(ADMIN)
    talk.result(f"{HERE}/AddEvent", Type="Info", Text="here I was")
    talk.result(f"{HERE}/ExtendedLogging/Start", RenderingDump="Limited")
    name, files = unpacked(talk)
    assert (name[:16], name[-7:]) == ("log_bundle-SEP02", ".tar.gz")
    assert set(files) == {"current/eventlog/all.log", "current/eventlog/softwareupgrade.log", "current/osd.log"}
    assert all(content.startswith(SYNTHETIC) for content in files.values())
    assert "here I was" in files["current/eventlog/all.log"]
    talk.result(f"{HERE}/ExtendedLogging/Stop", RemoveRenderingDump="True")
    assert "current/osd.log" not in unpacked(talk)[1]


def test_nothing_is_sent_to_a_cloud() -> None:
    assert Talk.open(ADMIN).code(f"{HERE}/SendLogs") == 1


def test_the_log_is_bounded() -> None:
    talk = Talk.open(ADMIN)
    for number in range(600):
        talk.result(f"{HERE}/AddEvent", Type="Info", Text=f"marker {number}")
    assert len(talk.device.logs.lines) == 500
