"""npm's oidc-provider as a process of its own: a real identity provider, and somebody who signs in at it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
from cryptography.hazmat.primitives.asymmetric import ec

from roomgate.listening import lasting_port
from support.hostile_provider import number
from support.node import node_binary, node_environment, node_modules

SECRET = "a client secret that is long enough"
START_S = 30.0


@dataclass
class RealProvider:
    name: str
    issuer: str
    process: asyncio.subprocess.Process

    async def says(self, event: str) -> dict[str, Any]:
        """Its next line of this kind; raises TimeoutError."""
        assert self.process.stdout is not None
        async with asyncio.timeout(START_S):
            while line := await self.process.stdout.readline():
                said = json.loads(line) if line.startswith(b"{") else {}
                if said.get("event") == event:
                    return dict(said)
                assert said.get("event") not in ("failed", "logout.failed"), said
        raise AssertionError(f"the provider ended before it said {event}")

    def table(self, folder: Path, **more: Any) -> dict[str, Any]:
        """It as the hub's configuration has it."""
        secret = folder / f"{self.name}.secret"
        secret.write_text(SECRET)
        return {
            "name": self.name, "words": self.name, "issuer": self.issuer, "client_id": "roomgate",
            "client_secret_file": str(secret), "ca": str(folder / "ca.pem"), **more,
        }  # fmt: skip


@asynccontextmanager
async def real_provider(
    folder: Path, name: str, hub: str, groups: Mapping[str, Sequence[str]]
) -> AsyncIterator[RealProvider]:
    """``folder`` holds ca.pem and server.pem; ``groups``: by the name that somebody signs in with."""
    key = ec.generate_private_key(ec.SECP256R1()).private_numbers()
    point = key.public_numbers
    jwk = {
        "kty": "EC", "crv": "P-256", "kid": name, "use": "sig", "alg": "ES256",
        "x": number(point.x, 32), "y": number(point.y, 32), "d": number(key.private_value, 32),
    }  # fmt: skip
    port = lasting_port()
    issuer = f"https://localhost:{port}"
    client = {
        "client_id": "roomgate", "client_secret": SECRET, "redirect_uris": [f"{hub}/auth/{name}/callback"],
        "post_logout_redirect_uris": [f"{hub}/signin"],
        "id_token_signed_response_alg": "ES256", "backchannel_logout_uri": f"{hub}/auth/{name}/logout",
        "backchannel_logout_session_required": True,
    }  # fmt: skip
    asked = {
        "issuer": issuer, "port": port, "client": client, "key": jwk, "groups": groups,
        "pem": str(folder / "server.pem"),
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        node_binary(), str(Path(__file__).with_name("oidc_provider.js")), json.dumps(asked),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env=node_environment(folder / "ca.pem", node_modules("oidc-provider")),
    )  # fmt: skip
    provider = RealProvider(name, issuer, process)
    try:
        await provider.says("ready")
        yield provider
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def go(browser: httpx.AsyncClient, url: str, who: str) -> httpx.Response:
    """Follow every redirect and fill in every form of the provider's, until a page is no form of its own."""
    answer = await browser.get(url)
    for _ in range(20):
        if answer.is_redirect:
            answer = await browser.get(urljoin(str(answer.url), answer.headers["location"]))
            continue
        form = re.search(r'<form[^>]* action="([^"]*)"', answer.text)
        if form is None or "/auth/" in answer.url.path:
            return answer
        fields = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', answer.text))
        fields |= {"logout": "yes"} if 'name="logout"' in answer.text else {}
        fields |= {"login": who, "password": "any"} if 'name="login"' in answer.text else {}
        answer = await browser.post(urljoin(str(answer.url), form[1]), data=fields)
    raise AssertionError("the provider's pages do not end")
