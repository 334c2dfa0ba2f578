from roomgate.sim.gate import Gate


def test_one_above_the_queue_is_turned_away_and_time_makes_room() -> None:
    gate = Gate(rate=1, queue=30)
    assert all(gate.admit(100.0) for _ in range(30))
    assert not gate.admit(100.0)
    assert not gate.admit(100.5)
    assert gate.admit(101.5)
