"""Ports are told as they are, at the pace that was given, and of hosts that the file names alone."""

import asyncio
import socket

import pytest

from roomgate.checks import ports
from roomgate.checks.addresses import NotPermitted
from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.outcome import passed
from roomgate.checks.pace import HandTime
from roomgate.checks.snapshot import Fact
from support.checks import ONE
from support.site_looks import look_at


async def tried(host: str, wanted, time: HandTime | None = None, per_second: float = 50):
    async def run(kit):
        await ports.look_at_ports(kit, host, wanted, "now", per_second=per_second, timeout_s=1)

    look = Look("ports", Tier.SITE, run)
    check = Check("K99", "", Weight.INFO, "", (), (), (), "", "", "", look, lambda snapshot, target: passed(""))
    return await look_at(check, ONE, found={"known.example": "127.0.0.1"}, time=time)


@pytest.mark.asyncio
async def test_open_and_closed_are_told_apart():
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    with socket.socket() as bound:  # bound, and not listening
        bound.bind(("127.0.0.1", 0))
        async with server:
            port = server.sockets[0].getsockname()[1]
            snapshot, _ = await tried("known.example", [port, bound.getsockname()[1], port])
    (fact,) = snapshot.of(Fact)
    assert (fact.value["open"], fact.value["closed"], fact.value["tried"]) == ([port], 1, 2)
    assert fact.value["address"] == "127.0.0.1"


@pytest.mark.asyncio
async def test_the_pace_is_kept():
    time = HandTime()
    began = time.monotonic()
    await tried("127.0.0.1", range(1, 12), time, per_second=5)
    assert time.monotonic() - began >= 2.0


@pytest.mark.asyncio
async def test_a_name_that_was_not_looked_up_is_not_tried():
    snapshot, _ = await tried("other.example", [80])
    assert "other.example" in snapshot.why
    assert not snapshot.steps
    assert NotPermitted.code


def test_the_lists_are_of_ports():
    assert len(set(ports.COMMON)) == len(ports.COMMON) > 120
    assert set(ports.COMMON) <= set(ports.EVERY)
    assert (ports.EVERY[0], ports.EVERY[-1]) == (1, 65535)
