"""The endpoints behind the door: versions, pages, filters, and refusals that have SCIM's form whatever was sent."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.scim import USER, refused, scim

pytestmark = pytest.mark.asyncio


async def test_whoever_shows_no_directorys_token_is_refused_in_scims_form(tmp_path: Path) -> None:
    async with scim(tmp_path) as made:
        for token in ("", "rg_wrong"):
            async with made.client(token) as stranger:
                answers = [await stranger.get(path) for path in ("/Users", "/Users/x", "/Schemas", "/nothing")]
                for answer in answers:
                    refused(answer, 401)
                    assert answer.headers["www-authenticate"].startswith("Bearer")
                assert len({answer.content for answer in answers}) == 1
        await made.hub.person("bob")
        await made.hub.parts.identity.create_person(
            "both", None, frozenset({"provisioner", "auditor"}), made.hub.admin, made.hub.admin.person.kind
        )
        for name in ("ada", "bob", "both"):
            async with made.client((await made.hub.token(name))[1]) as somebody:
                refused(await somebody.get("/Users"), 403)
                refused(await somebody.post("/Users", json={"schemas": [USER], "userName": "eve"}), 403)


async def test_a_persons_life(tmp_path: Path) -> None:
    async with scim(tmp_path) as made, made.directory() as upstream:
        made_one = await upstream.http.post("/Users", json={"schemas": [USER], "userName": "alice", "externalId": "e1"})
        alice = made_one.json()
        assert (
            made_one.headers["location"] == alice["meta"]["location"] == f"{upstream.http.base_url}Users/{alice['id']}"
        )
        assert made_one.headers["etag"] == alice["meta"]["version"] == 'W/"1"'
        assert (await upstream.http.get(f"/Users/{alice['id']}")).json() == alice
        put = await upstream.http.put(
            f"/Users/{alice['id']}", json={"schemas": [USER], "userName": "alice.b", "displayName": "Alice B."}
        )
        assert (put.status_code, put.json()["userName"], put.json().get("externalId")) == (200, "alice.b", None)
        assert (await upstream.switch(alice["id"], "False")).json()["active"] is False
        gone = await upstream.http.delete(f"/Users/{alice['id']}")
        assert (gone.status_code, gone.content) == (204, b"")
        refused(await upstream.http.get(f"/Users/{alice['id']}"), 404)
        refused(await upstream.http.delete(f"/Users/{alice['id']}"), 404)
        await upstream.add("alice.b")  # the name is free again


async def test_a_write_against_an_older_version_is_refused(tmp_path: Path) -> None:
    async with scim(tmp_path) as made, made.directory() as upstream:
        alice, team = await upstream.add("alice"), await upstream.add_group("team")
        for path, body in (
            (f"/Users/{alice['id']}", {"op": "replace", "path": "displayName", "value": "A."}),
            (f"/Groups/{team['id']}", {"op": "replace", "path": "externalId", "value": "A."}),
        ):
            fresh = await upstream.patch(path, body, **{"If-Match": 'W/"1"'})
            assert (fresh.status_code, fresh.headers["etag"]) == (200, 'W/"2"')
            refused(await upstream.patch(path, body, **{"If-Match": 'W/"1"'}), 412)
            refused(await upstream.patch(path, body, **{"If-Match": "whatever"}), 400, "invalidValue")
            refused(await upstream.http.delete(path, headers={"If-Match": 'W/"1"'}), 412)
            same = await upstream.http.get(path, headers={"If-None-Match": 'W/"2"'})
            assert (same.status_code, same.content) == (304, b"")
            again = await upstream.patch(path, body)
            assert again.headers["etag"] == 'W/"2"'  # nothing changed


async def test_lists_come_in_pages_and_by_filters(tmp_path: Path) -> None:
    async with scim(tmp_path) as made, made.directory() as upstream:
        for n in range(5):
            await upstream.add(f"p{n}", externalId=f"e{n}", active=n != 3)
            made.hub.clock.advance(1)
        await upstream.add_group("Team"), await upstream.add_group("Other")

        async def find(path: str, **query: object) -> tuple[int, list[str]]:
            answer = (await upstream.http.get(path, params=query)).json()  # type: ignore[arg-type]
            found = answer.get("Resources", [])
            assert answer["itemsPerPage"] == len(found)
            return answer["totalResults"], [one.get("userName", one.get("displayName")) for one in found]

        assert await find("/Users") == (5, ["p0", "p1", "p2", "p3", "p4"])
        assert await find("/Users", startIndex=2, count=2) == (5, ["p1", "p2"])
        assert await find("/Users", count=0) == (5, [])
        assert await find("/Users", startIndex=-5, count=100000) == (5, ["p0", "p1", "p2", "p3", "p4"])
        assert await find("/Users", startIndex=99) == (5, [])
        assert await find("/Users", filter='userName eq "P2"') == (1, ["p2"])
        assert await find("/Users", filter='externalId eq "e4"') == (1, ["p4"])
        assert await find("/Users", filter='userName eq "ada"') == (0, [])
        assert await find("/Users", filter="active eq false") == (1, ["p3"])
        assert await find("/Users", filter='userName sw "p" and not (externalId eq "e1")', count=1) == (4, ["p0"])
        assert await find("/Groups", filter='displayName eq "team"') == (1, ["Team"])
        narrow = (await upstream.http.get("/Users", params={"attributes": "userName", "count": 1})).json()
        assert set(narrow["Resources"][0]) == {"schemas", "id", "userName"}
        for query in ({"filter": "((("}, {"filter": 'nothing eq "x"'}, {"filter": 'active gt "x"'}):
            refused(await upstream.http.get("/Users", params=query), 400, "invalidFilter")
        refused(await upstream.http.get("/Users", params={"count": "many"}), 400, "invalidValue")


async def test_what_is_not_offered_says_so(tmp_path: Path) -> None:
    async with scim(tmp_path) as made, made.directory() as upstream:
        refused(await upstream.http.post("/Bulk", json={}), 501)
        refused(await upstream.http.post("/.search", json={}), 501)
        refused(await upstream.http.post("/Users/.search", json={}), 501)
        refused(await upstream.http.get("/Me"), 501)
        refused(await upstream.http.get("/nothing"), 404)
        refused(await upstream.http.get("/Schemas/nothing"), 404)
        refused(await upstream.http.get("/ServiceProviderConfig/1"), 404)
        refused(await upstream.http.get("/Users/a/b"), 404)
        refused(await upstream.http.delete("/Users"), 405)
        refused(await upstream.http.post("/Users/x", json={}), 405)
        refused(await upstream.http.post("/Schemas", json={}), 405)


async def test_a_body_has_a_size_and_a_depth(tmp_path: Path) -> None:
    async with scim(tmp_path) as made, made.directory() as upstream:
        refused(await upstream.http.post("/Users", content=b"x" * (257 * 1024)), 413)
        for deep in (b"[" * 100_000, b'{"a":' * 50_000, b'{"schemas":' + b"[" * 900 + b"]" * 900 + b"}"):
            answer = await upstream.http.post("/Users", content=deep)
            refused(answer, 400, answer.json().get("scimType"))
        refused(await upstream.http.post("/Users", content=b"\xff{"), 400, "invalidSyntax")
        refused(await upstream.http.post("/Users", content=b""), 400, "invalidSyntax")
        refused(await upstream.http.post("/Users", json=[]), 400, "invalidSyntax")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


async def test_rubbish_gets_refusals_in_scims_form_alone(tmp_path: Path) -> None:
    async with scim(tmp_path) as made, made.directory() as upstream:
        alice = await upstream.add("alice")
        sent: list[tuple[str, str, object]] = []

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(
            st.sampled_from(["POST", "PUT", "PATCH", "DELETE", "GET"]),
            st.sampled_from(
                ["/Users", f"/Users/{alice['id']}", "/Groups", "/Groups/%00", "/Users/..%2f..%2f", "/Schemas"]
            ),
            _json,
        )
        def draw(method: str, path: str, body: object) -> None:
            sent.append((method, path, body))

        draw()
        for method, path, body in sent:
            if (method, path) != ("DELETE", f"/Users/{alice['id']}"):
                answer = await upstream.http.request(method, path, json=body, params={"filter": str(body)[:50]})
                if answer.status_code >= 400:
                    assert answer.status_code < 500 or answer.status_code == 501, (method, path, body, answer.text)
                    refused(answer, answer.status_code, answer.json().get("scimType"))
