"""``/getxml`` and ``/putxml``, for scripts that speak HTTP to a device: one room, one person, by Basic credentials.

User name = the room's name, password = an access token, as at ``/ws``. Whoever may not be in this room now gets the
same 401, after the same work. Nothing here lasts: each document is asks, one after another, that a cut releases like
any other. Cookies count for nothing, so a foreign page can do nothing with them.
"""

import asyncio
from urllib.parse import parse_qs

from roomgate.access.decision import Denied
from roomgate.access.principal import Principal
from roomgate.errors import RoomgateError
from roomgate.hub.gateway import xmlform
from roomgate.hub.gateway.auth import read_credentials
from roomgate.hub.gateway.socket import CONSENT_S
from roomgate.hub.http.asgi import Receive, Scope, Send, answer, read_body, source_of
from roomgate.hub.http.problem import TooSlow
from roomgate.hub.http.websocket import NOBODY, SIGN_IN_WITHIN_S, Tokens
from roomgate.hub.relay.asked import Answer, Wish
from roomgate.hub.relay.service import Relay
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import BadArgument, InvalidPath, ProtocolError, UnknownPath, XapiError

LARGEST = 64 * 1024
BODY_WITHIN_S = 15.0
XML = "text/xml; charset=UTF-8"
PLAIN = "text/plain; charset=UTF-8"


class _NotHere(Exception):
    """Nobody who may be in this room now."""


class XmlApi:
    """The ASGI application of both paths. The door has put its headers on; it asks nobody who they are."""

    def __init__(self, relay: Relay, tokens: Tokens) -> None:
        self._relay = relay
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            principal, room = await self._who(scope)
            if scope["path"] == "/getxml" and scope["method"] in ("GET", "HEAD"):
                text = await self._get(principal, room, scope)
            elif scope["path"] == "/putxml" and scope["method"] == "POST":
                text = await self._put(principal, room, await _body(receive))
            else:
                await answer(send, 405, b"405 Method Not Allowed\n", PLAIN)
                return
        except _NotHere:
            await answer(send, 401, b"401 Unauthorized\n", PLAIN, [("WWW-Authenticate", 'Basic realm="roomgate"')])
        except ProtocolError as bad:
            await answer(send, 400, f"XML syntax error: {bad.message}\n".encode(), PLAIN)
        else:
            await answer(send, 200, text.encode(), XML)

    async def _who(self, scope: Scope) -> tuple[Principal, str]:
        shown = read_credentials(scope["headers"], ())
        try:
            async with asyncio.timeout(SIGN_IN_WITHIN_S):
                signed = await self._tokens.by_token(shown.token.reveal(), source_of(scope))
                principal = signed.principal if signed is not None else NOBODY
                await self._relay.require_room(principal, shown.room)
        except (Denied, TimeoutError):
            raise _NotHere from None
        if signed is None:
            raise _NotHere
        return principal, shown.room

    async def _get(self, principal: Principal, room: str, scope: Scope) -> str:
        location = parse_qs(scope["query_string"].decode("latin-1")).get("location", [""])[0]
        if not location.strip():
            return xmlform.NO_LOCATION
        try:
            path = xmlform.parse_location(location)
            return xmlform.build_reading(path, await self._ask(principal, room, Wish(Verb.GET, path)))
        except (UnknownPath, InvalidPath, BadArgument):
            return xmlform.build_reading(self._relay.catalogue.canonical(Verb.GET, "Status").path, None)

    async def _put(self, principal: Principal, room: str, body: bytes) -> str:
        wishes = xmlform.parse_document(body, self._relay.catalogue)
        if len(wishes) > xmlform.MOST_WISHES:
            raise ProtocolError(f"a document of more than {xmlform.MOST_WISHES} commands")
        if wishes and wishes[0].verb is Verb.SET:
            return await self._settings(principal, room, wishes)
        results = []
        for wish in wishes:
            try:
                results.append(xmlform.build_result(wish, await self._ask(principal, room, wish)))
            except BadArgument:
                results.append(xmlform.build_parameter_error(wish))
            except (UnknownPath, InvalidPath):
                continue
            except (RoomgateError, XapiError) as no:
                results.append(xmlform.build_refusal(wish, no.message))
        return xmlform.build_commands(results)

    async def _settings(self, principal: Principal, room: str, wishes: list[Wish]) -> str:
        failed = []
        for wish in wishes:
            try:
                told = await self._ask(principal, room, wish)
            except (RoomgateError, XapiError) as no:
                failed.append((wish, no.message))
            else:
                if told.outcome != "done":
                    failed.append((wish, told.words or "It was not done."))
        return xmlform.build_settings(failed)

    async def _ask(self, principal: Principal, room: str, wish: Wish) -> Answer:
        """Raises _NotHere where the asker may not even know the room any more."""
        try:
            return await self._relay.ask(principal, room, wish, wait_s=CONSENT_S)
        except Denied as no:
            if not no.some_grant:
                raise _NotHere from None
            raise


async def _body(receive: Receive) -> bytes:
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            return await read_body(receive, LARGEST)
    except TimeoutError as slow:
        raise TooSlow(f"A body has {BODY_WITHIN_S:.0f} seconds.") from slow
