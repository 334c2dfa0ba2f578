import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.addresses import Addresses, NotPermitted, look_up
from support.checks import ONE, target_of

TEXT = ONE + '[permitted]\nhosts = ["Other.Example", "10.0.0.9"]\n'


def naming(**answers: list[str]):
    async def look(host: str) -> list[str]:
        return answers.get(host.replace(".", "_"), [])

    return look


async def where(*found: str) -> str | None:
    addresses = await Addresses.of(target_of(ONE), naming(target_example=list(found)))
    return addresses.hosts.get("target.example")


@pytest.mark.asyncio
async def test_each_host_is_looked_up_once_and_stays_where_it_was():
    asked = []

    async def look(host: str) -> list[str]:
        asked.append(host)
        return [f"192.0.2.{len(asked)}"]

    addresses = await Addresses.of(target_of(TEXT), look)
    assert sorted(asked) == ["10.0.0.9", "other.example", "target.example"]
    first = addresses.get("target.example")
    assert [addresses.get(name) for name in ("TARGET.example", "target.example.")] == [first, first]
    assert len(asked) == 3


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "host", ["elsewhere.example", "", ".", "127.0.0.1", "localhost", "target.example.evil.example", "target"]
)
async def test_what_is_not_on_the_list_is_nowhere(host):
    addresses = await Addresses.of(target_of(ONE), naming(target_example=["192.0.2.1"]))
    assert not addresses.knows(host)
    assert not addresses.inside(host)
    with pytest.raises(NotPermitted):
        addresses.get(host)


@pytest.mark.asyncio
async def test_a_name_that_is_found_outside_has_no_business_inside():
    assert await where("10.0.0.9", "93.184.215.14") == "93.184.215.14"
    assert await where("127.0.0.1", "2606:2800:21f::1") == "2606:2800:21f::1"
    assert await where("2606:2800:21f::1", "93.184.215.14") == "93.184.215.14"
    assert await where("10.0.0.9") == "10.0.0.9"  # a connector of the company's own


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "trick", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1%eth0", "0.0.0.0", "::", "224.0.0.1", "rubbish", ""]
)
async def test_where_no_target_can_be_is_nowhere(trick):
    assert await where(trick) is None
    assert await where(trick, "192.0.2.1") == "192.0.2.1"


@pytest.mark.asyncio
async def test_a_host_that_is_not_found_is_nowhere():
    assert await where() is None
    assert await look_up("no-such-name.invalid") == []


@given(st.text(max_size=30))
def test_any_rubbish_is_nowhere(host):
    assert not Addresses({"target.example": "192.0.2.1"}).knows(host + "x")
