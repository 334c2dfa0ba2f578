"""Requests with an access token: fetched when it is needed, kept until shortly before its end, renewed once on a 401.

An account that is refused several times in a row rests: hundreds of rooms share it, and each asks often.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

import msgspec

from roomgate.clock import Clock
from roomgate.errors import BadInput
from roomgate.meetings import plaintext
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable
from roomgate.meetings.calendars.http import Answer, Web, host_of
from roomgate.meetings.calendars.patience import Refusals
from roomgate.redact import Secret

EARLY_S = 300.0  # so long before its end a token is no longer used, or half of its life if that is shorter
LONGEST_S = 24 * 3600.0  # whatever the service says
MOST_BYTES = 64 * 1024
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What is posted to the service's token endpoint, with its secrets."""

    url: str
    form: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    secret: Secret[str]
    life_s: float


class SignIn(Protocol):
    def load_request(self, now: datetime) -> TokenRequest:
        """Reads the credential's file each time, so that it may be renewed. Raises `CalendarRefused`."""


class _Given(msgspec.Struct):
    access_token: str
    expires_in: int | float | str
    token_type: str = ""


class _Denied(msgspec.Struct):
    error: str = ""
    error_codes: list[int] = []  # Microsoft's own numbers, such as 7000222 for a secret past its end


def parse_token(body: bytes) -> Token:
    """Raises `CalendarUnreachable` where the answer is none that RFC 6749 5.1 describes."""
    try:
        given = msgspec.json.decode(body, type=_Given)
        life_s = min(float(given.expires_in), LONGEST_S)
    except (msgspec.MsgspecError, RecursionError, ValueError) as bad:
        raise CalendarUnreachable("the sign-in's answer cannot be read") from bad
    text = given.access_token
    fit = bool(text) and text.isascii() and text.isprintable() and " " not in text  # it becomes a header's value
    if not fit or given.token_type.lower() != "bearer" or not life_s > 0:
        raise CalendarUnreachable("the sign-in's answer holds no token of use")
    return Token(Secret(text), life_s)


def parse_denial(body: bytes) -> str:
    """The error's own words, made fit for a line; empty where it has none. Never what it says of the request."""
    try:
        denied = msgspec.json.decode(body, type=_Denied)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return ""
    codes = "".join(f", AADSTS{number}" for number in denied.error_codes[:1])
    return plaintext.line(denied.error, 60) + codes


def check_https(what: str, url: str) -> None:
    """Where a secret goes is encrypted, and looks like an address of this kind. Raises BadInput."""
    host = host_of(url)
    if url != f"https://{url.removeprefix('https://')}" or "@" in url or url.endswith("/") or not host:
        raise BadInput(f"{what} is an address such as https://{host}, without a slash at its end")


def load_secret(file: Path, hint: str) -> str:
    """What the file holds, without the white space around it. Raises `CalendarRefused`, which names the file alone."""
    try:
        with file.open("rb") as opened:
            text = opened.read(MOST_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as bad:
        why = getattr(bad, "strerror", None) or "is no text"
        raise CalendarRefused(f"the credential's file {file.name} cannot be read: {why}", hint=hint) from bad
    if not text:
        raise CalendarRefused(f"the credential's file {file.name} is empty", hint=hint)
    return text


class Bearer:
    """One account's way to one service. To be closed with the `Web` that it was given."""

    def __init__(self, web: Web, clock: Clock, sign_in: SignIn) -> None:
        self._web = web
        self._clock = clock
        self._sign_in = sign_in
        self._token: Secret[str] | None = None
        self._until = 0.0
        self._refusals = Refusals()
        self._refused: CalendarRefused | None = None  # the last, told again while the account rests
        self._turn = asyncio.Lock()

    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        take: Collection[int] = (),
        lane: str = "",
    ) -> Answer:
        """As `Web.ask`, with the token. Raises `CalendarUnreachable` or `CalendarRefused`."""
        for _ in range(2):
            token = await self._current()
            whole = {**(headers or {}), "Authorization": f"Bearer {token.reveal()}"}
            answer = await self._web.ask(method, url, headers=whole, body=body, take={401, *take}, lane=lane)
            if answer.status != 401:
                self._refusals.accepted()
                return answer
            if self._token is token:  # else another request has renewed it meanwhile
                self._token = None
        raise self._remember(CalendarRefused(f"{host_of(url)} refuses the token that it has just been given"))

    async def _current(self) -> Secret[str]:
        async with self._turn:
            now = self._clock.monotonic()
            if self._refused is not None and self._refusals.closed_s(now):
                raise CalendarRefused(self._refused.message, hint=self._refused.hint)
            if self._token is None or now >= self._until:
                await self._renew()
            assert self._token is not None
            return self._token

    async def _renew(self) -> None:
        self._token = None
        try:
            asked = await asyncio.to_thread(self._sign_in.load_request, self._clock.now())
        except CalendarRefused as bad:
            raise self._remember(bad) from bad
        sent = self._clock.monotonic()
        answer = await self._web.ask(
            "POST", asked.url, headers={"Content-Type": _FORM}, body=urlencode(asked.form).encode(), most=MOST_BYTES,
            take={400, 401, 403},
        )  # fmt: skip
        if answer.status in (400, 401, 403):
            why = parse_denial(answer.body)
            raise self._remember(
                CalendarRefused(
                    f"{host_of(asked.url)} does not sign the account in{f': {why}' if why else ''}",
                    hint="Check the account's names, that its secret or key is still valid, and this machine's clock.",
                )
            )
        if answer.status != 200:
            raise CalendarUnreachable(f"{host_of(asked.url)} answers a sign-in with status {answer.status}")
        token = parse_token(answer.body)
        self._until = sent + token.life_s - min(EARLY_S, token.life_s / 2)
        self._token = token.secret

    def _remember(self, refused: CalendarRefused) -> CalendarRefused:
        self._refused = refused
        self._refusals.refused(self._clock.monotonic())
        return refused
