"""How the property tests draw: the same examples on every run and every machine, and no stop-watch.

A machine that is busy makes an example slow, not wrong, so there is no deadline and no complaint about slow drawing:
the first `st.text()` of a fresh clone alone takes seconds, in which hypothesis works out a table of all characters
(it is kept in `.hypothesis/` from then on). The same examples each time: a red run is red for everybody.
"""

from hypothesis import HealthCheck, settings

settings.register_profile("roomgate", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("roomgate")
