from pathlib import Path

from roomgate.sim.config import RoomConfig, SimConfig


def test_many_rooms_share_their_doors_unless_it_is_said() -> None:
    few, many = (tuple(RoomConfig(f"room-{n}") for n in range(count)) for count in (200, 201))
    assert not SimConfig(Path("x"), few).is_shared
    assert SimConfig(Path("x"), many).is_shared
    assert SimConfig(Path("x"), few, shared=True).is_shared
    assert not SimConfig(Path("x"), many, shared=False).is_shared
