import io
import json
import stat

import pytest

from roomgate.cli.shell import Completer, Shell, _keep, _prepare, history_file
from roomgate.xapi.errors import BadArgument, DeviceUnreachable
from roomgate.xapi.messages import Feedback
from roomgate.xapi.schema import Catalogue


class Room:
    """What a shell needs of a client."""

    catalogue = Catalogue.shipped()

    def __init__(self):
        self.did = []

    def get(self, path):
        if "Nothing" in path:
            raise DeviceUnreachable("not connected\x1b[2J")
        return {"Volume": 40}

    def query(self, path):
        return {"Status": {}}

    def set(self, path, value):
        self.did.append((path, value))

    def command(self, command, body, *, arguments):
        if arguments.get("Level") == "400":
            raise BadArgument("Level takes 0–100, got 400")
        self.did.append((command, body, arguments))
        return {"status": "OK"}

    def watch(self, path, *, current):
        yield Feedback(1, "Status", {"Status": {"current": current}})
        yield Feedback(1, "Status", {"Status": {}}, gap=True)
        raise KeyboardInterrupt


def lines(*texts):
    left = list(texts)

    def read():
        if not left:
            raise EOFError
        line = left.pop(0)
        if isinstance(line, BaseException):
            raise line
        return line

    return read


def played(capsys, *texts, room=None):
    note = io.StringIO()
    code = Shell(room or Room(), lines(*texts), note).run()
    return code, [json.loads(one) for one in capsys.readouterr().out.splitlines()], note.getvalue()


def test_answers_are_a_line_of_json_each(capsys):
    room = Room()
    code, out, note = played(
        capsys, "Status/Audio", "Status/**/Name", "Audio.Volume.Set Level=30", "Configuration/A/B=3", "", room=room
    )
    assert (code, out, note) == (0, [{"Volume": 40}, {"Status": {}}, {"status": "OK"}], "")
    assert room.did == [("Audio.Volume.Set", None, {"Level": "30"}), ("Configuration/A/B", "3")]


def test_a_body_comes_from_a_file(capsys, tmp_path):
    (tmp_path / "a.js").write_text("one\ntwo")
    room = Room()
    played(capsys, f"Macros.Macro.Save Name=a body=@{tmp_path}/a.js", room=room)
    assert room.did == [("Macros.Macro.Save", "one\ntwo", {"Name": "a"})]
    code, _, note = played(capsys, f"Macros.Macro.Save Name=a body=@{tmp_path}/none")
    assert code == 1
    assert "cannot be read" in note


def test_what_goes_wrong_is_said_and_the_next_line_is_read(capsys):
    code, out, note = played(capsys, "Audio.Volume.Set Level=400", "Status/Nothing", 'a "quote', "Status/Audio")
    assert (code, out) == (0, [{"Volume": 40}])
    assert "Level takes 0–100, got 400" in note
    assert "\x1b" not in note
    assert played(capsys, "Status/Audio", "Status/Nothing")[0] == 1


def test_watching_goes_on_until_it_is_interrupted_and_tells_of_gaps(capsys):
    code, out, note = played(capsys, "watch Status/Call", "Status/Audio")
    assert (code, out) == (0, [{"Status": {"current": True}}, {"Status": {}}, {"Volume": 40}])
    assert "may be missing" in note


def test_leaving(capsys):
    assert played(capsys, KeyboardInterrupt(), "help", "exit", "Status/Audio")[:2] == (0, [])


def test_help_shows_each_way_to_write(capsys):
    assert "xCommand Audio Volume Set Level: 40" in played(capsys, "help")[2]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Status/Audio/VolumeM", ["Status/Audio/VolumeMute ", None]),
        ("Status/Au", ["Status/Audio", None]),
        ("Audio.Vol", ["Audio.Volume", None]),
        ("Audio.Volume.Set Le", ["Level=", None]),
        ("Audio.Volume.SetToDefault Level", [None]),
    ],
)
def test_completion_goes_on_where_more_may_follow(typed, found):
    completer = Completer(Room(), lambda: typed)
    assert [completer("", number) for number in range(len(found))] == found


class Readline:
    """The calls of the module, written down."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        def call(*words):
            self.calls.append((name, *words))
            if name == "read_history_file":
                raise FileNotFoundError
            if name == "write_history_file":
                words[0].write_text("Status/Audio\n")

        return call


def test_the_history_is_the_owner_s_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    readline = Readline()
    _prepare(readline, Room(), history_file())
    _keep(readline, history_file())
    kept = tmp_path / "state" / "roomgate" / "xapi-history"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert ("set_auto_history", False) in readline.calls
