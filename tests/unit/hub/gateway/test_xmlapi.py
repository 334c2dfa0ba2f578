import asyncio
import base64

import pytest

from roomgate.hub.gateway.xmlapi import XmlApi
from roomgate.hub.revocation import Cause, SubjectKind
from support.relay_rig import ADA, OSLO, rig
from unit.hub.gateway.test_socket import Tokens

pytestmark = pytest.mark.asyncio
VOLUME = b"<Command><Audio><Volume><Set><Level>40</Level></Set></Volume></Audio></Command>"
DIAL = b"<Command><Dial><Number>1@example.com</Number></Dial></Command>"


class Script:
    """What a script sends, and hears."""

    def __init__(self, hub, room="oslo", token="rg_ada"):  # noqa: S107 (no secret: a test's own)
        self.tokens = Tokens()
        self._app = XmlApi(hub.relay, self.tokens)
        pair = base64.b64encode(f"{room}:{token}".encode())
        self._headers = [(b"authorization", b"Basic " + pair)]

    async def ask(self, method, path, body=b"", query=""):
        sent = []

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": method, "path": path, "headers": self._headers}
        await self._app(scope | {"query_string": query.encode()}, receive, send)
        return sent[0]["status"], sent[1]["body"].decode()

    async def get(self, location):
        return await self.ask("GET", "/getxml", query=f"location={location}")

    async def put(self, body):
        return await self.ask("POST", "/putxml", body)


async def test_a_reading_and_a_command_are_asks_like_any_other(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "observe", "av-control")
        script = Script(hub)
        reading = group.create_task(script.get("/Status/Audio/Volume"))
        order = await hub.link.order(1)
        assert order.path == ["Status", "Audio", "Volume"]
        await hub.answer(order, result=50)
        status, text = await reading
        assert status == 200
        assert "<Audio><Volume>50</Volume></Audio>" in text
        putting = group.create_task(script.put(VOLUME))
        await hub.answer(await hub.link.order(2))
        assert (await putting)[1].endswith('<Command><VolumeSetResult status="OK"/></Command>')
        assert len(await hub.entries("permit", 2)) == 2


async def test_settings_stand_for_themselves(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "configure", "av-control")
        document = (
            b"<Configuration><Audio><DefaultVolume>50</DefaultVolume><Nonsense>1</Nonsense></Audio></Configuration>"
        )
        putting = group.create_task(Script(hub).put(document))
        await hub.answer(await hub.link.order(1))
        status, text = await putting
        assert (status, text.count("<Error ")) == (200, 1)
        assert "/Configuration/Audio/Nonsense" in text


async def test_bad_tokens_and_rooms_without_rights_are_one_answer(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "observe")
        answers = set()
        for room, token in (("oslo", "wrong"), ("rome", "rg_ada"), ("paris", "rg_ada"), ("paris", "wrong"), ("", "")):
            script = Script(hub, room, token)
            for told in (await script.get("/Status"), await script.put(VOLUME), await script.put(b"no xml")):
                answers.add(told)
            assert script.tokens.asked == [token] * 3
        assert answers == {(401, "401 Unauthorized\n")}
        assert hub.link.orders == []


async def test_what_is_no_document_is_said_to_who_may_ask(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "observe")
        script = Script(hub)
        status, text = await script.put(b"<Command>")
        assert (status, text.startswith("XML syntax error:")) == (400, True)
        assert (await script.put(b"<Command>" + b"<Dial/>" * 21 + b"</Command>"))[0] == 400
        assert "No action detected" in (await script.put(b"<Command/>"))[1]
        assert "XPathError" in (await script.ask("GET", "/getxml"))[1]
        assert "<EmptyResult " in (await script.get("/Status/Nonsense"))[1]
        assert 'status="ParameterError"' in (await script.put(VOLUME.replace(b"40", b"4000")))[1]
        assert 'status="Error"' in (await script.put(VOLUME))[1], "no grant for that"
        assert (await script.ask("GET", "/putxml"))[0] == 405
        assert hub.link.orders == []


async def test_a_cut_releases_the_document_under_way_and_the_next_is_refused(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        script = Script(hub)
        putting = group.create_task(script.put(DIAL))
        order = await hub.link.order(1)
        await hub.answer(order, "waiting")
        await asyncio.sleep(0)
        hub.given.take("grant_1")
        await hub.revoke(Cause.GRANT_REVOKED, SubjectKind.GRANT, "grant_1")
        async with asyncio.timeout(5):
            status, text = await putting
        assert (status, 'status="Error"' in text) == (200, True)
        assert hub.link.cuts[0].sessions == [order.session]
        assert (await script.put(DIAL))[0] == 401
        await hub.revoke(Cause.LOCK, SubjectKind.ROOM, OSLO.id)
        assert (await script.get("/Status"))[0] == 401
