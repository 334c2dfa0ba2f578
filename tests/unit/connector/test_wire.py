import asyncio

import pytest

from roomgate.connector.wire import Wire, connect
from roomgate.errors import Unreachable
from roomgate.link.frames import Priority
from roomgate.link.messages import LinkBroken, ToConnector
from support.link import Bench, Papers


def unheard(message: ToConnector, size: int) -> None:
    raise AssertionError("nothing was to be heard")


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return Papers(tmp_path_factory.mktemp("papers"))


@pytest.mark.asyncio
async def test_nobody_there_is_unreachable(papers: Papers) -> None:
    with pytest.raises(Unreachable):
        await connect(Bench(papers, port=1).identity(), unheard, ca_pem=papers.ca_pem, proxy=None, within_s=5)


@pytest.mark.asyncio
async def test_a_hub_that_never_answers_is_unreachable_in_time(papers: Papers) -> None:
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        bench = Bench(papers, port=server.sockets[0].getsockname()[1])
        with pytest.raises(Unreachable):
            await connect(bench.identity(), unheard, ca_pem=papers.ca_pem, proxy=None, within_s=0.1)
        async with asyncio.timeout(5):
            await left.wait()


@pytest.mark.asyncio
async def test_the_first_reason_of_an_end_stands(papers: Papers) -> None:
    wire = Wire(Bench(papers, port=1).identity(), unheard)
    wire.fail(LinkBroken("first"))
    wire.fail(LinkBroken("second"))
    with pytest.raises(LinkBroken, match="first"):
        await wire.ended


@pytest.mark.asyncio
async def test_nothing_is_written_before_the_keys_are_proved(papers: Papers) -> None:
    wire = Wire(Bench(papers, port=1).identity(), unheard)
    wire.sender.put(b"early", Priority.URGENT)
    with pytest.raises(LinkBroken):
        await wire.write(lambda: None)
