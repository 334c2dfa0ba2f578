"""Pictures on a room's screens."""

import base64

from roomgate.sim.contents import contents_of, restore
from roomgate.sim.device import Device
from roomgate.sim.profile import get_profile
from support.simulated import DAILY, NINE, Talk

PICTURE = base64.b64encode(b"\x89PNG\r\n\x1a\nwall").decode()
HERE = "xCommand/UserInterface/Branding"
NAMES = ["Status", "UserInterface", "Branding", "CustomId"]


def names(talk: Talk) -> dict[str, str]:
    return dict(talk.result("xGet", Path=NAMES))


def test_a_picture_is_kept_with_its_name_and_goes_with_it() -> None:
    talk = Talk.open(DAILY)
    assert set(names(talk).values()) == {""}
    talk.result(f"{HERE}/Upload", Type="Background", CustomId="autumn", body=PICTURE)
    talk.result(f"{HERE}/Upload", Type="WorkspaceAvatar", CustomId="x", body=PICTURE)
    assert names(talk) == {**dict.fromkeys(names(talk), ""), "Background": "autumn"}
    assert talk.result(f"{HERE}/Get", Type="Background", Size="Thumbnail")["Data"] == PICTURE

    again = Device.new("Birch", get_profile("26"), NINE)
    restore(again, contents_of(talk.device))
    assert names(Talk.open(DAILY, device=again))["Background"] == "autumn"

    talk.result(f"{HERE}/Upload", Type="Background", body=PICTURE)
    assert names(talk)["Background"] == ""
    talk.result(f"{HERE}/Delete", Type="Background")
    for command in ("Get", "Delete"):
        assert talk.code(f"{HERE}/{command}", Type="Background") == 1
    talk.result(f"{HERE}/Clear")
    assert talk.code(f"{HERE}/Get", Type="WorkspaceAvatar") == 1
    assert talk.notes("branding.changed")[-1] == {"type": "WorkspaceAvatar", "there": False, "by": "daily"}


def test_what_is_no_picture_is_refused() -> None:
    talk = Talk.open(DAILY)
    for body in ("", "!", "aGVsbG8="):
        assert talk.code(f"{HERE}/Upload", Type="Branding", body=body) == 1
    assert talk.code(f"{HERE}/Fetch", Type="Branding", URL="https://x.example/a.png") == 1
