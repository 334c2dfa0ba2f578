import ssl
from pathlib import Path

from roomgate.clock import HandClock
from roomgate.sim.certificate import ensure_certificate
from roomgate.sim.faults import Fault, Kind
from roomgate.sim.profile import get_profile
from roomgate.sim.room import Room
from roomgate.sim.servers.identity import Identity
from roomgate.sim.store import ensure_passphrases


def test_a_room_shows_its_own_certificate_but_for_a_fault(tmp_path: Path) -> None:
    clock = HandClock()
    room = Room.load("Birch", tmp_path, get_profile("26"), clock, ensure_passphrases(tmp_path))
    identity = Identity.of(ensure_certificate(tmp_path, "Birch", clock.now()))
    own = identity.context(room)
    assert own is identity.own
    room.break_down(Fault(Kind.CHANGED_CERTIFICATE, lasting=5))
    changed = identity.context(room)
    assert changed is not own
    assert identity.context(room) is changed
    clock.advance(5)
    assert identity.context(room) is own
    room.break_down(Fault(Kind.WRONG_CERTIFICATE))
    assert identity.context(room) not in (own, changed)
    room.close()


def test_a_room_may_ask_for_a_certificate_back(tmp_path: Path) -> None:
    room = Room.load("Birch", tmp_path, get_profile("26"), HandClock(), ensure_passphrases(tmp_path))
    identity = Identity.of(ensure_certificate(tmp_path, "Birch", HandClock().now()))
    room.device.restore_setting(("NetworkServices", "HTTPS", "VerifyClientCertificate"), "On")
    asking = identity.context(room)
    assert asking.verify_mode is ssl.CERT_REQUIRED
    assert identity.context(room) is asking
    room.device.restore_setting(("NetworkServices", "HTTPS", "VerifyClientCertificate"), "Off")
    assert identity.context(room) is identity.own
    room.close()
