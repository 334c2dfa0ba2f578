"""What survives a restart."""

import stat
from pathlib import Path

import pytest

from roomgate.errors import BadInput
from roomgate.sim.device import Device
from roomgate.sim.macros import Macro
from roomgate.sim.profile import get_profile
from roomgate.sim.store import (
    Keeper,
    Ports,
    ensure_passphrases,
    load_ports,
    load_state,
    save_ports,
    save_state,
    write_private,
)
from support.simulated import NINE


def fresh(folder: Path) -> Device:
    device = Device.new("Birch", get_profile("26"), NINE)
    load_state(folder, device, ensure_passphrases(folder))
    return device


def test_accounts_settings_and_history_come_back(tmp_path: Path) -> None:
    device = fresh(tmp_path)
    admin = device.accounts.by_name["admin"]
    device.set(admin, ["Configuration", "Audio", "DefaultVolume"], 33, NINE)
    device.accounts.change(admin, "a new passphrase", by="admin", how="web", invalidate=False)
    device.calls.place("a@example.com", "", "SIP", "", "admin", NINE)
    device.calls.hang_up(0, "admin", NINE)
    save_state(tmp_path, device)
    again = fresh(tmp_path)
    assert again.state.read("Configuration", "Audio", "DefaultVolume") == 33
    assert again.accounts.check("admin", "a new passphrase", NINE).roles == ["Admin"]
    assert [entry.number for entry in again.history.entries] == ["a@example.com"]
    assert again.calls.last_id == 1


def test_what_must_not_be_lost_is_saved_at_once_and_a_volume_when_told(tmp_path: Path) -> None:
    device = fresh(tmp_path)
    keeper = Keeper(tmp_path)
    assert not keeper.look(device)
    assert not keeper.look(device)  # a change of what is not kept is no reason to write anything

    device.state.put("Audio", "Volume", value=77)
    assert keeper.look(device)
    assert fresh(tmp_path).state.read("Status", "Audio", "Volume") == 50
    keeper.save(device)
    assert fresh(tmp_path).state.read("Status", "Audio", "Volume") == 77

    admin = device.accounts.by_name["admin"]
    device.set(admin, ["Configuration", "Audio", "DefaultVolume"], 33, NINE)
    assert not keeper.look(device)
    assert fresh(tmp_path).state.read("Configuration", "Audio", "DefaultVolume") == 33


def test_standing_accounts_have_the_roles_they_need_and_no_more(tmp_path: Path) -> None:
    accounts = fresh(tmp_path).accounts.by_name
    assert set(accounts["roomgate-daily"].roles) == {"Integrator", "User"}
    assert accounts["roomgate-privileged"].roles == accounts["admin"].roles == ["Admin"]


def test_passphrases_are_random_and_private(tmp_path: Path) -> None:
    made = ensure_passphrases(tmp_path)
    assert len(set(made.values())) == 3
    assert ensure_passphrases(tmp_path) == made
    assert stat.S_IMODE((tmp_path / "accounts.json").stat().st_mode) == 0o600
    save_state(tmp_path, fresh(tmp_path))
    assert not any(one in (tmp_path / "state.json").read_text() for one in made.values())


def test_a_file_that_cannot_be_read_is_said_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{")
    with pytest.raises(BadInput):
        fresh(tmp_path)
    write_private(tmp_path / "accounts.json", b"[]")
    with pytest.raises(BadInput):
        ensure_passphrases(tmp_path)


def test_ports_come_back_and_a_torn_file_costs_only_them(tmp_path: Path) -> None:
    assert load_ports(tmp_path) == Ports(0, 0)
    save_ports(tmp_path, Ports(4001, 4002))
    assert load_ports(tmp_path) == Ports(4001, 4002)
    write_private(tmp_path / "ports.json", b'{"device": 40')
    assert load_ports(tmp_path) == Ports(0, 0)


def test_contents_have_a_file_that_is_written_only_when_they_change(tmp_path: Path) -> None:
    device = fresh(tmp_path)
    keeper, file = Keeper(tmp_path), tmp_path / "contents.json"
    keeper.look(device)
    assert not file.exists()
    device.macros.by_name["m"] = Macro("text", is_active=True)
    keeper.look(device)
    assert fresh(tmp_path).macros.by_name == {"m": Macro("text", is_active=True)}
    file.unlink()
    keeper.look(device)
    assert not file.exists(), "nothing changed since"
    file.write_text("{")
    with pytest.raises(BadInput):
        fresh(tmp_path)


def test_a_room_of_the_oldest_generation_can_be_reached_from_the_start(tmp_path: Path) -> None:
    device = Device.new("Birch", get_profile("9.15"), NINE)
    load_state(tmp_path, device, ensure_passphrases(tmp_path))
    assert device.state.read("Configuration", "NetworkServices", "Websocket") == "FollowHTTPService"


def test_what_a_fresh_room_has_is_no_reason_to_write_but_what_comes_after_is(tmp_path: Path) -> None:
    device = fresh(tmp_path)
    before = sorted(one.name for one in tmp_path.iterdir())
    keeper = Keeper(tmp_path)
    keeper.begin(device)
    assert not keeper.look(device)
    assert sorted(one.name for one in tmp_path.iterdir()) == before
    admin = device.accounts.by_name["admin"]
    body = "<Extensions><Panel><Type>Home</Type><Name>Lights</Name></Panel></Extensions>"
    words = {"PanelId": "lights", "body": body}
    device.command(admin, ["UserInterface", "Extensions", "Panel", "Save"], words, "", NINE)
    keeper.look(device)
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted({*before, "contents.json"})
