"""Beginning a sign-in at a device without a browser, and fetching what came of it: open to strangers, bounded."""

import msgspec
from litestar import Response, post
from litestar.params import JSONBody

from roomgate.access.scope import Scope
from roomgate.hub.http.asking import Hub, Req, source_of
from roomgate.hub.identity.devices import LIVES_S, POLL_S, USUAL_MINUTES, show_code

PAGE = "/device"


class BeginSignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is wished for: ``machine`` names it to the person who will be asked."""

    machine: str = ""
    minutes: float = USUAL_MINUTES
    scope: list[str] | None = None


class SignInBegun(msgspec.Struct, frozen=True):
    """``code`` is for the person's eyes, to be typed at ``page``; ``secret`` for whoever asked alone."""

    code: str
    secret: str
    page: str
    lives_s: float
    poll_s: float


class FetchToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    secret: str


class TokenFetched(msgspec.Struct, frozen=True):
    """Without a token nobody has answered yet."""

    token: str | None = None


@post("/auth/device", include_in_schema=False, status_code=200)
async def begin(parts: Hub, request: Req, data: JSONBody[BeginSignIn]) -> SignInBegun:
    scope = None if data.scope is None else Scope.parse(data.scope)
    begun, secret = parts.identity.devices.begin(
        data.machine,
        data.minutes,
        scope,
        source_of(request),
    )
    return SignInBegun(show_code(begun.code), secret.reveal(), PAGE, LIVES_S, POLL_S)


@post("/auth/device/token", include_in_schema=False, status_code=200)
async def fetch(parts: Hub, data: JSONBody[FetchToken]) -> Response[TokenFetched]:
    """200 with the token, 202 while nobody has answered."""
    token = parts.identity.devices.fetch(data.secret)
    if token is None:
        return Response(TokenFetched(), status_code=202)
    return Response(TokenFetched(token.reveal()), status_code=200)


OPEN = [begin, fetch]
