import contextlib
import os
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.connector.enrol import enrol, load_identity, save_identity
from roomgate.errors import Conflict, RoomgateError, Unreachable
from roomgate.link.enrolment import EnrolAsk, EnrolmentRefused, WrongHub, build_answer, check_ask, code_hash, parse_ask
from roomgate.link.identity import BadIdentity
from roomgate.link.signing import fingerprint
from support.link import Papers, serving

HUB_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PRINT = fingerprint(HUB_KEY.public_key())
Reply = Callable[[EnrolAsk], tuple[int, bytes, list[tuple[bytes, bytes]]]]


def honest(ask: EnrolAsk) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    check_ask(ask, HUB_KEY.public_key())
    if code_hash(ask.code) != code_hash("7K2M-9QRT"):
        return 403, b"", []
    return 200, msgspec.json.encode(build_answer(HUB_KEY, ask, "connector_1", "site_1")), []


@contextlib.asynccontextmanager
async def hub(papers: Papers, reply: Reply = honest) -> AsyncIterator[tuple[str, list[str]]]:
    visits: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        visits.append(f"{scope['method']} {scope['path']}")
        body, more = b"", True
        while more:
            event = await receive()
            body, more = body + event.get("body", b""), event.get("more_body", False)
        status, answer, headers = reply(parse_ask(body))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async with serving(app, papers) as port:
        yield f"https://localhost:{port}", visits


@pytest.mark.asyncio
async def test_a_connector_is_enrolled_and_knows_itself_again(papers: Papers, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "identity"
    async with hub(papers) as (url, visits):
        made = await enrol(url, "7k2m 9qrt", PRINT.upper(), "Oslo office", folder, ca_pem=papers.ca_pem)
    assert visits == ["POST /enrol"]
    found = load_identity(folder)
    assert (found.connector, found.site, found.hub) == ("connector_1", "site_1", url)
    assert found.hub_key == HUB_KEY.public_key()
    assert found.fingerprint == made.fingerprint
    assert found.certificate == made.certificate
    assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert os.listdir(folder.parent) == ["identity"]


async def refused(papers: Papers, folder: Path, reply: Reply, kind: type[RoomgateError], **changed: Any) -> list[str]:
    wish = {"code": "7K2M-9QRT", "hub_fingerprint": PRINT, "name": "Oslo", "folder": folder, "ca_pem": papers.ca_pem}
    async with hub(papers, reply) as (url, visits):
        with pytest.raises(kind):
            await enrol(url, **{**wish, **changed})
    assert os.listdir(folder.parent) == []
    return visits


@pytest.mark.asyncio
async def test_a_wrong_code_saves_nothing(papers: Papers, tmp_path: Path) -> None:
    await refused(papers, tmp_path / "identity", honest, EnrolmentRefused, code="0000-0000")


@pytest.mark.asyncio
async def test_another_hub_saves_nothing(papers: Papers, tmp_path: Path) -> None:
    other = Ed25519PrivateKey.generate()

    def evil(ask: EnrolAsk) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        return 200, msgspec.json.encode(build_answer(other, ask, "connector_1", "site_1")), []

    await refused(papers, tmp_path / "identity", evil, WrongHub)


@pytest.mark.asyncio
async def test_a_redirect_is_not_followed(papers: Papers, tmp_path: Path) -> None:
    def elsewhere(ask: EnrolAsk) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        return 302, b"", [(b"location", b"/elsewhere")]

    assert await refused(papers, tmp_path / "identity", elsewhere, Unreachable) == ["POST /enrol"]


@pytest.mark.asyncio
async def test_an_outer_certificate_of_another_authority_saves_nothing(
    papers: Papers, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Papers(tmp_path_factory.mktemp("other"))
    assert await refused(papers, tmp_path / "identity", honest, Unreachable, ca_pem=other.ca_pem) == []


@pytest.mark.asyncio
async def test_an_identity_is_never_overwritten(papers: Papers, tmp_path: Path) -> None:
    folder = tmp_path / "identity"
    async with hub(papers) as (url, visits):
        made = await enrol(url, "7K2M-9QRT", PRINT, "Oslo", folder, ca_pem=papers.ca_pem)
        with pytest.raises(Conflict):
            await enrol(url, "7K2M-9QRT", PRINT, "Oslo", folder, ca_pem=papers.ca_pem)
    assert len(visits) == 1
    with pytest.raises(Conflict):
        save_identity(made, folder)
    assert load_identity(folder).fingerprint == made.fingerprint
    assert os.listdir(tmp_path) == ["identity"]


@pytest.mark.asyncio
async def test_a_key_that_others_can_read_is_not_used(papers: Papers, tmp_path: Path) -> None:
    folder = tmp_path / "identity"
    async with hub(papers) as (url, _):
        await enrol(url, "7K2M-9QRT", PRINT, "Oslo", folder, ca_pem=papers.ca_pem)
    (folder / "key.pem").chmod(0o640)
    with pytest.raises(BadIdentity):
        load_identity(folder)


def test_no_identity_is_our_error(tmp_path: Path) -> None:
    with pytest.raises(BadIdentity):
        load_identity(tmp_path / "identity")
