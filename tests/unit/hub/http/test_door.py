"""The door alone, with an application behind it that says who came in."""

import re
from pathlib import Path
from typing import Any

import pytest

from roomgate.hub.http.asgi import Captured, Message, answer
from roomgate.hub.http.door import COOKIE, LARGEST_BODY, SIGNED, Door, Front, plain_sign_in_page
from roomgate.hub.http.gate import CHALLENGE_PATH, PENDING_COOKIE, Gate
from roomgate.hub.http.idempotency import Idempotency
from support.factors import with_app
from support.hub import PASSWORD, Hub, running

pytestmark = pytest.mark.asyncio


class Inside:
    """Counts who got in."""

    def __init__(self) -> None:
        self.came: list[str] = []
        self.status = 200

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        signed = scope.get(SIGNED)
        self.came.append(signed.person.name if signed else "nobody")
        await answer(send, self.status, f"visit {len(self.came)}".encode(), "text/plain")


def gate(hub: Hub) -> Gate:
    return Gate(hub.parts.identity, hub.parts.signin, hub.parts.invitations, "https://hub.example.com")


async def ask(
    hub: Hub, inside: Inside, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> Captured:
    door = Door(inside, hub.parts.identity, gate(hub), Idempotency(hub.parts.db, hub.clock), Front())
    captured = Captured()

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    raw = [(name.lower().encode(), value.encode()) for name, value in {"host": "hub", **(headers or {})}.items()]
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": raw,
        "client": ("192.0.2.1", 1),
    }  # fmt: skip
    await door(scope, receive, captured)
    return captured


def form(**fields: str) -> tuple[dict[str, str], bytes]:
    body = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in fields.items())
    return {"content-type": "application/x-www-form-urlencoded"}, body.encode()


async def test_only_the_open_paths_are_open(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        inside = Inside()
        for path in ("/healthz", "/readyz", "/.well-known/security.txt", "/static/a.css", "/enrol"):
            assert (await ask(hub, inside, "GET", path)).status == 200
        assert inside.came == ["nobody"] * 5
        for path in ("/", "/healthz/", "/Static/a", "/api/v1/whoami", "/ws", "/enrol/x"):
            assert (await ask(hub, inside, "GET", path)).status == 401
        assert len(inside.came) == 5


async def test_every_answer_carries_its_guard_and_only_ours(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        inside, cookie = Inside(), {"Cookie": f"{COOKIE}={hub.cookie}"}
        for path, headers, caching in (
            ("/healthz", {}, b"no-store"),
            ("/signin", {}, b"no-store"),
            ("/nothing", {}, b"no-store"),
            ("/api/v1/x", {}, b"no-store"),
            ("/api/v1/x", cookie, b"no-store"),
            ("/static/a.css", {}, b"private, max-age=3600"),
        ):
            said = (await ask(hub, inside, "GET", path, headers)).headers
            guard = dict(said)
            policy = dict(part.split(b" ", 1) for part in guard[b"content-security-policy"].split(b"; "))
            for kind, source in (
                (b"default-src", b"'none'"), (b"script-src", b"'self'"), (b"frame-ancestors", b"'none'"),
                (b"form-action", b"'self'"), (b"base-uri", b"'none'"), (b"connect-src", b"'self'"),
            ):  # fmt: skip
                assert policy[kind] == source
            assert guard[b"cache-control"] == caching
            assert guard[b"x-content-type-options"] == b"nosniff"
            assert guard[b"x-frame-options"] == b"DENY"
            assert guard[b"referrer-policy"] in (b"no-referrer", b"same-origin")
            assert b"max-age" in guard[b"strict-transport-security"]
            assert len({name for name, _ in said}) == len(said)


async def test_a_room_link_shows_a_stranger_the_same_page_whatever_the_name(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo")
        inside = Inside()
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
            for path in ("/r/{}", "/rooms/{}", "/api/v1/rooms/{}"):
                said = [await ask(hub, inside, method, path.format(name)) for name in ("oslo", "nowhere", "a" * 500)]
                assert said[0] == said[1] == said[2]
                assert said[0].status == (200 if path == "/r/{}" and method in ("GET", "HEAD") else 401)
        assert inside.came == []


async def test_the_cookie_is_the_browsers_alone(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        said = await ask(hub, Inside(), "POST", "/signin", *form(user="ada", password=PASSWORD))
        value, *flags = dict(said.headers)[b"set-cookie"].decode().split("; ")
        assert value.startswith("__Host-")
        assert set(flags) == {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"}


async def test_a_wrong_token_is_nobody_whatever_cookie_comes_with_it(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        inside = Inside()
        good = {"Cookie": f"{COOKIE}={hub.cookie}"}
        assert (await ask(hub, inside, "GET", "/api/v1/x", good)).status == 200
        for wrong in ("Bearer wrong", "Basic abc", "Bearer"):
            assert (await ask(hub, inside, "GET", "/api/v1/x", {**good, "Authorization": wrong})).status == 401
        assert inside.came == ["ada"]


async def test_signing_in_leads_back_to_the_room_and_nowhere_else(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("bob")
        for path, target in (("/r/oslo", b"/r/oslo"), ("/signin", b"/"), ("//evil.example", b"/"), ("/\\evil", b"/")):
            said = await ask(hub, Inside(), "POST", path, *form(user="bob", password=PASSWORD))
            assert (said.status, dict(said.headers)[b"location"]) == (303, target)


async def test_the_second_step_goes_to_where_the_first_was_shown_and_leads_on(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        app = await with_app(hub, "cleo")
        asked = await ask(hub, Inside(), "POST", "/r/oslo", *form(user="cleo", password=PASSWORD))
        assert (asked.status, b'name="code"' in asked.body) == (200, True)
        pending = dict(asked.headers)[b"set-cookie"].decode().split(";")[0]
        headers, body = form(code=app.code())
        said = await ask(hub, Inside(), "POST", "/r/oslo", {**headers, "Cookie": pending}, body)
        assert (said.status, dict(said.headers)[b"location"]) == (303, b"/r/oslo")
        cookies = [value.decode().split("=")[0] for name, value in said.headers if name == b"set-cookie"]
        assert cookies == [COOKIE, PENDING_COOKIE]  # in, and the pending one goes


async def test_a_role_that_waits_for_a_factor_leads_to_settings(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        said = await ask(hub, Inside(), "POST", "/r/oslo", *form(user="ada", password=PASSWORD))
        assert (said.status, dict(said.headers)[b"location"]) == (303, b"/settings")


async def test_a_challenge_is_set_to_anybody_who_asks_from_our_page(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        inside = Inside()
        said = await ask(hub, inside, "POST", CHALLENGE_PATH)
        assert (said.status, b"challenge" in said.body, b"set-cookie" in dict(said.headers)) == (200, True, True)
        other = await ask(hub, inside, "POST", CHALLENGE_PATH, {"Origin": "https://evil.example"})
        assert (other.status, b"challenge" in other.body) == (403, False)
        assert (await ask(hub, inside, "GET", CHALLENGE_PATH)).status == 401
        assert inside.came == []


async def test_another_sites_form_signs_nobody_in(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        for name, value in (("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")):
            headers, body = form(user="ada", password=PASSWORD)
            said = await ask(hub, Inside(), "POST", "/signin", {**headers, name: value}, body)
            assert said.status == 403
            assert b"set-cookie" not in dict(said.headers)


async def test_a_form_carries_the_pages_token(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        assert hub.admin.web is not None
        inside, cookie = Inside(), {"Cookie": f"{COOKIE}={hub.cookie}"}
        for fields, status in (({}, 403), ({"csrf": "x"}, 403), ({"csrf": hub.admin.web.csrf}, 200)):
            headers, body = form(**fields)
            assert (await ask(hub, inside, "POST", "/x", {**cookie, **headers}, body)).status == status
        assert inside.came == ["ada"]
        # A form with files has it too; only a document may be large, and a stranger's may not.
        kind = {"content-type": "multipart/form-data; boundary=b"}
        for path, token, sender, status in (
            ("/fleet", hub.admin.web.csrf, cookie, 200),
            ("/fleet", "x", cookie, 403),
            ("/x", hub.admin.web.csrf, cookie, 413),
            ("/fleet", hub.admin.web.csrf, {}, 413),
        ):
            fields = {"csrf": token.encode(), "document": bytes(LARGEST_BODY)}
            body = b"".join(
                b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (name.encode(), value)
                for name, value in fields.items()
            )
            said = await ask(hub, inside, "POST", path, {**sender, **kind}, body + b"--b--\r\n")
            assert (path, token, said.status) == (path, token, status)
        assert inside.came == ["ada"] * 2


async def test_a_renewed_cookie_is_set_on_the_answer(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("bob", "administrator")
        bob, _ = await hub.sign_in("bob")
        await hub.parts.identity.change_roles("ada", frozenset({"administrator", "auditor"}), bob)
        said = await ask(hub, Inside(), "GET", "/", {"Cookie": f"{COOKIE}={hub.cookie}"})
        fresh = dict(said.headers)[b"set-cookie"].decode().split("=", 1)[1].split(";")[0]
        assert fresh != hub.cookie
        assert await hub.parts.identity.by_cookie(fresh) is not None


async def test_what_failed_inside_may_be_sent_again(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        _, token = await hub.token("ada")
        inside = Inside()
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}
        inside.status = 503
        assert (await ask(hub, inside, "POST", "/api/v1/x", headers)).status == 503
        inside.status = 201
        first = await ask(hub, inside, "POST", "/api/v1/x", headers)
        again = await ask(hub, inside, "POST", "/api/v1/x", headers)
        assert (first.body, again.body, len(inside.came)) == (b"visit 2", b"visit 2", 2)


@pytest.mark.parametrize("status", [500, 504])
async def test_what_may_have_been_done_is_not_done_again_under_its_key(tmp_path: Path, status: int) -> None:
    async with running(tmp_path) as hub:
        _, token = await hub.token("ada")
        inside = Inside()
        inside.status = status
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}
        answers = [await ask(hub, inside, "POST", "/api/v1/x", headers) for _ in range(2)]
        assert [(one.status, one.body) for one in answers] == [(status, b"visit 1")] * 2
        assert len(inside.came) == 1


async def test_an_answer_is_given_again_to_the_same_credential_alone(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        inside = Inside()
        answers = []
        for _ in range(2):
            _, token = await hub.token("ada")
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}
            answers += [(await ask(hub, inside, "POST", "/api/v1/x", headers)).body for _ in range(2)]
        assert answers == [b"visit 1", b"visit 1", b"visit 2", b"visit 2"]


async def test_a_socket_without_an_endpoint_is_closed(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        async def send(message: Message, /) -> None:
            sent.append(message)

        inside = Inside()
        door = Door(
            inside,
            hub.parts.identity,
            gate(hub),
            Idempotency(hub.parts.db, hub.clock),
            Front(websockets={"/ws": inside}, websocket_forms=[(re.compile(r"/rooms/[^/]+/tunnel"), inside)]),
        )
        for path in ("/nothing", "/rooms/oslo/tunnel/more"):
            sent.clear()
            await door({"type": "websocket", "path": path, "headers": []}, receive, send)
        assert sent == [{"type": "websocket.close", "code": 1008}]
        assert inside.came == []
        await door({"type": "websocket", "path": "/rooms/oslo/tunnel", "headers": []}, receive, send)
        assert len(inside.came) == 1


async def test_the_plain_page_says_what_went_wrong() -> None:
    assert b"role=alert" not in plain_sign_in_page("")
    assert b"do not fit" in plain_sign_in_page("The name and the password do not fit.")
