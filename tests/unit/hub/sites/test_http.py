from pathlib import Path

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.link.enrolment import build_ask, check_answer, parse_answer
from roomgate.link.signing import fingerprint
from support.api import Api, api, pages

pytestmark = pytest.mark.asyncio


async def enrol(served: Api, code: dict[str, str], key: Ed25519PrivateKey) -> tuple[httpx.Response, object]:
    """The question that `roomgate connector enrol` puts, without any sign-in."""
    ask = build_ask(key, code["code"], code["hub_fingerprint"], "c", "0.1")
    nobody = await served.client()
    return await nobody.post("https://hub.example.com/enrol", content=msgspec.json.encode(ask)), ask


async def test_from_a_site_to_a_connector_that_is_confirmed_and_disabled(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        admin, key = await served.client("ada"), Ed25519PrivateKey.generate()
        site = (await admin.post("/sites", json={"name": "home"})).json()
        code = (await admin.post("/connectors", json={"site": "home"})).json()
        assert code["minutes"] == 15
        said, ask = await enrol(served, code, key)
        assert said.status_code == 200
        answer = parse_answer(said.content)
        check_answer(answer, ask, code["hub_fingerprint"])  # type: ignore[arg-type]
        assert answer.site == site["id"]
        path = f"/connectors/{answer.connector}"
        shown = (await admin.get(path)).json()
        assert (shown["state"], shown["fingerprint"], shown["linked"]) == (
            "pending",
            fingerprint(key.public_key()),
            False,
        )
        assert (await admin.post(f"{path}/confirm")).json()["state"] == "live"
        served.hub.parts.rooms.link_changed(answer.connector, True)  # type: ignore[arg-type]
        assert (await admin.get(path)).json()["linked"] is True
        disabled = (await admin.post(f"{path}/disable")).json()
        assert (disabled["state"], disabled["linked"]) == ("disabled", False)
        assert (await admin.post(f"{path}/confirm")).status_code == 409


async def test_a_code_that_was_used_or_never_given_is_one_refusal(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        admin = await served.client("ada")
        await admin.post("/sites", json={"name": "home"})
        code = (await admin.post("/connectors", json={"site": "home"})).json()
        assert (await enrol(served, code, Ed25519PrivateKey.generate()))[0].status_code == 200
        said = [
            (await enrol(served, given, Ed25519PrivateKey.generate()))[0]
            for given in (code, {**code, "code": "aaaa-bbbb-cccc-dddd"})
        ]
        assert {(one.status_code, one.json()["code"]) for one in said} == {(403, "enrolment.refused")}
        assert said[0].content == said[1].content
        nobody = await served.client()
        for rubbish in (b"", b"{", b"[]", b"null", b'{"code": 1}', b"\xff"):
            refused = await nobody.post("https://hub.example.com/enrol", content=rubbish)
            assert (refused.status_code, refused.json()["code"]) == (400, "input.bad"), rubbish
        assert len(await served.hub.parts.sites.connectors()) == 1


async def test_lists_come_in_pages_and_only_of_the_site_that_was_asked(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        admin = await served.client("ada")
        homes = [await served.hub.connector() for _ in range(2)]
        away = await served.hub.connector("away")
        assert {one["name"] for one in await pages(admin, "/sites")} == {"home", "away"}
        assert {one["id"] for one in await pages(admin, "/connectors")} == {*(c.id for c in homes), away.id}
        only = (await admin.get("/connectors", params={"site": "away"})).json()["items"]
        assert [one["id"] for one in only] == [away.id]
        assert (await admin.get("/connectors", params={"site": "nowhere"})).status_code == 404
        assert (await admin.get("/connectors/connector_0")).status_code == 404


async def test_none_of_it_without_the_right(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        connector = await served.hub.connector()
        await served.hub.person("guest")
        guest = await served.client("guest")
        for method, path, body in (
            ("GET", "/sites", None),
            ("POST", "/sites", {"name": "mine"}),
            ("GET", "/connectors", None),
            ("GET", f"/connectors/{connector.id}", None),
            ("POST", "/connectors", {"site": "home"}),
            ("POST", f"/connectors/{connector.id}/confirm", None),
            ("POST", f"/connectors/{connector.id}/disable", None),
        ):
            denied = await guest.request(method, path, json=body)
            assert (denied.status_code, denied.json()["code"]) == (403, "right.missing"), path
        found = await served.hub.parts.sites.connector(connector.id)
        assert found is not None
        assert found.state == "live"
