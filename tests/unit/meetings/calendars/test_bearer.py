import asyncio
import random
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.clock import HandClock
from roomgate.errors import BadInput
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable
from roomgate.meetings.calendars.bearer import (
    EARLY_S,
    LONGEST_S,
    Bearer,
    TokenRequest,
    check_https,
    load_secret,
    parse_denial,
    parse_token,
)
from roomgate.meetings.calendars.http import Web
from roomgate.meetings.calendars.patience import FIRST_REST_S, FORGIVEN
from support.cloud_double import CloudDouble, Given
from support.rubbish_json import near, rubbish

URL = "https://cloud.example/things"
RIGHT = {"access_token": "abc", "expires_in": 3600, "token_type": "Bearer", "scope": "x"}


class Service(CloudDouble):
    """Signs in whoever knows the word, and answers everything."""

    word = "open"

    def sign_in(self, asked):
        if asked.path != "/token":
            return None
        return (
            self.grant("")
            if asked.form.get("word") == self.word
            else Given(401, {"error": "invalid_client", "error_codes": [7000222]})
        )

    def unauthorized(self):
        return Given(401)

    def answer(self, asked, scope):
        return Given(200, {"lane": 1})


class Word:
    def __init__(self, word: str = "open") -> None:
        self.word = word

    def load_request(self, now):
        if self.word == "":
            raise CalendarRefused("no file")
        return TokenRequest("https://cloud.example/token", {"word": self.word})


def rig(sign_in=None, **more):
    service = Service(clock=HandClock(), **more)
    web = Web(service.clock, random.Random(1), transport=service.transport)
    return service, Bearer(web, service.clock, sign_in or Word())


@pytest.mark.asyncio
async def test_a_token_is_kept_until_shortly_before_its_end():
    service, bearer = rig(life_s=3600)
    for wait_s, signed_in in ((0, 1), (3600 - EARLY_S - 1, 1), (1, 2), (10, 2)):
        service.clock.advance(wait_s)
        assert (await bearer.ask("GET", URL)).status == 200
        assert service.signed_in == signed_in


@pytest.mark.asyncio
async def test_a_short_life_is_used_by_half():
    service, bearer = rig(life_s=60)
    for wait_s, signed_in in ((0, 1), (29, 1), (1, 2)):
        service.clock.advance(wait_s)
        await bearer.ask("GET", URL)
        assert service.signed_in == signed_in


@pytest.mark.asyncio
async def test_many_at_once_sign_in_once():
    service, bearer = rig()
    async with asyncio.TaskGroup() as group:
        for _ in range(9):
            group.create_task(bearer.ask("GET", URL))
    assert service.signed_in == 1


@pytest.mark.asyncio
async def test_a_token_that_is_refused_is_renewed_once():
    service, bearer = rig()
    await bearer.ask("GET", URL)
    service.end_tokens()
    assert (await bearer.ask("GET", URL)).status == 200
    assert service.signed_in == 2
    for tried in range(1, FORGIVEN + 1):
        service.faults += [lambda asked: Given(401)] * 2
        with pytest.raises(CalendarRefused, match="just been given"):
            await bearer.ask("GET", URL)
        assert service.signed_in <= 2 + 2 * tried
    sent = len(service.asked)
    for _ in range(5):  # and no storm of sign-ins after it
        with pytest.raises(CalendarRefused, match="just been given"):
            await bearer.ask("GET", URL)
    assert len(service.asked) == sent
    service.clock.advance(FIRST_REST_S)
    assert (await bearer.ask("GET", URL)).status == 200


@pytest.mark.asyncio
async def test_who_is_not_signed_in_rests_after_a_few_tries_and_may_mend_it():
    word = Word("wrong")
    service, bearer = rig(word)
    for _ in range(20):
        with pytest.raises(CalendarRefused, match=r"invalid_client, AADSTS7000222$"):
            await bearer.ask("GET", URL)
    assert len(service.asked) == FORGIVEN
    word.word = "open"
    service.clock.advance(FIRST_REST_S)
    assert (await bearer.ask("GET", URL)).status == 200


@pytest.mark.asyncio
async def test_a_credential_that_cannot_be_read_is_told_and_nothing_is_sent():
    service, bearer = rig(Word(""))
    for _ in range(9):
        with pytest.raises(CalendarRefused, match="no file"):
            await bearer.ask("GET", URL)
    assert service.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example",
        "https://a.example/",
        "https://u:p@a.example",
        "ftp://a.example",
        "a.example",
        "https://",
        "HTTPS://a.example",
    ],
)
def test_a_secret_goes_nowhere_in_the_clear(url):
    with pytest.raises(BadInput):
        check_https("login", url)
    check_https("login", "https://a.example/path")


@pytest.mark.asyncio
async def test_the_secrets_are_not_told():
    _, bearer = rig(Word("hush-hush"))
    with pytest.raises(CalendarRefused) as told:
        await bearer.ask("GET", URL)
    assert "hush" not in f"{told.value} {told.value.hint} {TokenRequest('u', {'word': 'hush-hush'})!r}"
    assert "abc" not in repr(parse_token(msgspec.json.encode(RIGHT)))


def test_a_token_s_life_is_bounded():
    assert parse_token(msgspec.json.encode(RIGHT | {"expires_in": "3599"})).life_s == 3599
    assert parse_token(msgspec.json.encode(RIGHT | {"expires_in": 10**9})).life_s == LONGEST_S


@pytest.mark.parametrize(
    "change",
    [
        {"access_token": ""}, {"access_token": "a b"}, {"access_token": "a\r\nHost: x"}, {"access_token": "é"}, {"access_token": None},
        {"expires_in": 0}, {"expires_in": -1}, {"expires_in": "soon"}, {"expires_in": "nan"}, {"token_type": "mac"}, {"token_type": None},
    ],
)  # fmt: skip
def test_an_answer_without_a_usable_token(change):
    with pytest.raises(CalendarUnreachable):
        parse_token(msgspec.json.encode(RIGHT | change))


@given(st.one_of(st.binary(max_size=100), rubbish.map(msgspec.json.encode), near(RIGHT).map(msgspec.json.encode)))
def test_rubbish_raises_only_our_error(raw):
    parse_denial(raw)
    try:
        assert 0 < parse_token(raw).life_s <= LONGEST_S
    except CalendarUnreachable:
        pass


def test_a_credential_s_file(tmp_path: Path):
    file = tmp_path / "secret"
    for raw in (None, b"", b" \n", b"\xff"):
        if raw is not None:
            file.write_bytes(raw)
        with pytest.raises(CalendarRefused, match="secret") as told:
            load_secret(file, "Look there.")
        assert (told.value.hint, str(tmp_path) in told.value.message) == ("Look there.", False)
    file.write_text(" s3cret\n")
    assert load_secret(file, "") == "s3cret"
