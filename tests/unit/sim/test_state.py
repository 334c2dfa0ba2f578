"""The documents, and one change for each leaf."""

from roomgate.sim.state import State


def test_a_leaf_that_changes_is_one_change_and_one_that_does_not_is_none() -> None:
    state = State()
    state.put("Audio", "Volume", value=50)
    state.put("Audio", "Volume", value=50)
    (change,) = state.take_changes()
    assert change.document() == {"Status": {"Audio": {"Volume": 50}}}
    assert state.take_changes() == []


def test_a_member_of_a_list_is_addressed_by_its_id_and_leaves_as_a_ghost() -> None:
    state = State()
    state.put("Call", 12, "Status", value="Connected")
    state.put("Call", 7, "Status", value="Dialling")
    assert state.read("Status", "Call", 7) == {"id": 7, "Status": "Dialling"}
    state.take_changes()
    state.drop("Call", 12)
    state.drop("Call", 12)
    (ghost,) = state.take_changes()
    assert ghost.document() == {"Status": {"Call": [{"ghost": "True", "id": 12}]}}
    state.drop("Call", 7)
    assert state.read("Status", "Call") is None


def test_a_quiet_change_tells_nobody() -> None:
    state = State()
    state.put("SystemUnit", "Uptime", value=5, quiet=True)
    assert (state.take_changes(), state.read("Status", "SystemUnit", "Uptime")) == ([], 5)


def test_notes_are_taken_once() -> None:
    state = State()
    state.note("boot", by="x")
    assert [note.what for note in state.take_notes()] == ["boot"]
    assert list(state.take_notes()) == []


def test_whoever_read_a_document_keeps_what_was_read() -> None:
    state = State()
    state.put("Call", 1, "Status", value="Ringing")
    state.put("Audio", "Volume", value=50)
    before, audio = state.document["Status"], state.read("Status", "Audio")
    state.put("Call", 1, "Status", value="Connected")
    state.put("Call", 2, "Status", value="Ringing")
    state.drop("Call", 1)
    assert before == {"Call": [{"id": 1, "Status": "Ringing"}], "Audio": {"Volume": 50}}
    assert state.read("Status", "Call") == [{"id": 2, "Status": "Ringing"}]
    assert state.read("Status", "Audio") is audio


def test_a_leaf_can_be_taken_out_again() -> None:
    state = State()
    state.put("Audio", "Volume", value=50)
    state.put("Audio", "Volume", value=None)
    assert state.document == {"Status": {}, "Configuration": {}}, "what is empty is missing"
