"""Nothing in the clear, nothing moved about, and a damaged vault stays shut."""

import base64
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomgate.connector.vault import NoCredential, Vault, VaultDamaged
from roomgate.errors import Conflict
from roomgate.redact import Secret

CANARY = "canary-7f3a-correct-horse"


@pytest.fixture
def vault(tmp_path):
    made = Vault.init(tmp_path / "data")
    made.put("oslo", "daily", Secret(CANARY))
    made.put("oslo", "privileged", Secret("other"))
    return made


@pytest.fixture
def folder(vault, tmp_path):
    return tmp_path / "data"


def test_what_was_put_comes_back_after_a_restart(folder):
    again = Vault.open(folder)

    assert again.get("oslo", "daily").reveal() == CANARY
    assert again.rooms() == {"oslo": {"daily": 1, "privileged": 1}}


def test_no_password_is_on_the_disk_in_any_spelling(folder):
    written = b"".join(file.read_bytes() for file in folder.iterdir())

    for spelling in (CANARY.encode(), CANARY.encode().hex().encode(), json.dumps(CANARY).encode()):
        assert spelling not in written
    assert base64.b64encode(CANARY.encode())[:20] not in written


def test_its_files_are_for_their_owner_alone(folder):
    for name in ("vault.key", "vault.json"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600


def test_a_new_password_takes_the_old_ones_place(vault):
    assert vault.put("oslo", "daily", Secret("new")) == 2
    assert vault.get("oslo", "daily").reveal() == "new"


def test_another_process_sees_what_this_one_put(vault, folder):
    other = Vault.open(folder)
    vault.put("bergen", "daily", Secret("b"))

    assert other.get("bergen", "daily").reveal() == "b"


def test_what_is_removed_is_gone(vault):
    vault.remove("oslo", "daily")
    with pytest.raises(NoCredential):
        vault.get("oslo", "daily")
    vault.remove("oslo")
    vault.remove("oslo")

    assert vault.rooms() == {}


def test_a_key_is_never_made_over_another(folder):
    with pytest.raises(Conflict):
        Vault.init(folder)


def test_another_key_opens_nothing(folder, tmp_path):
    Vault.init(tmp_path / "other")
    (folder / "vault.key").write_bytes((tmp_path / "other" / "vault.key").read_bytes())

    with pytest.raises(VaultDamaged, match="another key"):
        Vault.open(folder)


def test_a_key_that_others_can_read_is_refused(folder):
    (folder / "vault.key").chmod(0o640)

    with pytest.raises(VaultDamaged, match="read by others"):
        Vault.open(folder)


@pytest.mark.parametrize("key", [b"", b"AAAA", b"\xff\xff"])
def test_a_key_that_is_none_is_refused(folder, key):
    (folder / "vault.key").write_bytes(key)

    with pytest.raises(VaultDamaged):
        Vault.open(folder)


@pytest.mark.parametrize("name", ["vault.key", "vault.json"])
def test_a_missing_file_is_refused(folder, name):
    (folder / name).unlink()

    with pytest.raises(VaultDamaged):
        Vault.open(folder)


def changed(folder, change):
    content = json.loads((folder / "vault.json").read_bytes())
    change(content)
    (folder / "vault.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["values"]["oslo"].pop("privileged"),
        lambda c: c["values"].update(bergen=c["values"].pop("oslo")),
        lambda c: c["values"]["oslo"].update(daily=c["values"]["oslo"]["privileged"]),
        lambda c: c["values"]["oslo"]["daily"].update(version=7),
        lambda c: c.update(format=2),
        lambda c: c.update(more=1),
        lambda c: c.pop("seal"),
    ],
)
def test_values_cannot_be_taken_out_moved_or_swapped(folder, change):
    changed(folder, change)

    with pytest.raises(VaultDamaged):
        Vault.open(folder)


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_damage_is_refused(folder, data):
    whole = (folder / "vault.json").read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    put = data.draw(st.binary(min_size=1, max_size=3))
    damaged = whole[:at] + put + whole[at + len(put) :]
    try:
        if json.loads(damaged) == json.loads(whole):
            return
    except ValueError:
        pass
    try:
        (folder / "vault.json").write_bytes(damaged)
        with pytest.raises(VaultDamaged):
            Vault.open(folder)
    finally:
        (folder / "vault.json").write_bytes(whole)


def test_a_damaged_file_is_not_written_over(vault, folder):
    (folder / "vault.json").write_bytes(b"{}")

    with pytest.raises(VaultDamaged):
        vault.put("oslo", "daily", Secret("new"))
    assert (folder / "vault.json").read_bytes() == b"{}"


def test_a_subkey_is_its_purposes_alone_and_stays_the_same(tmp_path):
    vault = Vault.init(tmp_path)
    one = vault.subkey("backups").reveal()
    assert len(one) == 32
    assert Vault.open(tmp_path).subkey("backups").reveal() == one
    assert vault.subkey("other").reveal() != one
    assert one not in {base64.b64decode((tmp_path / "vault.key").read_bytes())}
