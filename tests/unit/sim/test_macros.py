"""Macros: kept, switched, never run."""

from typing import Any

from roomgate.sim.device import Device
from roomgate.sim.profile import get_profile
from support.simulated import ADMIN, DAILY, NINE, Talk

MACRO, RUNTIME = "xCommand/Macros/Macro", "xCommand/Macros/Runtime"


def save(talk: Talk, name: str = "lights", source: str = "import xapi from 'xapi';\n", **more: Any) -> None:
    talk.result(f"{MACRO}/Save", Name=name, body=source, **more)


def running(**switches: bool) -> Talk:
    talk = Talk.open(ADMIN, device=Device.new("Birch", get_profile("26").with_switches(switches), NINE))
    talk.result("xSet", Path=["Configuration", "Macros", "Mode"], Value="On")
    talk.result("xFeedback/Subscribe", Query=["Event", "Macros"])
    return talk


def events(talk: Talk) -> list[str]:
    return ["/".join(_words(one["Event"]["Macros"])) for one in talk.heard() if "Event" in one]


def _words(node: Any) -> list[str]:
    name, below = next(iter(node.items()))
    return [name, *(_words(below) if isinstance(below, dict) and name in ("Macro", "Runtime") and below else [])]


def test_a_macro_comes_back_to_the_letter() -> None:
    talk = Talk.open(ADMIN)
    save(talk)
    (kept,) = talk.result(f"{MACRO}/Get", Name="lights", Content="True")["Macro"]
    assert (kept["Name"], kept["Content"]) == ("lights", "import xapi from 'xapi';\n")
    assert "Content" not in talk.result(f"{MACRO}/Get")["Macro"][0]
    assert talk.code(f"{MACRO}/Get", Name="nothing") == 1
    assert talk.code(f"{MACRO}/Save", Name="lights", body="2", Overwrite="False") == 1
    assert talk.code(f"{MACRO}/Save", Name="", body="2") == 1


def test_ten_are_active_at_a_time() -> None:
    talk = Talk.open(ADMIN)
    for number in range(11):
        save(talk, f"m{number}")
    codes = [talk.send(f"{MACRO}/Activate", Name=f"m{number}").get("error", {}).get("code") for number in range(11)]
    assert codes == [None] * 10 + [1]
    talk.result(f"{MACRO}/Deactivate", Name="m0")
    talk.result(f"{MACRO}/Activate", Name="m10")


def test_two_megabytes_are_kept_in_all() -> None:
    talk = Talk.open(ADMIN)
    save(talk, "large", "x" * (2 * 1024 * 1024 - 10))
    assert talk.code(f"{MACRO}/Save", Name="small", body="y" * 11) == 1
    save(talk, "large", "x" * 100)
    save(talk, "small", "y" * 11)


def test_macros_are_renamed_and_removed_and_each_is_told() -> None:
    talk = running()
    save(talk)
    save(talk, "other")
    assert talk.code(f"{MACRO}/Rename", Name="lights", NewName="other") == 1
    talk.result(f"{MACRO}/Rename", Name="lights", NewName="lamps")
    talk.result(f"{MACRO}/Remove", Name="lamps")
    assert talk.code(f"{MACRO}/Remove", Name="lamps") == 1
    talk.result(f"{MACRO}/RemoveAll")
    assert talk.device.macros.by_name == {}
    assert events(talk) == ["Macro/Saved", "Macro/Saved", "Macro/Renamed", "Macro/Removed", "Macro/Removed"]


def test_the_runtime_starts_only_where_macros_are_on_and_runs_nothing() -> None:
    off = Talk.open(ADMIN)
    assert off.code(f"{RUNTIME}/Start") == off.code(f"{RUNTIME}/Restart") == 1
    talk = running()
    save(talk, source="throw new Error()")
    talk.result(f"{MACRO}/Activate", Name="lights")
    talk.result(f"{RUNTIME}/Start")
    assert talk.result(f"{RUNTIME}/Status")["ActiveMacros"] == 1
    talk.result(f"{RUNTIME}/Restart")
    assert "Macro/Started" not in events(talk)
    log = talk.result("xCommand/Macros/Log/Get", Offset=1)["Log"]
    assert [(one["Macro"], one["Message"]) for one in log] == [("lights", "Simulated device: kept, not run")]
    talk.result("xCommand/Macros/Log/Clear")
    assert "Log" not in talk.result("xCommand/Macros/Log/Get")
    talk.result(f"{RUNTIME}/Stop")
    assert talk.result(f"{RUNTIME}/Status")["ActiveMacros"] == 0


def test_saving_an_active_macro_reloads_or_does_not() -> None:
    for restarts in (True, False):
        talk = running(macro_save_restarts=restarts)
        save(talk)
        talk.result(f"{MACRO}/Activate", Name="lights")
        talk.result(f"{RUNTIME}/Start")
        talk.heard()
        save(talk)
        assert ("Runtime/Reloading" in events(talk)) is restarts


def test_only_an_admin_touches_macros() -> None:
    talk = Talk.open(DAILY)
    assert talk.code(f"{MACRO}/Save", Name="x", body="1") == -31999
    assert talk.code(f"{MACRO}/Get") == -31999
    assert talk.device.macros.by_name == {}


def test_roles_are_kept() -> None:
    talk = Talk.open(ADMIN)
    save(talk)
    talk.result(f"{MACRO}/Roles/Set", Name="lights", Role=["User"])
    assert talk.device.macros.by_name["lights"].roles == ("User",)
