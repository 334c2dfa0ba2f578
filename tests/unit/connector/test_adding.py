"""Many rooms join at once, and none is known by a certificate that nobody vouched for."""

import pytest

from roomgate.connector import adding
from roomgate.connector.adding import ABSENT, COMPARED, FIRST_USE, complain_of_passwords, identify
from roomgate.connector.config import BadConfig
from roomgate.connector.devices import load_devices
from roomgate.connector.rooms_sheet import BadRooms, read_rooms
from roomgate.errors import Conflict, Unreachable

A, B = "ab" * 32, "cd" * 32
SHEET = "name,host,daily_password,pin,shown\n"


def seeing(**shown):
    """What stands at each address; whoever is not named does not answer. Each is asked once."""
    left = dict(shown)

    async def see(host, port):
        if host not in left:
            raise Unreachable("nobody")
        return left.pop(host)

    return see


@pytest.mark.asyncio
async def test_a_device_is_known_by_its_pin_or_by_first_use_where_that_is_said():
    wanted = read_rooms(SHEET + f"oslo,a,x,{A},\nbergen,b,x,,{B}\nrome,c,x,{A},\n")
    known = await identify(wanted, seeing(a=A, b=B), first_use=True)
    assert [(one.entry.name, one.entry.pin, one.why) for one in known] == [
        ("oslo", A, COMPARED),
        ("bergen", B, FIRST_USE),
        ("rome", A, ABSENT),
    ]


@pytest.mark.asyncio
async def test_a_certificate_that_nobody_compared_is_shown_and_not_believed():
    wanted = read_rooms(SHEET + f"oslo,a,x,,{A}\nbergen,b,x,,\n")
    with pytest.raises(BadRooms) as caught:
        await identify(wanted, seeing(a=A), first_use=False)
    assert caught.value.message.splitlines() == [
        f"Line 2, oslo: it shows sha256:{A}, and nobody has compared that.",
        "Line 3, bergen: it does not answer, and the sheet has no pin of it.",
    ]
    assert "--trust-first-use" in caught.value.hint


@pytest.mark.asyncio
@pytest.mark.parametrize(("row", "column"), [(f"oslo,a,x,{A},", "pin"), (f"oslo,a,x,,{A}", "shown")])
async def test_another_certificate_than_the_sheets_is_refused_even_at_first_use(row, column):
    with pytest.raises(BadRooms, match=f"the column {column} has another"):
        await identify(read_rooms(SHEET + row), seeing(a=B), first_use=True)


async def two():
    return await identify(read_rooms(SHEET + f"oslo,a,x,{A},\nbergen,b,y,{B},\n"), seeing(a=A, b=B), first_use=False)


@pytest.mark.asyncio
async def test_a_daily_account_has_a_password_here_or_in_the_vault():
    known = await identify(read_rooms(SHEET + f"oslo,a,,{A},\nrome,b,,{A},\n"), seeing(), first_use=False)
    with pytest.raises(BadRooms) as caught:
        complain_of_passwords(known, {"rome": {"roomgate-daily": 1}})
    assert caught.value.message == "oslo: there is no password of roomgate-daily."
    complain_of_passwords(known, {"rome": {"roomgate-daily": 1}, "oslo": {"roomgate-daily": 4}})


class Vaulted(dict):
    """What a vault would hold; it is full at some point."""

    def __init__(self, most=9):
        self.most = most

    def put(self, room, account, password):
        if len(self) == self.most:
            raise Unreachable("full")
        self[room, account] = password.reveal()

    def remove(self, room, account):
        del self[room, account]


@pytest.mark.asyncio
async def test_passwords_first_and_then_the_whole_file(tmp_path):
    file, vault = tmp_path / "devices.toml", Vaulted()
    before = f'# ours\n[[room]]\nname = "rome"\nhost = "c"\npin = "{A}"'
    file.write_text(before)
    file.chmod(0o640)
    adding.add(await two(), file, adding.read(file), {}, vault.put, vault.remove)
    assert vault == {("oslo", "roomgate-daily"): "x", ("bergen", "roomgate-daily"): "y"}
    assert [(one.name, one.pin) for one in load_devices(file)] == [("rome", A), ("oslo", A), ("bergen", B)]
    assert file.read_text().startswith(before)
    assert file.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["devices.toml"]


@pytest.mark.asyncio
async def test_a_vault_that_fails_leaves_file_and_vault_as_they_were(tmp_path):
    file, vault = tmp_path / "devices.toml", Vaulted(most=1)
    with pytest.raises(Unreachable):
        adding.add(await two(), file, "", {}, vault.put, vault.remove)
    assert (vault, file.exists()) == ({}, False)


@pytest.mark.asyncio
async def test_a_file_that_changed_meanwhile_is_not_written_over_and_what_the_vault_had_stays(tmp_path):
    file, vault = tmp_path / "devices.toml", Vaulted()
    file.write_text("# somebody else's\n")
    with pytest.raises(Conflict):
        adding.add(await two(), file, "", {"oslo": {"roomgate-daily": 1}}, vault.put, vault.remove)
    assert file.read_text() == "# somebody else's\n"
    assert list(vault) == [("oslo", "roomgate-daily")]


@pytest.mark.asyncio
async def test_a_file_that_cannot_take_more_lines_is_left(tmp_path):
    vault = Vaulted()
    with pytest.raises(BadConfig):
        adding.add(await two(), tmp_path / "devices.toml", "room = []\n", {}, vault.put, vault.remove)
    assert vault == {}


def test_a_file_that_is_not_there_yet_is_empty_and_a_link_stays_one(tmp_path):
    real, link = tmp_path / "real.toml", tmp_path / "devices.toml"
    link.symlink_to(real)
    assert adding.read(link) == ""
    adding.replace(link, "", "# new\n")
    assert (link.is_symlink(), real.read_text(), real.stat().st_mode & 0o777) == (True, "# new\n", 0o600)
