import json

import pytest

from roomgate.fleet.difference import Step
from roomgate.hub.fleet.drift import Changed, by_whom, last_changes


def ask(verb, path, arguments=()):
    return json.dumps([verb, path.split("/"), list(arguments), None])


@pytest.mark.parametrize(
    ("call", "kind", "what"),
    [
        (ask("set", "Configuration/Audio/DefaultVolume", [["Value", 5]]), "setting", "Audio/DefaultVolume"),
        (ask("command", "Command/Macros/Macro/Save", [["Name", "m"]]), "macro", "m"),
        (ask("command", "Command/Macros/Macro/Activate", [["Name", "m"]]), "macro", "m active"),
        (ask("command", "Command/UserInterface/Extensions/Panel/Remove", [["PanelId", "p"]]), "panel", "p"),
        (ask("command", "Command/UserInterface/Branding/Upload", [["Type", "Background"]]), "branding", "Background"),
        (ask("command", "Command/UserInterface/Branding/Clear"), "branding", "WorkspaceAvatar"),
        (ask("command", "Command/UserManagement/User/Modify", [["Username", "u"]]), "user", "u"),
        (ask("command", "Command/SystemUnit/SoftwareUpgrade", [["URL", "x"]]), "upgrade", "software"),
    ],
)
def test_an_ask_tells_who_changed_what(call, kind, what):
    found = last_changes([(call, "person_bob", "t2"), (call, "person_ada", "t1")])
    assert by_whom(Step(kind, what, "", ""), found) == Changed("person_bob", "t2")
    assert by_whom(Step(kind, "else", "", ""), found) is None


def test_what_changes_nothing_of_a_document_tells_nothing():
    assert last_changes([(ask("command", "Command/Dial"), "person_bob", "t")]) == {}
