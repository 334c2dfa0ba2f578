from roomgate.sim.gate import Gate, basic_gate, cookie_gate


def test_one_above_the_queue_is_turned_away_and_time_makes_room() -> None:
    gate = Gate(rate=1, queue=30)
    assert all(gate.admit(100.0) for _ in range(30))
    assert not gate.admit(100.0)
    assert not gate.admit(100.5)
    assert gate.admit(101.5)


def test_thirty_at_once_take_thirty_seconds_and_the_next_is_turned_away() -> None:
    """Release notes 10, 11, 26: with Basic authentication 31 at once give the last 503, 30 take 30 s at least."""
    gate = basic_gate()
    turns = [gate.turn(100.0) for _ in range(31)]
    assert turns == [*map(float, range(1, 31)), None]


def test_a_sessions_cookie_is_good_for_fifteen_a_second_and_ninety_waiting() -> None:
    gate = cookie_gate()
    turns = [gate.turn(100.0) for _ in range(91)]
    assert (turns[14], turns[89], turns[90]) == (1.0, 6.0, None)


def test_without_waiting_a_turn_is_at_once() -> None:
    assert Gate(rate=1, queue=2).turn(5.0) == 0
