"""One provider as it is now: its metadata and keys, fetched when first needed and again when they are old."""

import asyncio
from pathlib import Path
from typing import Any

from roomgate.clock import Clock
from roomgate.hub.identity.oidc import flow
from roomgate.hub.identity.oidc.fetching import Fetcher
from roomgate.hub.identity.oidc.flow import Begun
from roomgate.hub.identity.oidc.logout import SignedOutThere, check_logout_token
from roomgate.hub.identity.oidc.metadata import Metadata, discovery_url, parse_keys, parse_metadata, parse_object
from roomgate.hub.identity.oidc.provider import Provider
from roomgate.hub.identity.oidc.tokens import Header, Identified, check_id_token, find_key, parse_header, read_claims
from roomgate.hub.identity.oidc.unproven import ProviderAway, Unproven

OLD_AFTER_S = 3600.0
AGAIN_AFTER_S = 60.0  # a key that is not known is looked for once more, no oftener than this


class Peer:
    """Asks and believes one provider. Cancelling leaves what was known."""

    def __init__(self, provider: Provider, fetcher: Fetcher, clock: Clock) -> None:
        self.provider = provider
        self._fetcher = fetcher
        self._clock = clock
        self._fetching = asyncio.Lock()
        self._metadata: tuple[Metadata, float] | None = None
        self._keys: tuple[list[dict[str, Any]], float] | None = None

    async def metadata(self) -> Metadata:
        """Raises ProviderAway, or Unproven where it is not this provider's."""
        async with self._fetching:
            if self._metadata is None or self._age(self._metadata[1]) > OLD_AFTER_S:
                body = await self._fetcher.get(discovery_url(self.provider))
                self._metadata = parse_metadata(body, self.provider), self._clock.monotonic()
            return self._metadata[0]

    async def exchange(self, begun: Begun, code: str, redirect_uri: str) -> Identified:
        """Whom the code stands for; raises Unproven, ProviderAway."""
        metadata = await self.metadata()
        secret = _read_secret(self.provider)
        form, headers = flow.token_request(self.provider, metadata, secret, begun, code, redirect_uri)
        said = parse_object(await self._fetcher.post(metadata.token_endpoint, form, headers))
        id_token, access_token = flow.check_token_answer(said)
        header, claims = await self._read(id_token)
        return check_id_token(claims, header, self.provider, begun.nonce, access_token, self._clock.now())

    async def signed_out(self, token: str) -> SignedOutThere:
        """Whom a logout token names; raises Unproven, ProviderAway."""
        header, claims = await self._read(token)
        return check_logout_token(claims, header, self.provider, self._clock.now())

    async def _read(self, token: str) -> tuple[Header, dict[str, Any]]:
        header = parse_header(token, self.provider.algorithms)
        return header, read_claims(token, header, await self._key(header))

    async def _key(self, header: Header) -> dict[str, Any]:
        metadata = await self.metadata()
        async with self._fetching:
            if self._keys is None or self._age(self._keys[1]) > OLD_AFTER_S:
                await self._fetch_keys(metadata)
            found = self._find(header)
            if found is None and self._keys is not None and self._age(self._keys[1]) >= AGAIN_AFTER_S:
                await self._fetch_keys(metadata)
                found = self._find(header)
        if found is None:
            raise Unproven("token.kid")
        return found

    def _find(self, header: Header) -> dict[str, Any] | None:
        found = find_key(self._keys[0] if self._keys else [], header)
        return None if found is None else dict(found)

    async def _fetch_keys(self, metadata: Metadata) -> None:
        self._keys = parse_keys(await self._fetcher.get(metadata.jwks_uri)), self._clock.monotonic()

    def _age(self, at: float) -> float:
        return self._clock.monotonic() - at


def _read_secret(provider: Provider) -> str:
    """Anew each time: some providers' secrets end after months, and are written anew by a program."""
    try:
        return Path(provider.client_secret_file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as bad:
        raise ProviderAway("client_secret_file") from bad
