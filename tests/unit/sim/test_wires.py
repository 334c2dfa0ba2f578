from roomgate.sim.gate import basic_gate, cookie_gate
from roomgate.sim.profile import get_profile
from roomgate.sim.wires import Wires


def test_the_limits_are_generous_unless_they_are_to_be_real() -> None:
    profile = get_profile("26")
    assert all(Wires().basic_gate(profile).turn(0) == 0 for _ in range(100))
    assert all(Wires().cookie_gate().turn(0) == 0 for _ in range(1000))
    assert Wires(real_limits=True).basic_gate(profile) == basic_gate()
    assert Wires(real_limits=True).cookie_gate() == cookie_gate()
