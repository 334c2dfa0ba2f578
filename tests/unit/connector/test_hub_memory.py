"""What the connector remembers of the hub's ledger: only ever more, and over a restart."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.connector.hub_memory import LONGEST, HubMemory
from roomgate.ledger.checkpoint import Checkpoint

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def note(size: int, name: str = "roomgate.hub/main") -> str:
    return str(Checkpoint(name, size, bytes(32)).sign(KEY))


def test_it_keeps_the_longest_over_a_restart(tmp_path):
    memory = HubMemory(tmp_path / "hub.checkpoint")
    assert memory.checkpoint == ""
    for size in (5, 9, 7):
        memory.tell(note(size))
    assert memory.checkpoint == note(9)
    assert HubMemory(tmp_path / "hub.checkpoint").checkpoint == note(9)


def test_a_hub_that_was_restored_has_a_record_of_another_name(tmp_path):
    memory = HubMemory(tmp_path / "hub.checkpoint")
    memory.tell(note(9))
    memory.tell(note(2, "roomgate.hub/main/2"))
    assert memory.checkpoint == note(2, "roomgate.hub/main/2")


@pytest.mark.parametrize("rubbish", ["", "x", note(9)[:-3], note(10) + "x" * LONGEST])
def test_rubbish_is_not_kept(tmp_path, rubbish):
    memory = HubMemory(tmp_path / "hub.checkpoint")
    memory.tell(note(1))
    memory.tell(rubbish)
    assert memory.checkpoint == note(1)


def test_a_disk_that_fails_or_a_damaged_file_stops_nothing(tmp_path):
    (tmp_path / "hub.checkpoint").write_bytes(b"\xff\xfe")
    memory = HubMemory(tmp_path / "hub.checkpoint")
    assert memory.checkpoint == ""
    memory.tell(note(3))
    assert memory.checkpoint == note(3)
    lost = HubMemory(tmp_path / "no" / "folder" / "hub.checkpoint")
    lost.tell(note(3))
    assert lost.checkpoint == ""
