"""SCIM against the whole hub behind its door: the standard's own checks, and what a stolen token cannot do."""

import asyncio

import pytest
from scim2_client import BaseSyncSCIMClient
from scim2_client.engines.asgi import ASGISCIMClient
from scim2_tester import Status, check_server

from support.scim import BASE, in_thread, scim

pytestmark = [pytest.mark.asyncio, pytest.mark.e2e]


class Bridge(BaseSyncSCIMClient):
    """The checks wait for each answer in a thread of theirs; the hub lives in the loop."""

    def __init__(self, inner: ASGISCIMClient, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._inner, self._loop = inner, loop

    def _stays_under_base_url(self, endpoint):
        return self._inner._stays_under_base_url(endpoint)

    def _parse_json(self, response):
        return self._inner._parse_json(response)

    def request(self, method, url, **kwargs):
        asked = self._inner.request(method, url, **kwargs)
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result(30)


async def test_the_standards_own_checks_find_no_error(tmp_path):
    async with scim(tmp_path) as made, made.directory() as upstream:
        await made.hub.parts.directories.release("upstream", 60, made.hub.admin)  # the checks end all that they make
        inner = ASGISCIMClient(made.app, BASE, {"Authorization": f"Bearer {upstream.token}"})
        results = await in_thread(check_server, Bridge(inner, asyncio.get_running_loop()))
    wrong = (Status.ERROR, Status.CRITICAL, Status.DEVIATION)
    assert [(found.title, found.reason) for found in results if found.status in wrong] == []
    passed = {found.title for found in results if found.status is Status.SUCCESS}
    assert len(results) > 40, passed
