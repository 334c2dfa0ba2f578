"""Anybody begins a sign-in; nobody but its beginner fetches what came of it."""

from pathlib import Path

import pytest

from roomgate.hub.identity.devices import POLL_S
from support.api import Api, api

pytestmark = pytest.mark.asyncio
AT = "https://hub.example.com/auth/device"


async def answer(made: Api, code: str, yes: bool = True) -> None:
    await made.hub.person("guest")
    guest, _ = await made.hub.sign_in("guest")
    identity = made.hub.parts.identity
    if yes:
        await identity.allow_device(code, guest, "192.0.2.1")
    else:
        identity.devices.answer(identity.devices.take(code, guest.person.id, "192.0.2.1"), None)


async def test_a_stranger_begins_waits_and_gets_the_token(tmp_path: Path) -> None:
    async with api(tmp_path) as made:
        nobody = await made.client()
        begun = (await nobody.post(AT, json={"machine": "laptop", "scope": ["read"]})).json()
        assert (begun["page"], len(begun["code"])) == ("/device", 9)
        waiting = await nobody.post(f"{AT}/token", json={"secret": begun["secret"]})
        assert (waiting.status_code, waiting.json()) == (202, {"token": None})
        assert (await nobody.post(f"{AT}/token", json={"secret": begun["secret"]})).status_code == 429
        await answer(made, begun["code"])
        made.hub.clock.advance(POLL_S)
        done = await nobody.post(f"{AT}/token", json={"secret": begun["secret"]})
        assert done.status_code == 200
        who = await nobody.get("whoami", headers={"Authorization": f"Bearer {done.json()['token']}"})
        assert (who.json()["name"], who.json()["scope"], who.json()["how"]) == ("guest", ["read"], "token")


async def test_a_no_and_a_secret_that_is_none_are_answered_in_words(tmp_path: Path) -> None:
    async with api(tmp_path) as made:
        nobody = await made.client()
        begun = (await nobody.post(AT, json={})).json()
        await answer(made, begun["code"], yes=False)
        for secret in (begun["secret"], begun["secret"], "none", begun["code"]):
            refused = await nobody.post(f"{AT}/token", json={"secret": secret})
            assert (refused.status_code, refused.json()["code"]) == (403, "device.refused")


@pytest.mark.parametrize(
    "body", [{"minutes": 0}, {"minutes": 1e9}, {"scope": []}, {"scope": ["all"]}, {"name": "x"}, {"machine": 1}]
)
async def test_what_is_begun_wrongly(tmp_path: Path, body: dict[str, object]) -> None:
    async with api(tmp_path) as made:
        assert (await (await made.client()).post(AT, json=body)).status_code == 400


async def test_only_these_two_addresses_are_open(tmp_path: Path) -> None:
    async with api(tmp_path) as made:
        nobody = await made.client()
        assert (await nobody.get(AT)).status_code == 405
        for path in ("/auth", "/auth/", "/auth/device/", "/auth/device/token/x", "/device", "/device/answer"):
            assert (await nobody.get(f"https://hub.example.com{path}")).status_code == 401, path
