"""The hub's REST API over real TLS: a uvicorn of its own, an HTTP client of somebody else's."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from roomgate.hub.app import serve
from roomgate.hub.http.door import COOKIE
from roomgate.hub.making import init
from support.hub import PASSWORD, config

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio]


class Client(httpx.AsyncClient):
    """Nobody yet. ``recovery``: the administrator's codes that were not used."""

    recovery: list[str]


@asynccontextmanager
async def hub(folder: Path) -> AsyncIterator[Client]:
    """A hub with one administrator; the client is nobody yet."""
    authority = trustme.CA()
    server = authority.issue_cert("localhost", "127.0.0.1")
    server.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    settings = config(
        folder / "data",
        certificate=str(folder / "server.pem"),
        certificate_key=str(folder / "server.pem"),
        listen_port=0,
    )
    founded = await init(settings, "ada", PASSWORD, second_factor=True)
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(serve(settings, address.set_result))
        try:
            async with asyncio.timeout(10):
                url = await address
            async with Client(base_url=url, verify=trust, timeout=10, trust_env=False) as client:
                client.recovery = list(founded.recovery)
                yield client
        finally:
            task.cancel()


async def signed_in(client: Client) -> tuple[str, str]:
    """Cookie and form token of the administrator's browser, which showed a password and a second factor."""
    asked = await client.post("/signin", data={"user": "ada", "password": PASSWORD})
    assert (asked.status_code, COOKIE in client.cookies) == (200, False)
    answer = await client.post("/signin", data={"code": client.recovery.pop()})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    set_by = answer.headers.get_list("set-cookie")[0]
    assert all(word in set_by for word in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"))
    cookie = set_by.split("=", 1)[1].split(";")[0]
    client.cookies.clear()
    who = await client.get("/api/v1/whoami", headers=browser(cookie))
    return cookie, who.json()["csrf"]


def browser(cookie: str, csrf: str = "") -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={cookie}", **({"X-CSRF-Token": csrf} if csrf else {})}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def made(client: httpx.AsyncClient, path: str, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    answer = await client.post(f"/api/v1/{path}", headers=headers, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def administrator(client: Client) -> dict[str, str]:
    cookie, csrf = await signed_in(client)
    return bearer((await made(client, "tokens", browser(cookie, csrf), minutes=60))["token"])


async def test_nobody_anonymous_gets_further_than_the_door(tmp_path: Path) -> None:
    async with hub(tmp_path) as client:
        admin = await administrator(client)
        routes = (await client.get("/openapi.json", headers=admin)).json()
        assert routes["openapi"].startswith("3.1")
        tried = 0
        for path, verbs in routes["paths"].items():
            for verb in verbs:
                for name in ("oslo", "no-such-thing"):
                    url = path.replace("{id}", name).replace("{room}", name).replace("{index}", "1")
                    for headers in ({}, bearer("rg_wrong"), {"Cookie": f"{COOKIE}=wrong"}):
                        answer = await client.request(verb, url, headers=headers)
                        assert answer.status_code == 401, (verb, url)
                        assert answer.json()["code"] == "not-signed-in"
                        tried += 1
        assert tried > 150
        same = [await client.get(f"/r/{name}") for name in ("oslo", "nowhere")]
        assert {a.status_code for a in same} == {200}
        assert same[0].content == same[1].content
        for path in ("/", "/rooms/oslo", "/openapi.json", "/nothing", "/api/v1/nothing"):
            assert (await client.get(path)).status_code == 401
        assert (await client.get("/healthz")).text == "ok"


async def test_every_answer_carries_its_guard(tmp_path: Path) -> None:
    async with hub(tmp_path) as client:
        for path in ("/healthz", "/signin", "/api/v1/people", "/nothing"):
            headers = (await client.get(path)).headers
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert headers["cache-control"] == "no-store"
            assert "max-age" in headers["strict-transport-security"]
            assert "server" not in headers


async def test_the_life_of_a_person_a_token_and_their_end(tmp_path: Path) -> None:
    async with hub(tmp_path) as client:
        admin = await administrator(client)
        guest = await made(client, "people", admin, name="guest", password=PASSWORD)
        token = await made(client, "tokens", admin, person=guest["id"], minutes=10)
        as_guest = bearer(token["token"])
        assert (await client.get("/api/v1/whoami", headers=as_guest)).json()["name"] == "guest"
        assert (await client.get("/api/v1/people", headers=as_guest)).status_code == 403
        assert (await client.get("/api/v1/ledger", headers=as_guest)).json()["code"] == "right.missing"

        assert (await client.delete(f"/api/v1/tokens/{token['id']}", headers=as_guest)).status_code == 204
        assert (await client.get("/api/v1/whoami", headers=as_guest)).status_code == 401

        as_guest = bearer((await made(client, "tokens", admin, person="guest", minutes=10))["token"])
        url = f"/api/v1/people/{guest['id']}"
        tag = (await client.get(url, headers=admin)).headers["etag"]
        off = await client.patch(url, headers={**admin, "If-Match": tag}, json={"active": False})
        assert (off.status_code, off.json()["active"]) == (200, False)
        assert (await client.get("/api/v1/whoami", headers=as_guest)).status_code == 401
        late = await client.patch(url, headers={**admin, "If-Match": tag}, json={"active": True})
        assert (late.status_code, late.json()["code"]) == (412, "precondition.failed")
        assert (await client.delete(url, headers=admin)).status_code == 204
        assert (await client.get(url, headers=admin)).status_code == 404
        kinds = [e["event"]["kind"] for e in (await client.get("/api/v1/ledger", headers=admin)).json()["items"]]
        assert kinds[:3] == ["revocation", "person.removed", "revocation"]


async def test_a_post_with_a_key_is_done_once(tmp_path: Path) -> None:
    async with hub(tmp_path) as client:
        admin = {**await administrator(client), "Idempotency-Key": "a1"}
        first = await made(client, "tokens", admin, minutes=5)
        assert await made(client, "tokens", admin, minutes=5) == first
        other = await client.post("/api/v1/tokens", headers=admin, json={"minutes": 6})
        assert (other.status_code, other.json()["code"]) == (409, "idempotency.reused")
        live = (await client.get("/api/v1/tokens", headers=admin)).json()["items"]
        assert len(live) == 2
        assert first["token"].encode() not in (tmp_path / "data" / "hub.db").read_bytes()


async def test_a_cookie_alone_changes_nothing(tmp_path: Path) -> None:
    async with hub(tmp_path) as client:
        cookie, csrf = await signed_in(client)
        person = {"name": "eve"}
        for headers in (
            browser(cookie),
            browser(cookie, "wrong"),
            {**browser(cookie, csrf), "Origin": "https://elsewhere.example"},
            {**browser(cookie, csrf), "Sec-Fetch-Site": "cross-site"},
        ):
            answer = await client.post("/api/v1/people", headers=headers, json=person)
            assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
        assert (await client.post("/api/v1/people", headers=browser(cookie, csrf), json=person)).status_code == 201
        out = await client.post("/signout", headers=browser(cookie), data={"csrf": csrf})
        assert out.status_code == 303
        assert (await client.get("/api/v1/whoami", headers=browser(cookie))).status_code == 401


async def test_guessing_is_slowed(tmp_path: Path) -> None:
    async with hub(tmp_path) as client:
        said = [await client.post("/signin", data={"user": name, "password": "wrong"}) for name in ["ada", "nobody"]]
        assert {a.status_code for a in said} == {401}
        assert said[0].content == said[1].content
        for _ in range(30):  # each failure doubles the wait, so that even a slow machine meets it
            answer = await client.post("/signin", data={"user": "ada", "password": "wrong"})
            if answer.status_code == 429:
                break
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) >= 1


async def test_what_cannot_be_read_is_refused_in_words(tmp_path: Path) -> None:
    async with hub(tmp_path) as client:
        admin = await administrator(client)
        for path, body in (
            ("people", b"{"),
            ("people", b'{"name": 1}'),
            ("people", b'{"name": "x", "admin": true}'),
            ("grants", json.dumps({"person": "ada", "rooms": [], "capabilities": ["all"], "minutes": 1}).encode()),
            ("grants", json.dumps({"person": "ada", "rooms": [], "capabilities": []}).encode()),
            ("locks", b"{}"),
        ):
            answer = await client.post(f"/api/v1/{path}", headers=admin, content=body)
            assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), body
            assert answer.json()["code"] == "input.bad"
        large = await client.post("/api/v1/people", headers=admin, content=b" " * (257 * 1024))
        assert large.status_code == 413
        assert (await client.get("/api/v1/nothing", headers=admin)).json()["code"] == "not-found"


async def test_an_entry_comes_with_its_proof(tmp_path: Path) -> None:
    from base64 import b64decode

    from roomgate.ledger.checkpoint import Checkpoint, Note
    from roomgate.ledger.tree import leaf_hash, verify_inclusion

    async with hub(tmp_path) as client:
        admin = await administrator(client)
        proven = (await client.get("/api/v1/ledger/1", headers=admin)).json()
        checkpoint = Checkpoint.parse(Note.parse(proven["checkpoint"]).text)
        path = [bytes.fromhex(step) for step in proven["path"]]
        verify_inclusion(leaf_hash(b64decode(proven["raw"])), 1, checkpoint.size, path, checkpoint.root)
        pages: list[int] = []
        cursor: str | None = ""
        while cursor is not None:
            assert len(pages) < 20, pages
            given = {"limit": "2", "cursor": cursor}
            page = (await client.get("/api/v1/ledger", params=given, headers=admin)).json()
            pages += [entry["index"] for entry in page["items"]]
            cursor = page["next"]
        assert pages == list(range(len(pages) - 1, -1, -1))
