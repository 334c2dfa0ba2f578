"""What the catalogue goes by when it looks for the packs that an invitation concerns."""

import pytest

from roomgate.meetings.rules.catalogue import shipped
from roomgate.meetings.rules.pack import Pack


def pack(service: str) -> Pack:
    found = shipped().find(service)
    assert found is not None
    return found


def test_its_hosts_are_those_of_links_and_of_printed_addresses():
    assert {"zoom.us", "zoomcrc.com"} <= pack("zoom").hosts
    assert all("*" not in one.hosts for one in shipped().packs)


@pytest.mark.parametrize(("service", "any_address"), [("sip", True), ("zoom", False), ("teams", False)])
def test_only_what_an_address_alone_shows_is_concerned_by_any(service, any_address):
    assert pack(service).any_address is any_address
