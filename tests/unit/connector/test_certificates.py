from typing import Any

import pytest

from roomgate.connector.certificates import MOST, read_ends
from roomgate.sim.device import Device
from roomgate.sim.profile import get_profile
from support.simulated import ADMIN, DAILY, NINE, Talk, pems


def test_what_the_simulated_device_shows_the_daily_account() -> None:
    device = Device.new("Birch", get_profile("26"), NINE)
    admin = Talk.open(ADMIN, device=device, name="admin")
    services = "xCommand/Security/Certificates/Services"
    for name in ("used", "unused"):
        fingerprint = admin.result(f"{services}/Add", body="".join(pems(name)[:2]))["Fingerprint"]
        if name == "used":
            for purpose in ("HTTPS", "SIP"):
                admin.result(f"{services}/Activate", Fingerprint=fingerprint, Purpose=purpose)
    (end,) = read_ends(Talk.open(DAILY, device=device).result(f"{services}/Show", Format="PEM"))
    assert end.name == "HTTPS, SIP"
    assert end.ends[:4].isdigit()


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (None, []),
        ({"status": "OK"}, []),
        ({"Details": "nonsense"}, []),
        ({"Details": [{"Fingerprint": "ab"}, "x"]}, []),
        ({"Details": {"Fingerprint": "0123456789", "NotAfter": "2026-03-11T09:00:00Z"}}, ["certificate 01234567"]),
        ({"Details": [{"Purposes": "", "NotAfter": "2026-03-11T09:00:00Z"}]}, []),
        ({"Details": [{"Purposes": "SIP", "NotAfter": "2026-03-11T09:00:00Z"}] * 99}, ["SIP"] * MOST),
    ],
)
def test_what_is_not_told_is_not_made_up(answer: Any, found: list[str]) -> None:
    assert [one.name for one in read_ends(answer)] == found
