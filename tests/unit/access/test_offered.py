import pytest

from roomgate.access.capability import Capability, Classes
from roomgate.access.offered import OWN, needs_admin, offered, own
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import UnknownPath
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

COMMANDS = Path.of("Command")


def test_it_is_the_devices_catalogue_and_our_own_commands_and_nothing_else():
    device, ours = Catalogue.shipped(), offered()
    assert set(ours.leaves(Path.of("Configuration"))) == set(device.leaves(Path.of("Configuration")))
    added = {one.path for one in ours.commands(COMMANDS)} - {one.path for one in device.commands(COMMANDS)}
    assert added
    assert {path.words[0] for path in added} == {OWN}
    assert {one.path for one in device.commands(COMMANDS)} < {one.path for one in ours.commands(COMMANDS)}


def test_each_of_our_own_commands_has_a_class():
    found = {str(one.path): Classes.shipped().of(one.path) for one in offered().commands(Path.of("Command", OWN))}
    assert found["Command/Roomgate/Tunnel/Open"] is Capability.WEB
    assert None not in found.values()


def test_the_library_for_devices_does_not_know_them():
    with pytest.raises(UnknownPath):
        Catalogue.shipped().canonical(Verb.COMMAND, "Roomgate.Backup.List")


def test_ours_are_told_from_a_devices():
    assert own(offered().canonical(Verb.COMMAND, "roomgate backup list"))
    assert not own(offered().canonical(Verb.COMMAND, "Dial", {"Number": "a@example.com"}))
    assert not own(offered().canonical(Verb.GET, "Status/Audio/Volume"))


@pytest.mark.parametrize(
    ("verb", "path", "arguments", "admin"),
    [
        (Verb.COMMAND, "Macros.Log.Get", {}, True),
        (Verb.COMMAND, "Security.Session.List", {}, True),
        (Verb.COMMAND, "Audio.Volume.Set", {"Level": 1}, False),
        (Verb.SET, "Configuration/Audio/DefaultVolume", {"Value": 1}, False),
        (Verb.SET, "Configuration/Macros/Mode", {"Value": "On"}, True),
        (Verb.GET, "Configuration/Macros/Mode", {}, False),
    ],
)
def test_what_the_admin_alone_may_do(verb, path, arguments, admin):
    assert needs_admin(offered().canonical(verb, path, arguments), offered()) is admin
