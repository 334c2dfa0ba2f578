"""Nobody anonymous: without credentials there is a sign-in page, a word on health, styles, and nothing else.

Every route that the hub has is tried with every verb, by its own list (OpenAPI for REST, the console's routes
for pages). And names tell nothing: a room that is there, one that is not one's own and one that is nowhere
are answered alike.
"""

import re
import ssl
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from roomgate.hub.console.routes import PAGES
from support.world import RunningWorld, Somebody, in_world

pytestmark = in_world()

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
OPEN = ("/healthz", "/readyz", "/.well-known/security.txt")
ELSEWHERE = ("/", "/openapi.json", "/link", "/ws", "/getxml", "/putxml", "/scim/v2/Users", "/auth/start", "/metrics",
             "/docs", "/schema", "/nothing", "/.git/config", "/api/v1", "/api/v1/nothing", "/language", "/signout")  # fmt: skip
NOWHERE = "atlantis"


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody outside can tell one answer from another by."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, answer: httpx.Response) -> "Answer":
        told = tuple(sorted((k, v) for k, v in answer.headers.items() if k not in ("date", "x-request-id")))
        return cls(answer.status_code, answer.content, told)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def nobody(world: RunningWorld) -> AsyncIterator[httpx.AsyncClient]:
    async with world.caller("") as caller:
        del caller.http.headers["Authorization"]
        yield caller.http


def filled(path: str, name: str) -> str:
    return re.sub(r"\{[^}]*\}", name, path)


def pages() -> list[str]:
    """The console's own list of its routes."""
    return sorted({path for route in PAGES for path in route.paths})


async def described(world: RunningWorld) -> list[str]:
    """The hub's own list of its REST routes."""
    found = sorted((await world.admin.call("GET", "/openapi.json"))["paths"])
    assert {"/api/v1/rooms/{room}/asks", "/api/v1/people/{id}", "/api/v1/ledger"} <= set(found)
    return found


async def told(client: httpx.AsyncClient, paths: Iterable[str], verbs: Iterable[str] = VERBS) -> dict[str, Answer]:
    return {f"{verb} {path}": Answer.of(await client.request(verb, path)) for path in paths for verb in verbs}


async def test_every_rest_route_says_no_and_nothing_else(world: RunningWorld, nobody: httpx.AsyncClient) -> None:
    paths = await described(world)
    name = world.rooms[0]
    answers = await told(nobody, (filled(path, name) for path in paths))
    assert {route: answer.status for route, answer in answers.items() if answer.status != 401} == {}
    # One body for all: the same words whatever was asked for, and whether or not there is such a thing.
    assert len({answer.body for route, answer in answers.items() if not route.startswith("HEAD")}) == 1
    assert await told(nobody, (filled(path, NOWHERE) for path in paths)) == {
        route.replace(name, NOWHERE): answer for route, answer in answers.items()
    }


async def test_every_page_is_the_sign_in_page(world: RunningWorld, nobody: httpx.AsyncClient) -> None:
    paths = pages()
    assert {"/rooms", "/rooms/{name:str}", "/rooms/{name:str}/stream", "/access"} <= set(paths)
    sign_in = Answer.of(await nobody.get("/signin"))
    assert sign_in.status == 200
    assert b'name="password"' in sign_in.body
    answers = await told(nobody, (filled(path, world.rooms[0]) for path in paths))
    for route, answer in answers.items():
        link = route.startswith(("GET /r/", "HEAD /r/"))
        assert answer.status == (200 if link else 401), route
        assert answer.body == (b"" if route.startswith("HEAD") else sign_in.body), route


async def test_nothing_else_is_open(nobody: httpx.AsyncClient) -> None:
    answers = await told(nobody, ELSEWHERE)
    assert {route: answer.status for route, answer in answers.items() if answer.status not in (401, 403, 404)} == {}


async def test_what_is_open_says_next_to_nothing(world: RunningWorld, nobody: httpx.AsyncClient) -> None:
    assert [(await nobody.get(path)).text for path in OPEN[:2]] == ["ok", "ok"]
    assert (await nobody.get(OPEN[2])).text.startswith("Contact: ")
    for path in OPEN:
        for verb in set(VERBS) - {"GET", "HEAD", "OPTIONS"}:
            assert (await nobody.request(verb, path)).status_code == 405, (verb, path)
    styles = re.findall(r'(?:href|src)="(/static/[^"]+)"', (await nobody.get("/signin")).text)
    assert styles
    for path in styles:
        assert (await nobody.get(path)).status_code == 200
    assert (await nobody.get("/static/../hub.db")).status_code in (401, 404)
    assert (await nobody.get("/static/%2e%2e%2fhub.db")).status_code in (401, 404)
    # Enrolment is open to whoever has a code; anybody else learns nothing.
    assert (await nobody.post("/enrol", json={"code": "AAAA-BBBB"})).status_code in (400, 403)
    text = " ".join([(await nobody.get(path)).text for path in (*OPEN, "/signin")])
    assert [name for name in world.rooms if name in text] == []


async def test_a_room_link_alone_shows_the_sign_in_page_whatever_the_name(
    world: RunningWorld, nobody: httpx.AsyncClient
) -> None:
    names = (world.rooms[0], world.rooms[1], NOWHERE, "x", "a" * 200, "%2e%2e", "Ŧokyo")
    answers = {Answer.of(await nobody.get(f"/r/{name}")) for name in names}
    assert len(answers) == 1
    assert Answer.of(await nobody.get("/signin")) in answers


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer rg_0000000000000000000000000000000000000000000"},
        {"Authorization": "Basic YWRtaW46YWRtaW4="},
        {"Authorization": "Digest username=admin"},
        {"Cookie": "__Host-roomgate=0000000000000000000000000000000000000000000"},
        {"X-Forwarded-User": "admin", "X-Forwarded-For": "127.0.0.1"},
    ],
    ids=["no token", "no such token", "basic", "digest", "no such cookie", "a proxy's word"],
)
async def test_credentials_that_are_none_open_nothing(
    world: RunningWorld, nobody: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    room = world.rooms[0]
    for path in (f"/api/v1/rooms/{room}", f"/rooms/{room}", f"/rooms/{room}/stream", "/openapi.json"):
        answer = await nobody.get(path, headers=headers)
        assert answer.status_code == 401, path
        assert room not in answer.text


async def test_the_xapi_endpoint_answers_every_stranger_alike(world: RunningWorld) -> None:
    async with world.room() as own, world.room() as other:
        guest = await world.guest(own.name)
        token = guest.token
        shown = [
            (own.name, "no token at all"), (other.name, token), (NOWHERE, token), ("", token), (own.name, ""),
            (NOWHERE, "no token at all"), (own.name, token + "x"), (own.name, guest.password),
        ]  # fmt: skip
        answers = [await upgrade(world, httpx.BasicAuth(*pair)) for pair in shown]
        assert [answer.status for answer in answers] == [403] * len(shown)
        assert len(set(answers)) == 1
        assert await upgrade(world, None) == answers[0]


async def upgrade(world: RunningWorld, auth: httpx.BasicAuth | None) -> Answer:
    """What a refused WebSocket upgrade is answered with."""
    request = httpx.Request("GET", world.hub)
    signed = next(auth.auth_flow(request)) if auth else request
    headers = {"Authorization": signed.headers["Authorization"]} if auth else {}
    trust = ssl.create_default_context(cafile=world.ca)
    with pytest.raises(InvalidStatus) as refused:
        await connect(world.hub.replace("https", "wss") + "/ws", ssl=trust, additional_headers=headers)
    response = refused.value.response
    kept = tuple(sorted((k.lower(), v) for k, v in response.headers.raw_items() if k.lower() != "date"))
    return Answer(response.status_code, response.body or b"", kept)


async def test_a_room_of_somebody_else_is_as_unknown_as_one_that_is_nowhere(world: RunningWorld) -> None:
    async with world.room() as own, world.room() as other:
        guest = await world.guest(own.name)
        missing = NOWHERE[: len(other.name)].ljust(len(other.name), "z")
        async with world.caller(guest.token) as caller:
            for verb, path, body in (
                ("POST", "/api/v1/rooms/{}/asks", {"get": "Status/Audio/Volume"}),
                ("POST", "/api/v1/rooms/{}/asks", {"command": "Dial", "arguments": {"Number": "a@example.com"}}),
                ("POST", "/api/v1/rooms/{}/asks", {"join": "next"}),
                ("GET", "/api/v1/rooms/{}", None),
                ("GET", "/api/v1/rooms/{}/events?path=Status", None),
                ("DELETE", "/api/v1/rooms/{}", None),
                ("GET", "/api/v1/sessions?room={}", None),
                ("GET", "/api/v1/grants?room={}", None),
            ):
                answers = [
                    Answer.of(await caller.http.request(verb, path.format(name), json=body))
                    for name in (other.name, missing)
                ]
                assert answers[0] == answers[1], (verb, path)
        async with world.visitor(guest) as visitor:
            for verb, path in (
                ("GET", "/rooms/{}"),
                ("GET", "/rooms/{}/now"),
                ("GET", "/rooms/{}/stream"),
                ("GET", "/r/{}"),
            ):
                pages_told = [await without_name(visitor.http, verb, path, name) for name in (other.name, missing)]
                assert pages_told[0] == pages_told[1], path


async def without_name(client: httpx.AsyncClient, verb: str, path: str, name: str) -> tuple[int, bytes]:
    """A page may repeat the name that was asked for, and carries a token of its own each time."""
    answer = await client.request(verb, path.format(name), follow_redirects=True)
    return answer.status_code, answer.content.replace(name.encode(), b"NAME")


async def test_what_a_guest_sees_names_only_their_own_room(world: RunningWorld) -> None:
    async with world.room() as own:
        guest = await world.guest(own.name)
        others = [name for name in world.rooms if name != own.name]
        async with world.caller(guest.token) as caller:
            for path in ("/api/v1/rooms", "/api/v1/sessions", "/api/v1/grants", "/api/v1/tokens", "/api/v1/whoami"):
                answer = await caller.http.get(path)
                assert answer.status_code == 200, path
                assert [name for name in others if f'"{name}"' in answer.text] == [], path
            for path in ("/api/v1/people", "/api/v1/ledger", "/api/v1/findings", "/api/v1/sites", "/api/v1/connectors"):
                assert (await caller.http.get(path)).status_code == 403, path
        async with world.visitor(guest) as visitor:
            page = await visitor.page("/rooms")
            assert own.name in page
            assert [name for name in others if name in page] == []


async def test_a_person_without_any_grant_has_no_rooms(world: RunningWorld) -> None:
    who: Somebody = await world.person()
    async with world.caller(who.token) as caller:
        assert (await caller.http.get("/api/v1/rooms")).json()["items"] == []
        assert (await caller.ask(world.rooms[0], {"get": "Status/Audio/Volume"}))[0] == 404
