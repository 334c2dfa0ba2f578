"""A hub over real TLS with two identity providers, npm's oidc-provider each; at both, strangers may come in."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import trustme

from roomgate.hub.making import init
from roomgate.hub.program import serve
from roomgate.listening import lasting_port
from support.hub import PASSWORD, config
from support.oidc import RealProvider, go, real_provider

GROUPS = {"carol": ["desk", "elsewhere"], "dave": ["desk"]}


@dataclass
class Site:
    url: str
    corp: RealProvider
    school: RealProvider
    trust: ssl.SSLContext
    stack: AsyncExitStack

    async def browser(self) -> httpx.AsyncClient:
        made = httpx.AsyncClient(base_url=self.url, verify=self.trust, timeout=20, trust_env=False)
        return await self.stack.enter_async_context(made)

    async def sign_in(self, name: str, who: str) -> httpx.AsyncClient:
        browser = await self.browser()
        answer = await go(browser, f"{self.url}/auth/{name}/start", who)
        assert (answer.status_code, answer.headers.get("refresh")) == (200, "0; url=/rooms"), answer.text
        return browser


@asynccontextmanager
async def single_sign_on(folder: Path) -> AsyncIterator[Site]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    pem = folder / "server.pem"
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pem)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    port = lasting_port()
    url = f"https://localhost:{port}"
    async with AsyncExitStack() as stack:
        corp = await stack.enter_async_context(real_provider(folder, "corp", url, GROUPS))
        school = await stack.enter_async_context(real_provider(folder, "school", url, {}))
        tables: list[dict[str, Any]] = [
            corp.table(folder, create=True, algorithms=["ES256"], roles={"desk": ["service-desk"]}),
            school.table(folder, create=True, end_session=True),
        ]
        settings = config(
            folder / "data", certificate=str(pem), certificate_key=str(pem), listen_port=port, public_url=url,
            providers=tables,
        )  # fmt: skip
        await init(settings, "ada", PASSWORD)
        ready = asyncio.Event()
        async with asyncio.TaskGroup() as group, AsyncExitStack() as clients:
            task = group.create_task(serve(settings, lambda _: ready.set()))
            try:
                async with asyncio.timeout(20):
                    await ready.wait()
                yield Site(url, corp, school, trust, clients)
            finally:
                await clients.aclose()
                task.cancel()
