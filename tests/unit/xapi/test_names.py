import copy

import pytest

from roomgate.xapi.errors import InvalidPath
from roomgate.xapi.names import CommandName, ConfigurationName, StatusName
from roomgate.xapi.path import Path


class Recorder(list):
    async def get(self, path, *, type):
        self.append(("get", str(path)) if type is None else ("get", str(path), type))

    async def set(self, path, value):
        self.append(("set", str(path), value))

    async def command(self, command, /, body=None, *, arguments=None):
        self.append(("command", str(command), body, arguments))


@pytest.mark.asyncio
async def test_names_grow_into_paths():
    asked = Recorder()
    await StatusName(asked, Path(("Status",))).call[2].duration()
    await ConfigurationName(asked, Path(("Configuration",))).Audio.DefaultVolume(int)
    await ConfigurationName(asked, Path(("Configuration",))).Audio.DefaultVolume.set(5)
    await CommandName(asked, Path(("Command",))).Dial("text", Number="1", timeout_s="an argument like any other")
    assert asked == [
        ("get", "Status/Call/2/Duration"),
        ("get", "Configuration/Audio/DefaultVolume", int),
        ("set", "Configuration/Audio/DefaultVolume", 5),
        ("command", "Command/Dial", "text", {"Number": "1", "timeout_s": "an argument like any other"}),
    ]


def test_python_s_own_probing_is_no_name():
    name = StatusName(Recorder(), Path(("Status",)))
    assert not hasattr(name, "__deepcopy__")
    assert repr(copy.copy(name).Audio) == "Status/Audio"
    with pytest.raises(TypeError):
        list(name)
    with pytest.raises(InvalidPath):
        name["not an index"]
