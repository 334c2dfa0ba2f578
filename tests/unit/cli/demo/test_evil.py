import asyncio

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from roomgate.access.capability import Classes
from roomgate.cli.demo.evil import WISHES, EvilHub, Stolen, load_evil
from roomgate.clock import HandClock
from roomgate.errors import RoomgateError
from roomgate.ids import ConnectorId, SiteId
from roomgate.link.messages import Heartbeat, Outcome
from support.hub import running
from support.relay_rig import HUB_KEY, FakeLink

pytestmark = pytest.mark.asyncio


async def test_it_sends_every_wish_over_the_real_link_and_hears_each_outcome():
    evil = EvilHub(HUB_KEY, Stolen(ConnectorId("connector_1"), SiteId("site_1"), b""), "oslo")
    link = FakeLink(HandClock())
    await evil.arrived(link)  # type: ignore[arg-type]  # the connector's end of a link, in memory
    link.last_heartbeat = 1
    link.leases.beat(1, link.clock.monotonic())
    await evil.message(link, Heartbeat(1, []))  # type: ignore[arg-type]
    async with asyncio.TaskGroup() as group:
        playing = group.create_task(evil.play())
        for number in range(len(WISHES)):
            order = await link.order(number + 1)
            await evil.message(link, Outcome(order.id, "refused", rule="never"))  # type: ignore[arg-type]
    played = playing.result()
    assert [words for words, _, _ in played] == [wish.words for wish in WISHES]
    assert [order for _, order, _ in played] == [order.id for order in link.orders]
    assert link.refused == []  # well signed, in sequence, in a living session: only the site's policy is left to say no
    assert {(order.room, order.device) for order in link.orders} == {("oslo", "device_oslo")}


async def test_its_wishes_are_such_that_no_site_allows_them_by_default():
    *acts, read = WISHES
    assert [wish.words for wish in acts if Classes.shipped().never(wish.call) is None] == []
    assert Classes.shipped().of(read.call.path) == "network"


async def test_it_knows_one_connector_and_holds_none_of_its_ledger():
    stolen = Stolen(ConnectorId("connector_1"), SiteId("site_1"), b"")
    evil = EvilHub(HUB_KEY, stolen, "oslo")
    assert await evil.connector(ConnectorId("connector_1")) is stolen
    assert await evil.connector(ConnectorId("connector_2")) is None
    assert await evil.ledger_size(ConnectorId("connector_1")) == 0
    link = FakeLink(HandClock())
    await evil.arrived(link)  # type: ignore[arg-type]
    await evil.gone(link)  # type: ignore[arg-type]
    assert evil.link is None


async def test_whoever_has_the_hub_s_folder_has_its_key_and_its_connectors(tmp_path):
    async with running(tmp_path) as hub:
        connector = await hub.connector()
        key = hub.parts.keys.order.public_key()
    evil = load_evil(tmp_path, connector.id, "oslo")
    assert evil.key.public_key() == key
    assert (evil.enrolled.id, evil.enrolled.site) == (connector.id, connector.site)
    wrong = rsa.generate_private_key(65537, 2048)
    (tmp_path / "keys" / "order.pem").write_bytes(
        wrong.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    with pytest.raises(RoomgateError, match="another kind"):
        load_evil(tmp_path, connector.id, "oslo")
