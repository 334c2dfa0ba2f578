"""TLS and its flaws on real sockets of loopback."""

import ssl
import warnings

import httpx
import pytest

from roomgate.checks.doubles.device import PretendDevice
from roomgate.checks.doubles.face import Face
from roomgate.checks.doubles.flaws import NONE, Flaw
from roomgate.checks.doubles.serving import (
    Papers,
    build_tls,
    build_trust,
    dial_device,
    open_door,
    running,
    serve_app,
    splitter,
)
from roomgate.cli.demo.certificates import Authority

pytestmark = pytest.mark.asyncio
HOST = "127.0.0.1"


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def papers(authority, tmp_path):
    (tmp_path / "bad").mkdir()
    return Papers(*authority.issue("good"), *Authority(tmp_path / "bad").issue("bad"))


def app() -> Face:
    return Face(PretendDevice("Oak"))


async def fetch(url: str, trust: ssl.SSLContext | bool = True) -> str:
    async with httpx.AsyncClient(verify=trust, trust_env=False, timeout=5) as http:
        return (await http.get(url)).text


async def test_it_answers_over_tls(authority, papers):
    trust = ssl.create_default_context(cafile=authority.ca)
    async with running(app(), HOST, 0, build_tls(papers, NONE)) as port:
        for host in ("localhost", HOST):
            assert "Pretended" in await fetch(f"https://{host}:{port}/web/signin", trust)
        trust.maximum_version = ssl.TLSVersion.TLSv1_2
        assert "Pretended" in await fetch(f"https://localhost:{port}/web/signin", trust)
    assert serve_app.__name__ == "serve_app"


async def test_with_the_flaw_a_bare_address_shows_a_strangers_certificate(authority, papers):
    trust = ssl.create_default_context(cafile=authority.ca)
    async with running(app(), HOST, 0, build_tls(papers, frozenset({Flaw.BAD_CERTIFICATE}))) as port:
        assert "Pretended" in await fetch(f"https://localhost:{port}/web/signin", trust)
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await fetch(f"https://{HOST}:{port}/web/signin", trust)


@pytest.mark.parametrize("old", [False, True])
async def test_old_tls_is_spoken_with_the_flaw_alone(papers, old):
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        trust.minimum_version = trust.maximum_version = ssl.TLSVersion.TLSv1
    trust.set_ciphers("ALL:@SECLEVEL=0")
    tls = build_tls(papers, frozenset({Flaw.OLD_TLS}) if old else NONE)
    async with running(app(), HOST, 0, tls) as port:
        if old:
            assert "Pretended" in await fetch(f"https://localhost:{port}/web/signin", trust)
            return
        with pytest.raises(httpx.ConnectError):
            await fetch(f"https://localhost:{port}/web/signin", trust)


async def test_one_port_speaks_both_where_it_should_not(authority, papers):
    trust = ssl.create_default_context(cafile=authority.ca)
    async with (
        running(app(), HOST, 0, build_tls(papers, NONE)) as secure,
        running(app(), HOST, 0, None) as plain,
        splitter(HOST, 0, secure, plain) as port,
    ):
        assert "Pretended" in await fetch(f"https://localhost:{port}/web/signin", trust)
        assert "Pretended" in await fetch(f"http://localhost:{port}/web/signin")


async def test_the_connector_knows_its_device(authority, papers, tmp_path):
    bad = frozenset({Flaw.TRUSTS_ANY_DEVICE})
    async with running(app(), HOST, 0, build_tls(papers, frozenset({Flaw.BAD_CERTIFICATE}))) as port:
        said = await dial_device("localhost", port, build_trust(authority.ca, NONE), "Basic x")
        assert said.startswith("HTTP/1.1 404")
        with pytest.raises(ssl.SSLCertVerificationError):
            await dial_device(HOST, port, build_trust(authority.ca, NONE), "Basic x")
        assert (await dial_device(HOST, port, build_trust(authority.ca, bad), "Basic x")).startswith("HTTP/1.1 404")


async def test_a_door_that_should_not_be_there(authority, papers):
    async with open_door(HOST, 0) as port:
        with pytest.raises(httpx.RemoteProtocolError):
            await fetch(f"http://{HOST}:{port}/")
