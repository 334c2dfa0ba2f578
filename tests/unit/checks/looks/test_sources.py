"""What is fetched of a target's pages and scripts, and how little."""

import gzip

import httpx
import pytest

from roomgate.checks.declared import Tier
from roomgate.checks.looks import sources
from roomgate.checks.looks.sources import one_of_each
from roomgate.checks.snapshot import Exchange, Fact
from support.checks import AUTHORISED, looked, target_of

TEXT = f"""[target]
name = "A target"
urls = ["https://target.example/"]
{AUTHORISED}
""" + "".join(
    f'[[accounts]]\nname = "{name}"\nrole = "{role}"\ntoken = "token-of-{name}-0123456789"\n'
    for name, role in (("ana", "user"), ("ben", "user"), ("eve", "administrator"))
)


def answer(request: httpx.Request) -> httpx.Response:
    scripts = "".join(f'<script src="/s{n}.js"></script>' for n in range(50))
    return httpx.Response(200, text=scripts + '<script src="https://cdn.example/x.js"></script>')


def test_one_account_of_each_role():
    assert [one.name for one in one_of_each(target_of(TEXT))] == ["ana", "eve"]


@pytest.mark.asyncio
async def test_few_requests_and_none_to_others(tmp_path):
    shot = (await looked(tmp_path, answer, TEXT, only=["K27"]))["sources"]
    steps = shot.of(Exchange)
    assert len(steps) <= 20
    assert all(step.url.startswith("https://target.example/") for step in steps)
    assert {step.subject for step in steps if step.label == sources.OWN_PAGE} == {"ana", "eve"}


@pytest.mark.asyncio
async def test_from_outside_no_account_is_used(tmp_path):
    shot = (await looked(tmp_path, answer, TEXT, only=["K27"], tier=Tier.OUTSIDE))["sources"]
    assert shot.of(Exchange, sources.OWN_PAGE) == []


@pytest.mark.asyncio
async def test_a_bundle_that_swells_is_read_in_part(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "UNPACKED_MOST", 1024 * 1024)
    monkeypatch.setattr(sources, "MEMBER_MOST", 64 * 1024)
    (tmp_path / "big.gz").write_bytes(gzip.compress(b"0" * (sources.UNPACKED_MOST * 2)))
    text = TEXT + f'[K27]\nbundle_file = "{tmp_path / "big.gz"}"\n'
    shot = (await looked(tmp_path / "run", answer, text, only=["K27"]))["sources"]
    fact = shot.of(Fact, sources.BUNDLE)[0]
    assert (fact.value["bytes"], fact.value["whole"]) == (sources.MEMBER_MOST, False)
