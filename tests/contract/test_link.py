"""Both ends of the link over a real web server on loopback."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Litestar
from litestar.handlers import asgi

from roomgate.connector.wire import connect
from roomgate.errors import Unreachable
from roomgate.hub.relay.link import HubLinkSession
from roomgate.link.frames import Priority
from roomgate.link.identity import CONNECTOR, HUB, build_certificate
from roomgate.link.messages import (
    Cut,
    EffectEnded,
    Entries,
    EntriesKept,
    Heartbeat,
    LinkBroken,
    Outcome,
    Signed,
    State,
    Unsubscribe,
)
from roomgate.link.order import OrderRefused, Renewal, check_outcome, seal
from support.link import NAME, Bench, Papers, SiteSide, order, running, serving, unheard, vouch
from support.waiting import until

CANARY = b"CANARY-0123456789"


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return Papers(tmp_path_factory.mktemp("papers"))


@contextlib.asynccontextmanager
async def linked(papers: Papers, **settings: Any) -> AsyncIterator[Bench]:
    bench = Bench(papers)
    async with serving(bench.endpoint, papers) as bench.port, running(bench.uplink(**settings)):
        yield bench


@contextlib.asynccontextmanager
async def held_up(papers: Papers) -> AsyncIterator[tuple[Bench, HubLinkSession, Callable[[], None]]]:
    """Linked, with s1 vouched for; what the site takes one by one stands still until it may go on."""
    bench = Bench(papers)
    hold = asyncio.Event()

    class Slow(SiteSide):
        async def kept(self, size: int, checkpoint: str) -> None:
            await super().kept(size, checkpoint)
            await hold.wait()

    bench.site = Slow()
    async with serving(bench.endpoint, papers) as bench.port, running(bench.uplink()):
        link = await bench.hub.link()
        vouch(link, "s1")
        link.send(EntriesKept(1))
        await bench.site.saw("kept")
        yield bench, link, hold.set


@pytest.mark.asyncio
async def test_an_order_is_admitted_once_and_its_outcome_is_signed(papers: Papers) -> None:
    async with linked(papers) as bench:
        link = await bench.hub.link()
        assert link.hello.policy == "meetings only"
        assert len(link.nonce) == 16
        assert (await bench.site.saw("welcome")).ledger_size == 7
        vouch(link, "s1")
        link.send_signed(order)
        assert (await bench.site.saw("order")).call().argument("Number") == "123@example.com"
        outcome = await bench.hub.saw("Outcome")
        assert outcome.result == {"CallId": 3}
        check_outcome(bench.key.public_key(), outcome)
        link.send(Unsubscribe("order_1"))
        link.send(EntriesKept(8))
        assert await bench.site.saw("unsubscribe") == "order_1"
        assert await bench.site.saw("kept") == 8
        assert bench.site.count("order") == 1
        nonce = link.nonce.hex()
    assert [what for what in bench.site.events if what[0] in ("linked", "unlinked")] == [
        ("linked", nonce), ("unlinked", nonce),
    ]  # fmt: skip


@pytest.mark.asyncio
async def test_a_replayed_order_is_refused_and_the_next_still_holds(papers: Papers) -> None:
    async with linked(papers) as bench:
        link = await bench.hub.link()
        vouch(link, "s1")
        sealed = seal(bench.hub_key, order(link.nonce, link.next_sequence()))
        link.send(sealed)
        link.send(sealed)
        assert await bench.site.saw("refused") == "order.sequence"
        assert (await bench.hub.saw("Outcome", lambda o: o.outcome == "refused")).rule == "order.sequence"
        link.send_signed(lambda nonce, sequence: order(nonce, sequence, id="order_2"))
        await bench.site.saw("order", lambda o: o.id == "order_2")
        assert bench.site.count("order") == 2


@pytest.mark.asyncio
async def test_an_order_for_another_link_session_is_refused(papers: Papers) -> None:
    async with linked(papers) as bench:
        link = await bench.hub.link()
        vouch(link, "s1")
        link.send(seal(bench.hub_key, order(b"another link ses", link.next_sequence())))
        assert await bench.site.saw("refused") == "order.link"
        assert bench.site.count("order") == 0


@pytest.mark.asyncio
async def test_an_order_that_another_key_signed_ends_the_link(papers: Papers) -> None:
    async with linked(papers) as bench:
        link = await bench.hub.link()
        vouch(link, "s1")
        link.send(seal(Ed25519PrivateKey.generate(), order(link.nonce, link.next_sequence())))
        assert await bench.site.saw("refused") == "order.signature"
        await bench.hub.saw("gone")
        assert bench.site.count("order") == 0


@pytest.mark.asyncio
async def test_an_order_of_a_session_that_nobody_vouched_for_is_refused(papers: Papers) -> None:
    async with linked(papers) as bench:
        link = await bench.hub.link()
        link.send_signed(order)
        assert await bench.site.saw("refused") == "session.lease"
        assert bench.site.count("order") == 0


@pytest.mark.asyncio
async def test_a_delayed_renewal_prolongs_nothing(papers: Papers) -> None:
    async with linked(papers) as bench:
        link = await bench.hub.link()
        first = link.last_heartbeat
        vouch(link, "s1", heartbeat=first)
        link.send(EntriesKept(1))
        await bench.site.saw("kept")
        bench.clock.advance(14.0)
        link.heard = bench.clock.monotonic()
        vouch(link, "s1", heartbeat=first)  # on its way for 14 seconds
        link.send(EntriesKept(2))
        await bench.site.saw("kept", lambda size: size == 2)
        bench.clock.advance(1.5)
        assert await bench.site.saw("lapsed") == ["s1"]
        vouch(link, "s1")  # and what has lapsed is not revived
        link.send_signed(order)
        assert await bench.site.saw("refused") == "session.cut"


@pytest.mark.asyncio
async def test_leases_lapse_while_there_is_no_link(papers: Papers) -> None:
    async with linked(papers) as bench:
        uplink = bench.site.uplink
        assert uplink is not None
        link = await bench.hub.link()
        vouch(link, "s1")
        link.send(EntriesKept(1))
        await bench.site.saw("kept")
        bench.hub.records[NAME].state = "disabled"
        await link.close("test")
        await until(lambda: not uplink.up)
        assert uplink.live("s1", bench.clock.monotonic())
        bench.clock.advance(15.0)
        assert await bench.site.saw("lapsed") == ["s1"]
        assert not uplink.up
        with pytest.raises(OrderRefused):
            uplink.require("s1", bench.clock.monotonic())


@pytest.mark.asyncio
async def test_a_hub_that_is_back_in_time_keeps_its_sessions(papers: Papers) -> None:
    bench = Bench(papers)
    async with serving(bench.endpoint, papers) as bench.port:
        uplink = bench.uplink()
        async with running(uplink):
            link = await bench.hub.link()
            vouch(link, "s1", "s2")
            link.send(Cut("cut_1", ["s2"], "grant.revoked", "Ended."), urgent=True)
            await bench.hub.saw("CutDone")
            await link.close("restart")
            await until(lambda: not uplink.up)
            bench.clock.advance(10.0)
            uplink.send(Outcome("order_0", "done"))  # finished while there was no link
            again = await bench.hub.link(2)
            assert again.nonce != link.nonce
            assert (await bench.hub.saw("Outcome")).order == "order_0"
            again.send_signed(order)
            await bench.site.saw("order")
            vouch(again, "s1", "s2")
            again.send_signed(lambda nonce, sequence: order(nonce, sequence, session="s2"))
            assert await bench.site.saw("refused") == "session.cut"
            bench.clock.advance(10.0)
            assert uplink.live("s1", bench.clock.monotonic())
            assert bench.site.count("lapsed") == 0


@pytest.mark.asyncio
async def test_a_clone_closes_the_older_link(papers: Papers) -> None:
    bench = Bench(papers)
    async with serving(bench.endpoint, papers) as bench.port, running(bench.uplink(retry_s=30.0)):
        first = await bench.hub.link()
        async with running(bench.uplink(SiteSide())):
            second = await bench.hub.link(2)
            assert first.ended == "replaced"
            kinds = [event for event in bench.hub.events if event[0] in ("arrived", "gone")]
            assert kinds[:3] == [("arrived", first), ("gone", first), ("arrived", second)]
            with pytest.raises(LinkBroken):
                first.send(EntriesKept(1))


@pytest.mark.asyncio
@pytest.mark.parametrize("state", ["pending", "disabled", "unknown"])
async def test_whoever_may_not_link_is_refused_before_the_upgrade(papers: Papers, state: str) -> None:
    bench = Bench(papers)
    if state == "unknown":
        bench.hub.records.clear()
    else:
        bench.hub.records[NAME].state = state
    async with serving(bench.endpoint, papers) as bench.port:
        with pytest.raises(Unreachable, match="403"):
            await connect(bench.identity(), unheard, ca_pem=papers.ca_pem, proxy=None, within_s=5)
    assert bench.hub.events == []


@pytest.mark.asyncio
async def test_the_hub_refuses_another_connector_key(papers: Papers) -> None:
    bench = Bench(papers)
    bench.hub.records[NAME].certificate = build_certificate(Ed25519PrivateKey.generate(), CONNECTOR)
    async with serving(bench.endpoint, papers) as bench.port:
        wire = await connect(bench.identity(), unheard, ca_pem=papers.ca_pem, proxy=None, within_s=5)
        with pytest.raises(LinkBroken):
            async with asyncio.timeout(5):
                await wire.ended
        await wire.close()
    assert bench.hub.events == []


@pytest.mark.asyncio
async def test_the_connector_refuses_another_hub_key(papers: Papers) -> None:
    bench = Bench(papers)
    async with serving(bench.endpoint, papers) as bench.port:
        bench.hub_key = Ed25519PrivateKey.generate()  # the one that the connector pinned
        assert build_certificate(bench.hub_key, HUB) == bench.identity().hub_certificate
        with pytest.raises(LinkBroken):
            await connect(bench.identity(), unheard, ca_pem=papers.ca_pem, proxy=None, within_s=5)
    assert bench.hub.events == []


@pytest.mark.asyncio
async def test_the_connector_refuses_another_outer_authority(papers: Papers, tmp_path_factory: Any) -> None:
    bench = Bench(papers)
    other = Papers(tmp_path_factory.mktemp("other"))
    async with serving(bench.endpoint, papers) as bench.port:
        with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            await connect(bench.identity(), unheard, ca_pem=other.ca_pem, proxy=None, within_s=5)


@pytest.mark.asyncio
async def test_a_big_state_does_not_hold_up_a_cut(papers: Papers) -> None:
    async with linked(papers) as bench:
        link = await bench.hub.link()
        uplink = bench.site.uplink
        assert uplink is not None
        link.send(Cut("cut_1", ["s1"], "lock", "Ended."))
        assert uplink.send(State("d1", {"Status": "x" * (6 * 1024 * 1024)}))
        await bench.hub.saw("State")
        kinds = [event[0] for event in bench.hub.events]
        assert kinds.index("CutDone") < kinds.index("State")


@pytest.mark.asyncio
async def test_a_cut_is_obeyed_before_orders_that_still_wait(papers: Papers) -> None:
    async with held_up(papers) as (bench, link, go_on):
        link.send_signed(order)
        link.send(Cut("cut_1", ["s1"], "lock", "Ended."))
        await bench.hub.saw("CutDone")
        go_on()
        assert await bench.site.saw("refused") == "session.cut"
        assert bench.site.count("order") == 0


@pytest.mark.asyncio
async def test_an_order_that_waited_too_long_is_dropped(papers: Papers) -> None:
    async with held_up(papers) as (bench, link, go_on):
        link.send_signed(order)
        link.send(Cut("cut_1", ["s9"], "lock", "Ended."))
        await bench.site.saw("cut")
        await until(lambda: bench.site.uplink is not None and len(bench.site.uplink._inbox) == 1)
        bench.clock.advance(5.1)
        go_on()
        assert await bench.site.saw("refused") == "order.late"


@pytest.mark.asyncio
async def test_a_link_without_heartbeats_is_closed(papers: Papers) -> None:
    async with linked(papers, heartbeat_s=60.0, retry_s=30.0) as bench:
        link = await bench.hub.link()
        bench.clock.advance(15.1)
        assert await bench.hub.saw("gone") is link
        assert link.ended == "idle"


@pytest.mark.asyncio
async def test_a_cut_goes_out_before_a_close(papers: Papers) -> None:
    async with linked(papers) as bench:
        link = await bench.hub.link()
        link.send(Cut("cut_1", ["s1"], "connector.disabled", "Ended."))
        await bench.endpoint.close(NAME, "disabled")
        assert (await bench.site.saw("cut")).sessions == ["s1"]
        assert (await bench.hub.saw("gone")).ended == "disabled"


@pytest.mark.asyncio
async def test_an_outcome_that_the_connector_did_not_sign_never_reaches_the_handler(papers: Papers) -> None:
    async with linked(papers, retry_s=30.0) as bench:
        await bench.hub.link()
        uplink = bench.site.uplink
        assert uplink is not None
        assert uplink._wire is not None
        uplink._put(uplink._wire, Outcome("order_1", "done", signature=bytes(64)), Priority.SIGNED)
        await bench.hub.saw("gone")
        assert all(event[0] != "Outcome" for event in bench.hub.events)


@pytest.mark.asyncio
async def test_without_a_link_only_outcomes_are_kept(papers: Papers) -> None:
    uplink = Bench(papers, port=1).uplink()
    assert not uplink.send(State("d1", {}))
    assert not uplink.send(Entries(0, [], ""))
    assert not uplink.send(EffectEnded("e1", "ended"))
    assert uplink.send(Outcome("order_1", "done"))
    for number in range(1030):
        uplink.send(Outcome(f"order_{number}", "done"))
    assert len(uplink._owed) == 1024


@contextlib.asynccontextmanager
async def relayed(
    port: int, *, opens: ssl.SSLContext | None = None, dials: ssl.SSLContext | None = None, proxy: bool = False
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Somebody between site and hub: gives the port to go to, and all that passes there as it sees it."""
    seen: list[bytes] = []
    going: set[asyncio.StreamWriter] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                seen.append(data)
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        going.add(writer)
        if proxy:
            seen.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        there, back = await asyncio.open_connection("localhost", port, ssl=dials)
        async with asyncio.TaskGroup() as group:
            group.create_task(pump(reader, back))
            group.create_task(pump(there, writer))
        for end in (back, writer):
            with contextlib.suppress(OSError):
                await end.wait_closed()
        going.discard(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=opens)
    async with server:
        yield server.sockets[0].getsockname()[1], seen
        await until(lambda: not going)


def unmasked(data: bytes) -> bytes:
    """A client's frames are masked: open those that begin where the read began."""
    if len(data) < 8 or data[0] != 0x82 or not data[1] & 0x80:
        return b""
    at = {126: 4, 127: 10}.get(data[1] & 0x7F, 2)
    mask = data[at : at + 4]
    return bytes(byte ^ mask[i % 4] for i, byte in enumerate(data[at + 4 :]))


@pytest.mark.asyncio
async def test_whoever_opens_the_outer_tls_sees_no_plaintext(papers: Papers) -> None:
    """With a certificate that the site trusts, as companies' proxies have."""
    bench = Bench(papers)
    trust = ssl.create_default_context(cadata=papers.ca_pem.decode())
    async with (
        serving(bench.endpoint, papers) as port,
        relayed(port, opens=papers.server_context(), dials=trust) as (bench.port, seen),
        running(bench.uplink()),
    ):
        link = await bench.hub.link()
        uplink = bench.site.uplink
        assert uplink is not None
        uplink.send(State("d1", {"Status": CANARY.decode()}))
        await bench.hub.saw("State")
        link.send(Unsubscribe(CANARY.decode()))
        await bench.site.saw("unsubscribe")
    everything = b"".join(seen) + b"".join(map(unmasked, seen))
    assert b"/link?connector=" in everything  # it did see the outside
    assert CANARY not in everything
    assert b"beat" not in everything


@pytest.mark.asyncio
async def test_the_link_goes_through_a_proxy(papers: Papers) -> None:
    bench = Bench(papers)
    async with (
        serving(bench.endpoint, papers) as bench.port,
        relayed(bench.port, proxy=True) as (port, seen),
        running(bench.uplink(proxy=f"http://127.0.0.1:{port}")),
    ):
        await bench.hub.link()
    assert seen[0].startswith(b"CONNECT localhost:%d HTTP/1.1\r\n" % bench.port)
    assert b"/link" not in b"".join(seen)


@pytest.mark.asyncio
async def test_a_redirect_is_not_followed(papers: Papers) -> None:
    bench = Bench(papers)
    visits: list[str] = []

    async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
        visits.append(scope["path"])
        there = f"wss://localhost:{bench.port}/elsewhere".encode()
        await send({"type": "websocket.http.response.start", "status": 307, "headers": [(b"location", there)]})
        await send({"type": "websocket.http.response.body", "body": b""})

    async with serving(elsewhere, papers) as bench.port:
        with pytest.raises(Unreachable):
            await connect(bench.identity(), unheard, ca_pem=papers.ca_pem, proxy=None, within_s=5)
    assert visits == ["/link"]


@pytest.mark.asyncio
async def test_the_endpoint_lives_inside_litestar(papers: Papers) -> None:
    bench = Bench(papers)

    @asgi("/link", copy_scope=True)
    async def link(scope: Any, receive: Any, send: Any) -> None:
        await bench.endpoint(scope, receive, send)

    async with serving(Litestar([link], openapi_config=None), papers) as bench.port, running(bench.uplink()):
        session = await bench.hub.link()
        vouch(session, "s1")
        session.send_signed(order)
        await bench.hub.saw("Outcome")
        assert any(isinstance(event[1], Heartbeat) for event in bench.hub.events)


@pytest.mark.asyncio
async def test_a_signed_message_without_room_ends_the_link(papers: Papers) -> None:
    async with linked(papers, retry_s=30.0) as bench:
        link = await bench.hub.link()
        link.sender._bound_count = 0
        with pytest.raises(Exception, match="full"):
            link.send_signed(lambda nonce, sequence: Renewal(nonce, sequence, 1, []))
        assert not link.ended  # its number was not taken
        with pytest.raises(Exception, match="full"):
            link.send(Signed(b"", b""))
        assert link.ended == "broken"
