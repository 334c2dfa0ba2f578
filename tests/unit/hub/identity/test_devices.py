"""A code is for one answer, a secret for one token; both end, and neither can be tried out."""

from pathlib import Path

import pytest

from roomgate.access.scope import Scope
from roomgate.clock import HandClock
from roomgate.errors import BadInput
from roomgate.hub.identity.devices import (
    LENGTH,
    LETTERS,
    LIVES_S,
    MOST,
    MOST_PER_SOURCE,
    POLL_S,
    CodeRefused,
    DeviceRefused,
    Devices,
    parse_code,
    require_confirmable,
    show_code,
)
from roomgate.hub.identity.guessing import FREE_TRIES, TooManyTries
from roomgate.hub.identity.person import Forbidden, Proof, Signed
from roomgate.redact import Secret
from support.hub import PASSWORD, Hub, running

HERE = "192.0.2.1"


def begun(devices: Devices, source: str = HERE):
    return devices.begin("a laptop", 60, None, source)


def test_a_code_is_typed_as_people_type() -> None:
    one, _ = begun(Devices(HandClock()))
    assert len(one.code) == LENGTH
    assert set(one.code) <= set(LETTERS)
    assert parse_code(f" {show_code(one.code).lower()} ") == one.code
    assert not set("AEIOU01") & set(LETTERS)


def test_the_token_is_fetched_once_by_the_secret_alone() -> None:
    clock = HandClock()
    devices = Devices(clock)
    one, secret = begun(devices)
    assert devices.fetch(secret.reveal()) is None
    with pytest.raises(DeviceRefused):
        devices.fetch(one.code)
    taken = devices.take(one.code, "person_1", HERE)
    clock.advance(POLL_S)
    assert devices.fetch(secret.reveal()) is None  # the yes is not carried out yet
    devices.answer(taken, Secret("rg_1"))
    clock.advance(POLL_S)
    fetched = devices.fetch(secret.reveal())
    assert fetched is not None
    assert fetched.reveal() == "rg_1"
    clock.advance(POLL_S)
    with pytest.raises(DeviceRefused):
        devices.fetch(secret.reveal())


def test_a_code_is_good_for_one_answer() -> None:
    devices = Devices(HandClock())
    one, secret = begun(devices)
    devices.find(one.code, "person_1", HERE)
    devices.answer(devices.take(one.code, "person_1", HERE), None)
    with pytest.raises(CodeRefused) as used:
        devices.take(one.code, "person_1", HERE)
    with pytest.raises(CodeRefused) as never:
        devices.find("BCDFGHJK", "person_1", HERE)
    assert str(used.value) == str(never.value)
    with pytest.raises(DeviceRefused):
        devices.fetch(secret.reveal())


def test_it_ends_after_ten_minutes() -> None:
    clock = HandClock()
    devices = Devices(clock)
    one, secret = begun(devices)
    clock.advance(LIVES_S)
    with pytest.raises(CodeRefused):
        devices.find(one.code, "person_1", HERE)
    with pytest.raises(DeviceRefused):
        devices.fetch(secret.reveal())


def test_codes_cannot_be_tried_out() -> None:
    devices = Devices(HandClock())
    one, _ = begun(devices)
    for _ in range(FREE_TRIES):
        with pytest.raises(CodeRefused):
            devices.find("BBBBBBBB", "person_1", HERE)
    with pytest.raises(TooManyTries):
        devices.find(one.code, "person_1", "192.0.2.9")
    with pytest.raises(TooManyTries):
        devices.find(one.code, "person_2", HERE)
    assert devices.find(one.code, "person_2", "192.0.2.9") is one


def test_a_hurried_poller_is_slowed() -> None:
    clock = HandClock()
    devices = Devices(clock)
    _, secret = begun(devices)
    assert devices.fetch(secret.reveal()) is None
    with pytest.raises(TooManyTries):
        devices.fetch(secret.reveal())
    clock.advance(POLL_S)
    assert devices.fetch(secret.reveal()) is None


def test_strangers_take_so_many_places_and_no_more() -> None:
    clock = HandClock()
    devices = Devices(clock)
    for _ in range(MOST_PER_SOURCE):
        begun(devices)
    with pytest.raises(TooManyTries):
        begun(devices)
    for n in range(MOST - MOST_PER_SOURCE):
        begun(devices, f"source {n}")
    with pytest.raises(TooManyTries):
        begun(devices, "another")
    clock.advance(LIVES_S)
    begun(devices)


@pytest.mark.parametrize("minutes", [0, -1, 30 * 24 * 60 + 1, float("nan")])
def test_every_sign_in_ends(minutes: float) -> None:
    with pytest.raises(BadInput):
        Devices(HandClock()).begin("a laptop", minutes, None, HERE)


def test_a_machine_calls_itself_in_plain_words() -> None:
    one, _ = Devices(HandClock()).begin("\x1b[2Jlaptop" + "x" * 500, 60, None, HERE)
    assert "\x1b" not in one.machine
    assert len(one.machine) <= 81


async def strong(hub: Hub, person: str) -> Signed:
    """Somebody who signed in with a second factor."""
    opened = await hub.parts.identity.open_web((await hub.parts.identity.get(person)).id, Proof("passkey", True), HERE)
    assert opened is not None
    signed = await hub.parts.identity.by_cookie(opened[1].reveal())
    assert signed is not None
    return signed


@pytest.mark.asyncio
async def test_a_yes_makes_a_token_of_whoever_said_it(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        identity = hub.parts.identity
        await hub.person("guest")
        guest, _ = await hub.sign_in("guest")
        one, secret = identity.devices.begin("a laptop", 60, Scope.parse(["read"]), HERE)
        token = await identity.allow_device(one.code, guest, HERE)
        assert (token.person, token.name, token.until - hub.clock.now()) == (
            guest.person.id,
            "a laptop",
            (token.until - token.created),
        )
        fetched = identity.devices.fetch(secret.reveal())
        assert fetched is not None
        signed = await identity.by_token(fetched.reveal())
        assert signed is not None
        assert (signed.person.id, signed.scope) == (guest.person.id, Scope.parse(["read"]))


@pytest.mark.asyncio
async def test_what_cuts_the_owner_cuts_what_waits_to_be_fetched(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        identity = hub.parts.identity
        await hub.person("guest")
        guest, _ = await hub.sign_in("guest")
        one, secret = begun(identity.devices)
        await identity.allow_device(one.code, guest, HERE)
        await identity.set_password("guest", "five quite other words", guest, present=PASSWORD)
        fetched = identity.devices.fetch(secret.reveal())
        assert fetched is not None
        assert await identity.by_token(fetched.reveal()) is None


@pytest.mark.asyncio
async def test_who_may_say_yes(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        identity = hub.parts.identity
        one, _ = begun(identity.devices)
        weak = await hub.weak("ada")
        by_token, _ = await hub.token("ada")
        for who in (weak, by_token):
            with pytest.raises(Forbidden):
                await identity.allow_device(one.code, who, HERE)
        by_key = await strong(hub, "ada")
        require_confirmable(by_key)
        assert (await identity.allow_device(one.code, by_key, HERE)).person == by_key.person.id
