import pytest

from roomgate.checks.doubles.device import HELPER, PretendDevice

pytestmark = pytest.mark.asyncio


async def test_it_has_a_serial_number_of_its_own():
    first, second = PretendDevice("Oak"), PretendDevice("Oak")
    assert (await first.read())["serial"] != (await second.read())["serial"]
    assert (await first.read())["name"] == "Oak"


async def test_calls_and_notices_come_and_go():
    device = PretendDevice("Oak")
    await device.command("Dial", {"Number": "x@example.com"})
    await device.notify("look here")
    assert (await device.in_call(), await device.shown(), device.dialled) == (True, "look here", ["x@example.com"])
    await device.hang_up()
    await device.clear()
    assert (await device.in_call(), await device.shown()) == (False, "")
    with pytest.raises(KeyError):
        await device.command("SystemUnit Boot", {})


async def test_what_is_put_on_it_is_taken_away_again():
    device = PretendDevice("Oak")
    await device.install()
    assert HELPER in device.macros & device.accounts
    await device.uninstall()
    assert HELPER not in device.macros | device.accounts


async def test_visits_that_stay_are_counted_and_its_password_changes():
    device = PretendDevice("Oak")
    await device.visit(leave=False)
    await device.visit(leave=True)
    await device.change_password("new")
    assert (device.sessions, device.password) == (2, "new")
