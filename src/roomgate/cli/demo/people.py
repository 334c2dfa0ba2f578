"""The hub as a person reaches it: REST with a token, and the console with a cookie, over real TLS."""

import re
import ssl
from base64 import b32decode
from dataclasses import dataclass
from typing import Any, Self

import httpx
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from roomgate.clock import SystemClock
from roomgate.errors import RoomgateError


class Unexpected(RoomgateError):
    """The hub answered otherwise than the story needs."""

    code = "demo.unexpected"


def app_code(secret: str, steps: int = 0) -> str:
    """What an authenticator app with this secret shows now, or that many steps later."""
    key = b32decode(secret + "=" * (-len(secret) % 8))
    now = SystemClock().now().timestamp() + steps * 30
    return TOTP(key, 6, SHA1(), 30).generate(int(now)).decode()  # noqa: S303 (as every app does)


@dataclass(slots=True)
class Caller:
    """Somebody with an access token."""

    http: httpx.AsyncClient

    @classmethod
    def of(cls, hub: str, ca: str, token: str) -> Self:
        return cls(
            httpx.AsyncClient(
                base_url=hub,
                verify=ssl.create_default_context(cafile=ca),
                headers={"Authorization": f"Bearer {token}"},
                timeout=40,
            )
        )

    @property
    def token(self) -> str:
        return str(self.http.headers["Authorization"]).removeprefix("Bearer ")

    async def call(self, method: str, path: str, json: Any = None, **headers: str) -> Any:
        """A request that must succeed; gives the decoded answer."""
        answer = await self.http.request(method, path, json=json, headers=headers)
        if not answer.is_success:
            raise Unexpected(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None

    async def ask(self, room: str, wish: dict[str, Any], wait_s: int = 0) -> tuple[int, dict[str, Any]]:
        """Ask something of a room; gives status and body. A no reads like an outcome: refused, and in which words."""
        headers = {"Prefer": f"wait={wait_s}"} if wait_s else {}
        answer = await self.http.post(f"/api/v1/rooms/{room}/asks", json=wish, headers=headers)
        body = answer.json()
        if answer.status_code == httpx.codes.FORBIDDEN:
            body |= {"outcome": "refused", "words": body.get("detail", "")}
        return answer.status_code, body

    async def close(self) -> None:
        await self.http.aclose()


@dataclass(slots=True)
class Visitor:
    """Somebody at the console with a browser's cookie jar, and nothing else."""

    http: httpx.AsyncClient

    @classmethod
    def of(cls, hub: str, ca: str) -> Self:
        """Not signed in yet."""
        tls = ssl.create_default_context(cafile=ca)
        return cls(httpx.AsyncClient(base_url=hub, verify=tls, timeout=40, headers={"Origin": hub}))

    @classmethod
    async def sign_in(cls, hub: str, ca: str, user: str, password: str, second: str = "") -> Self:
        """Through the sign-in page's own forms; ``second`` is an app's code or a recovery code.

        Raises Unexpected where the console does not let them in.
        """
        made = cls.of(hub, ca)
        await made.send("/signin", "/signin", {"user": user, "password": password})
        if second:
            answer = await made.http.post("/signin", data={"code": second})
            if answer.status_code != httpx.codes.SEE_OTHER:
                raise Unexpected(f"The second step of the sign-in: {answer.status_code}")
        if "__Host-roomgate" not in made.http.cookies:
            raise Unexpected(f"The console did not let {user} in.")
        return made

    async def enrol(self) -> str:
        """Add an authenticator app to one's own account, at the page of settings; gives the app's secret."""
        await self.send("/settings", "/settings/totp", {})
        found = re.search(r'id="totp-secret">.*?data-copy="([A-Z2-7]+)"', await self.page("/settings"), re.S)
        if found is None:
            raise Unexpected("The page of settings shows no secret for an app.")
        await self.send("/settings", "/settings/totp/confirm", {"code": app_code(found[1]), "name": "demo"})
        return found[1]

    async def page(self, path: str) -> str:
        answer = await self.http.get(path, follow_redirects=True)
        if not answer.is_success:
            raise Unexpected(f"GET {path}: {answer.status_code}")
        return answer.text

    async def send(self, page: str, action: str, fields: dict[str, str]) -> httpx.Response:
        """Open ``page``, fill in the form that goes to ``action``, with its hidden fields, and send it."""
        text = await self.page(page)
        forms = re.findall(r"<form([^>]*)>(.*?)</form>", text, re.S)
        mine = [inner for head, inner in forms if (re.search(r'action="([^"]*)"', head) or ("", page))[1] == action]
        if not mine:
            raise Unexpected(f"{page} has no form for {action}.")
        hidden: dict[str, str] = {}
        for tag in re.findall(r"<(?:input|button)[^>]*>", mine[0]):
            name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
            if name and value:
                hidden.setdefault(name[1], value[1])
        answer = await self.http.post(action, data=hidden | fields)
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise Unexpected(f"POST {action}: {answer.status_code} {answer.text[:200]}")
        return answer

    async def close(self) -> None:
        await self.http.aclose()
