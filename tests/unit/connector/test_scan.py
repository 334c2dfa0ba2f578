"""A scan: only where the site allows it, slowly, and with nobody's name."""

import asyncio
import ipaddress

import pytest

from roomgate.connector.glance import Glance
from roomgate.connector.scan import A_SECOND, ScanRefused, Seen, allowed, parse_network, scan
from roomgate.errors import BadInput, Unreachable


def test_nothing_is_scanned_that_the_site_does_not_name():
    with pytest.raises(ScanRefused) as caught:
        allowed("10.0.8.0/24", ())
    assert 'scan_networks = ["10.0.8.0/24"]' in caught.value.hint
    with pytest.raises(ScanRefused):
        allowed("10.0.8.0/23", ("10.0.8.0/24", "fd00::/64"))
    with pytest.raises(ScanRefused):
        allowed("fd00::/120", ("0.0.0.0/0",))
    assert str(allowed("10.0.8.64/26", ("10.9.0.0/16", "10.0.8.0/24"))) == "10.0.8.64/26"
    assert str(allowed("fd00::/120", ("fd00::/64",))) == "fd00::/120"


@pytest.mark.parametrize(
    ("text", "port", "said"),
    [
        ("10.0.8.1/24", 443, "A scan takes a network"),
        ("all", 443, "A scan takes a network"),
        ("10.0.0.0/19", 443, "more than 4096"),
        ("10.0.8.0/24", 8443, "Only port 443"),
    ],
)
def test_what_is_too_much_is_refused(text, port, said):
    with pytest.raises(BadInput, match=said):
        allowed(text, ("10.0.0.0/8",), port)
    assert allowed("127.0.0.0/30", ("127.0.0.0/8",), 8443).num_addresses == 4


@pytest.mark.asyncio
async def test_each_address_is_looked_at_once_with_a_pause_after_each():
    asked, pauses = [], []

    async def look(host, port):
        asked.append((host, port))
        if host.endswith(".2"):
            raise Unreachable("nobody")
        return Glance("ab" * 32, host.endswith(".1"))

    async def pause(seconds):
        pauses.append(seconds)

    seen = await scan(ipaddress.ip_network("10.0.8.0/30"), 443, look, pause=pause)
    assert sorted(asked) == [("10.0.8.1", 443), ("10.0.8.2", 443)]
    assert pauses == [1 / A_SECOND] * 2
    assert seen == [Seen("10.0.8.1", 443, "ab" * 32, True)]


@pytest.mark.asyncio
async def test_however_slow_they_answer_no_more_than_so_many_are_asked_at_once():
    now = most = 0

    async def look(host, port):
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return Glance("ab" * 32, True)

    async def no_pause(seconds):
        """As if they were begun at once."""

    network = ipaddress.ip_network("10.0.8.0/24")
    seen = await scan(network, 443, look, pause=no_pause)
    assert most == 100
    assert [one.host for one in seen] == [str(one) for one in network.hosts()]


def test_a_network_is_one():
    assert str(parse_network(" 10.0.8.0/24 ")) == "10.0.8.0/24"
