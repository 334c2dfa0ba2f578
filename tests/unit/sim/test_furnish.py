from roomgate.sim.device import Device
from roomgate.sim.profile import get_profile
from roomgate.xapi.tree import leaves
from support.simulated import NINE


def test_whatever_a_room_has_is_in_the_catalogue_and_fits_its_space() -> None:
    device = Device.new("Birch", get_profile("26"), NINE)
    for path, value in leaves({"Status": device.state.document["Status"]}):
        leaf = device.offer.leaf(path)
        assert leaf is not None, path
        assert leaf.space.check(value, str(path)) == value


def test_two_rooms_share_nothing() -> None:
    one, other = (Device.new(name, get_profile("26"), NINE) for name in ("Birch", "Oslo"))
    one.state.configure("Audio", "DefaultVolume", value=11)
    assert other.state.read("Configuration", "Audio", "DefaultVolume") == 50
    serial = ("Status", "SystemUnit", "Hardware", "Module", "SerialNumber")
    assert one.state.read(*serial) != other.state.read(*serial)


def test_what_rooms_have_in_common_is_there_once() -> None:
    one, other = (Device.new(name, get_profile("26"), NINE) for name in ("Birch", "Oslo"))
    one.state.configure("Audio", "DefaultVolume", value=11)
    for shared in (("Configuration", "Video"), ("Configuration", "UserInterface"), ("Status", "Audio")):
        assert one.state.read(*shared) is other.state.read(*shared)
