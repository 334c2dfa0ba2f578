import asyncio
import json
from contextlib import asynccontextmanager

import httpx
import pytest

from roomgate.access.decision import Denied
from roomgate.errors import BadInput, OutcomeUnknown, Unreachable
from roomgate.hub.app import build_app
from roomgate.hub.relay.asked import Answer
from roomgate.hub.relay.extension import build_extension, open_relay
from roomgate.hub.relay.http import AskBody, AskFailed, parse_wait, raise_unless_done
from roomgate.hub.relay.service import WAIT_S
from roomgate.ids import AskId
from roomgate.link.messages import Heartbeat, Outcome
from support.hub import running
from support.relay_rig import FakeLink
from support.waiting import until


@asynccontextmanager
async def served(folder):
    """The whole application behind its door, with a connector linked; and a client for each of two people."""
    async with running(folder) as hub:
        relay = open_relay(hub.parts)
        app = build_app(hub.parts, build_extension(hub.parts, relay))
        await hub.person("guest")
        await hub.person("other")
        connector = await hub.rooms("oslo", "rome")
        link = FakeLink(hub.clock)
        link.connector, link.site = connector.id, connector.site
        link.hello = type(link.hello)(1, connector.id, link.nonce, "test", "", "", [], [])
        hub.relay, hub.link = relay, link

        def client(token):
            headers = {"Authorization": f"Bearer {token}"}
            transport = httpx.ASGITransport(app)
            return httpx.AsyncClient(transport=transport, base_url="https://hub.example.com/api/v1", headers=headers)

        hub.clients = [client((await hub.token(name))[1]) for name in ("guest", "other", "ada")]
        async with asyncio.TaskGroup() as group:
            running_relay = group.create_task(relay.relay.run())
            relay.links.arrived(link)
            link.last_heartbeat = 1
            link.leases.beat(1, hub.clock.monotonic())
            await relay.events.message(link, Heartbeat(1, []))
            yield hub
            running_relay.cancel()
        for one in hub.clients:
            await one.aclose()


@pytest.mark.asyncio
async def test_asks_by_rest(tmp_path):
    async with served(tmp_path) as hub, asyncio.TaskGroup() as group:
        guest, other, admin = hub.clients
        await hub.grant("guest", "oslo", capability="call")
        dial = {"command": "Dial", "arguments": {"Number": "1@example.com"}, "reason": "a test"}
        asking = group.create_task(guest.post("/rooms/oslo/asks", json=dial))
        order = await hub.link.order()
        await hub.relay.events.message(hub.link, Outcome(order.id, "done", {"CallId": 3}))
        answer = await asking
        assert answer.status_code == 200, answer.text
        assert (answer.json()["outcome"], answer.json()["result"]) == ("done", {"CallId": 3})
        assert answer.json()["receipt"]["order"] == order.id

        asking = group.create_task(guest.post("/rooms/oslo/asks?wait=0.05", json=dial))
        order = await hub.link.order(2)
        await hub.relay.events.message(hub.link, Outcome(order.id, "waiting"))
        waiting = await asking
        assert (waiting.status_code, waiting.json()["outcome"]) == (202, "waiting")
        address = f"/asks/{waiting.json()['ask']}"
        await hub.relay.events.message(hub.link, Outcome(order.id, "refused", rule="consent.no", words="No."))
        await until(lambda: hub.relay.book.find(order.session).pending == 0)
        assert (await guest.get(address)).json()["rule"] == "consent.no"
        assert (await other.get(address)).status_code == 404
        assert (await admin.get(address)).json()["outcome"] == "refused"


@pytest.mark.asyncio
async def test_unknown_and_forbidden_rooms_are_one_answer_to_the_byte(tmp_path):
    async with served(tmp_path) as hub:
        guest = hub.clients[0]
        await hub.grant("guest", "oslo", capability="observe")
        for method, address, body in (
            ("POST", "/rooms/{}/asks", {"command": "Dial", "arguments": {"Number": "x"}}),
            ("POST", "/rooms/{}/asks", {"get": "Status/Audio/Volume"}),
            ("POST", "/rooms/{}/asks", {"join": "next"}),
            ("GET", "/rooms/{}/events?path=Status/Audio/Volume", None),
        ):
            answers = [await guest.request(method, address.format(room), json=body) for room in ("rome", "nowhere")]
            told = [(one.status_code, one.content, sorted(one.headers.items())) for one in answers]
            assert told[0] == told[1]
            assert told[0][0] == 404
        denied = await guest.post("/rooms/oslo/asks", json={"command": "Dial", "arguments": {"Number": "x"}})
        assert (denied.status_code, denied.json()["code"], denied.json()["rule"]) == (403, "denied", "capability")
        assert hub.link.orders == []


@pytest.mark.asyncio
async def test_bad_asks_are_refused(tmp_path):
    async with served(tmp_path) as hub:
        guest = hub.clients[0]
        await hub.grant("guest", "oslo", capability="call")
        for body in (
            {},
            {"command": "Dial", "get": "Status"},
            {"get": "Status/Audio", "arguments": {"a": 1}},
            {"command": "Explode"},
            {"set": "Configuration/Audio/DefaultVolume"},
            {"command": "Dial", "unknown": 1},
            [],
        ):
            answer = await guest.post("/rooms/oslo/asks", json=body)
            assert answer.status_code == 400, (body, answer.text)
        assert (await guest.post("/rooms/oslo/asks?wait=900", json={"get": "Status/Audio"})).status_code == 400


@pytest.mark.asyncio
async def test_sessions_are_listed_and_ended(tmp_path):
    async with served(tmp_path) as hub, asyncio.TaskGroup() as group:
        guest, other, admin = hub.clients
        await hub.grant("guest", "oslo", capability="observe")
        asking = group.create_task(guest.post("/rooms/oslo/asks", json={"get": "Status/Audio/Volume"}))
        order = await hub.link.order()
        await hub.relay.events.message(hub.link, Outcome(order.id, "done", 50))
        assert (await asking).json()["result"] == 50
        for client, shown in ((guest, [order.session]), (other, []), (admin, [order.session])):
            assert [one["id"] for one in (await client.get("/sessions")).json()["items"]] == shown
        assert hub.parts.rooms.get("oslo").sessions == 1
        assert (await other.delete(f"/sessions/{order.session}")).status_code == 404
        assert (await admin.delete(f"/sessions/{order.session}")).status_code == 204
        assert [cut.sessions for cut in hub.link.cuts] == [[order.session]]
        assert (await guest.get("/sessions")).json()["items"] == []
        assert hub.heard[-1].cause == "session.ended"


@pytest.mark.asyncio
async def test_a_grant_that_is_revoked_by_rest_cuts_before_it_answers(tmp_path):
    async with served(tmp_path) as hub, asyncio.TaskGroup() as group:
        guest, _, admin = hub.clients
        grant = await hub.grant("guest", "oslo", capability="call")
        dial = {"command": "Dial", "arguments": {"Number": "1@example.com"}}
        asking = group.create_task(guest.post("/rooms/oslo/asks?wait=20", json=dial))
        order = await hub.link.order()
        assert (await admin.delete(f"/grants/{grant.id}")).status_code in (200, 204)
        assert [cut.sessions for cut in hub.link.cuts] == [[order.session]]
        answer = await asking
        assert answer.status_code == 504
        assert (await guest.post("/rooms/oslo/asks", json=dial)).status_code == 404


def test_a_body_asks_for_one_thing():
    assert AskBody(join="next").wish() is None
    assert AskBody(set="Configuration/Audio/DefaultVolume", value=5).wish().arguments == {"Value": 5}
    with pytest.raises(BadInput):
        AskBody(command="Dial", value=1).wish()


@pytest.mark.parametrize(
    ("wait", "prefer", "seconds"), [(None, None, WAIT_S), (None, "respond-async, wait=30", 30.0), (0.0, "wait=30", 0.0)]
)
def test_how_long_to_wait(wait, prefer, seconds):
    assert parse_wait(wait, prefer) == seconds


@pytest.mark.parametrize(
    ("outcome", "rule", "error"),
    [
        ("refused", "policy", Denied),
        ("unknown", "", OutcomeUnknown),
        ("failed", Unreachable.code, Unreachable),
        ("failed", "xapi.failed", AskFailed),
    ],
)
def test_outcomes_that_are_no_answer_are_errors(outcome, rule, error):
    with pytest.raises(error):
        raise_unless_done(Answer(AskId("ask_1"), None, outcome, rule=rule, words="why"))
    raise_unless_done(Answer(AskId("ask_1"), None, "done"))


@pytest.mark.asyncio
async def test_events_by_rest(tmp_path):
    async with served(tmp_path) as hub, asyncio.TaskGroup() as group:
        guest = hub.clients[0]
        await hub.grant("guest", "oslo", capability="observe")
        reading = group.create_task(guest.get("/rooms/oslo/events?path=Status/Audio/Volume"))
        order = await hub.link.order()
        await hub.relay.events.message(hub.link, Outcome(order.id, "done"))
        await until(lambda: len(hub.relay.channels) == 1)
        session = hub.relay.book.find(order.session)
        assert session is not None
        admin = hub.clients[2]
        assert (await admin.delete(f"/sessions/{order.session}")).status_code == 204
        answer = await reading
        assert answer.headers["content-type"].startswith("text/event-stream")
        last = answer.text.strip().split("\n\n")[-1].splitlines()
        assert last[0] == "event: cut"
        assert json.loads(last[1].removeprefix("data: "))["reason"] == "session.ended"
