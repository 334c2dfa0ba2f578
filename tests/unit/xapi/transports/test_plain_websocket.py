import pytest

from roomgate.xapi.transports.plain_websocket import _ConnectOnce


@pytest.mark.asyncio
async def test_a_redirect_stays_an_error():
    refused = OSError("302")
    assert _ConnectOnce("wss://room.example.com/ws").process_redirect(refused) is refused
