"""The hub's own questions to a provider, with a bound on everything: hosts, time, size, how many at once.

Plain httpx: Authlib's client would add the building of two requests that are four lines each, and gives no way to
stop reading an answer that is too large.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from roomgate.hub.identity.oidc.provider import Provider
from roomgate.hub.identity.oidc.unproven import ProviderAway

if TYPE_CHECKING:
    import httpx

Way = Callable[[Provider], "httpx.AsyncBaseTransport | None"]  # None: the network

LARGEST_ANSWER = 256 * 1024
WITHIN_S = 10.0
MOST_AT_ONCE = 8


class Fetcher:
    """Asks one provider. ``transport``: another way than the network, for tests."""

    def __init__(
        self, provider: Provider, transport: "httpx.AsyncBaseTransport | None" = None, within_s: float = WITHIN_S
    ) -> None:
        self._provider = provider
        self._transport = transport
        self._within_s = within_s
        self._room = asyncio.Semaphore(MOST_AT_ONCE)
        self._tls: ssl.SSLContext | None = None

    async def get(self, url: str) -> bytes:
        """The body of a 200; raises ProviderAway for everything else."""
        return await self._ask("GET", url, None, {})

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> bytes:
        """The same, sending a form."""
        return await self._ask("POST", url, form, headers)

    async def _ask(self, method: str, url: str, form: Mapping[str, str] | None, headers: Mapping[str, str]) -> bytes:
        import httpx

        if not self._provider.allows(url):
            raise ProviderAway("address")
        try:
            async with asyncio.timeout(self._within_s), self._room, self._client() as client:
                sent = {"Accept": "application/json", "Accept-Encoding": "identity", **headers}
                async with client.stream(method, url, data=form, headers=sent) as answer:
                    if answer.status_code != httpx.codes.OK:  # a redirect too: nobody is followed elsewhere
                        raise ProviderAway(f"status {answer.status_code}")
                    if answer.headers.get("content-encoding", "identity") != "identity":
                        raise ProviderAway("encoding")
                    body = b""
                    async for part in answer.aiter_raw():
                        body += part
                        if len(body) > LARGEST_ANSWER:
                            raise ProviderAway("size")
                    return body
        except TimeoutError as slow:
            raise ProviderAway("time") from slow
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as fault:  # OSError: the file with its authority
            raise ProviderAway(type(fault).__name__) from fault

    def _client(self) -> "httpx.AsyncClient":
        import httpx

        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=self._provider.ca or None)
        return httpx.AsyncClient(
            verify=self._tls, transport=self._transport, follow_redirects=False, trust_env=False,
            timeout=self._within_s,
        )  # fmt: skip
