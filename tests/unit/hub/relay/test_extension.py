import pytest

from roomgate.hub.http.door import Front
from roomgate.hub.relay.extension import build_extension, link_ender, open_relay
from roomgate.hub.revocation import Cause, Revocation, SubjectKind
from support.hub import running


@pytest.mark.asyncio
async def test_the_front_of_the_console_is_kept_and_the_sockets_are_added(tmp_path):
    async with running(tmp_path) as hub:
        relay = open_relay(hub.parts)

        async def other(scope, receive, send):
            return None

        front = Front(csp="default-src 'none'", websockets={"/other": other})
        extension = build_extension(hub.parts, relay, front)
        assert extension.front.csp == "default-src 'none'"
        assert set(extension.front.websockets) == {"/other", "/link", "/ws", "/ws/"}
        assert [name for name, _ in extension.tasks] == ["hub.relay", "hub.streams", "hub.fleet"]


@pytest.mark.asyncio
async def test_a_connector_that_is_disabled_loses_its_link():
    closed = []

    async def close(id, why):
        closed.append((id, why))

    hear = link_ender(close)
    await hear(Revocation(2, Cause.LOCK, SubjectKind.ROOM, "connector_1", None, ""))
    await hear(Revocation(3, Cause.CONNECTOR_DISABLED, SubjectKind.CONNECTOR, "connector_1", None, ""))
    assert closed == [("connector_1", "connector.disabled")]
