"""Directories of the tests: a hub in memory, and clients that speak SCIM with a directory's token."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from roomgate.access.principal import Kind
from roomgate.hub.app import Extension, build_app
from roomgate.hub.http.asgi import App
from roomgate.hub.identity.person import Person, Signed
from support.hub import Hub, running

BASE = "https://hub.example.com/scim/v2"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


@dataclass
class Directory:
    """One directory and its client."""

    account: Person
    signed: Signed
    token: str
    http: httpx.AsyncClient

    async def add(self, name: str, **more: Any) -> dict[str, Any]:
        answer = await self.http.post("/Users", json={"schemas": [USER], "userName": name, **more})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def add_group(self, name: str, *members: str) -> dict[str, Any]:
        body = {"schemas": [GROUP], "displayName": name, "members": [{"value": id} for id in members]}
        answer = await self.http.post("/Groups", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> httpx.Response:
        body = {"schemas": [PATCH], "Operations": list(operations)}
        return await self.http.patch(path, json=body, headers=headers)

    async def switch(self, id: str, active: bool | str) -> httpx.Response:
        return await self.patch(f"/Users/{id}", {"op": "replace", "path": "active", "value": active})


@dataclass
class Scim:
    hub: Hub
    app: App

    @asynccontextmanager
    async def directory(self, name: str = "upstream") -> AsyncIterator[Directory]:
        account = await self.hub.parts.identity.create_person(
            name, None, frozenset({"provisioner"}), self.hub.admin, Kind.SERVICE
        )
        signed, token = await self.hub.token(name, 60 * 24)
        async with self.client(token) as http:
            yield Directory(account, signed, token, http)

    def client(self, token: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers)


@asynccontextmanager
async def scim(folder: Path, **more: object) -> AsyncIterator[Scim]:
    async with running(folder, **more) as hub:
        yield Scim(hub, build_app(hub.parts, Extension()))


def refused(answer: httpx.Response, status: int, kind: str | None = None) -> None:
    """That the answer is a refusal in SCIM's own form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].split(";")[0] == "application/scim+json"
    said = answer.json()
    assert (said["schemas"], said["status"], said.get("scimType")) == ([ERROR], str(status), kind), said


async def in_thread(work: Any, *given: Any) -> Any:
    """A synchronous client's work; what it asks is answered by this loop meanwhile."""
    return await asyncio.to_thread(work, *given)
