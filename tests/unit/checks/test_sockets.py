"""Real WebSockets, on loopback: permitted hosts alone, no redirect followed, an end that says how it came."""

import http
import ssl

import pytest
from websockets.asyncio.server import serve

from roomgate.checks.addresses import Addresses, NotPermitted
from roomgate.checks.sockets import MESSAGE_MOST, SocketClosed, SocketRefused, real_sockets, socket_url

HERE = Addresses({"target.example": "127.0.0.1"})


def opener(addresses=HERE):
    return real_sockets(addresses, ssl.create_default_context())


async def echo(connection):
    async for message in connection:
        if message == "leave":
            await connection.close(4001, "not any more")
        elif message == "much":
            await connection.send("x" * (MESSAGE_MOST + 1))
        else:
            await connection.send(f"{message} from {connection.request.headers['Origin']}")


def port_of(server):
    return server.sockets[0].getsockname()[1]


@pytest.mark.asyncio
async def test_it_is_opened_where_the_host_was_found_with_the_headers_given():
    seen = {}

    def look(connection, request):
        seen.update(request.headers)

    async with serve(echo, "127.0.0.1", 0, process_request=look) as server:
        place = f"target.example:{port_of(server)}"
        url = f"ws://{place}/ws"
        socket = await opener()(url, [("Origin", "https://x.example"), ("Cookie", "a=b"), ("User-Agent", "me")], [])
        await socket.send("hello")
        assert await socket.recv() == "hello from https://x.example"
        await socket.close()
        await socket.close()
    assert (seen["cookie"], seen["user-agent"], seen["host"]) == ("a=b", "me", place)


@pytest.mark.asyncio
async def test_an_end_says_its_code_to_whoever_reads_and_writes():
    async with serve(echo, "127.0.0.1", 0) as server:
        socket = await opener()(f"ws://target.example:{port_of(server)}/", [], [])
        await socket.send("leave")
        with pytest.raises(SocketClosed, match="not any more") as ended:
            await socket.recv()
        assert ended.value.status == 4001
        with pytest.raises(SocketClosed):
            await socket.send("again")


@pytest.mark.asyncio
async def test_a_message_that_is_too_long_ends_it():
    async with serve(echo, "127.0.0.1", 0) as server:
        socket = await opener()(f"ws://target.example:{port_of(server)}/", [], [])
        await socket.send("much")
        with pytest.raises(SocketClosed):
            await socket.recv()


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [http.HTTPStatus.FORBIDDEN, http.HTTPStatus.FOUND])
async def test_a_refusal_has_its_status_and_no_redirect_is_followed(status):
    def refuse(connection, request):
        answer = connection.respond(status, "no\n")
        answer.headers["Location"] = "ws://elsewhere.example/"
        return answer

    async with serve(echo, "127.0.0.1", 0, process_request=refuse) as server:
        with pytest.raises(SocketRefused) as refused:
            await opener()(f"ws://target.example:{port_of(server)}/", [], [])
    assert refused.value.status == status


@pytest.mark.asyncio
async def test_nobody_there_has_no_status():
    async with serve(echo, "127.0.0.1", 0) as server:
        port = port_of(server)
    with pytest.raises(SocketRefused) as refused:
        await opener()(f"ws://target.example:{port}/", [], [])
    assert refused.value.status == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("url", ["ws://elsewhere.example/", "wss://127.0.0.1/", "ws:///nowhere"])
async def test_a_host_that_is_not_permitted_is_not_asked(url):
    with pytest.raises(NotPermitted):
        await opener()(url, [], [])


@pytest.mark.parametrize(
    ("url", "made"),
    [
        ("https://a.example/ws?x=1", "wss://a.example/ws?x=1"),
        ("http://a.example:81/", "ws://a.example:81/"),
        ("wss://a.example/", "wss://a.example/"),
        ("", ""),
    ],
)
def test_the_address_of_a_socket(url, made):
    assert socket_url(url) == made
