"""HSTS: present and long enough on every page, or told; no answer is no pass."""

import httpx
import pytest

from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k10_transport_not_enforced import CHECK, LEAST_S, parse_max_age
from support.checks import ONE, judged


def answering(header: str | None):
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, headers={} if header is None else {"Strict-Transport-Security": header}, text="hello"
        )

    return answer


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("header", "outcome"),
    [
        ("max-age=31536000; includeSubDomains", Outcome.PASS),
        (f"max-age={LEAST_S}", Outcome.PASS),
        (f"max-age={LEAST_S - 1}", Outcome.FAIL),
        ("max-age=0", Outcome.FAIL),
        ("includeSubDomains", Outcome.FAIL),
        (None, Outcome.FAIL),
    ],
)
async def test_the_header_decides(tmp_path, header, outcome):
    found = (await judged(tmp_path, answering(header), only=["K10"]))["K10"]
    assert found.outcome is outcome
    assert all(point.steps for point in found.points)


@pytest.mark.asyncio
async def test_one_page_without_it_is_enough(tmp_path):
    def answer(request: httpx.Request) -> httpx.Response:
        good = {"Strict-Transport-Security": "max-age=31536000"}
        return httpx.Response(200, headers={} if request.url.path == "/login" else good)

    text = ONE.replace(
        '"https://target.example/"]', '"https://target.example/"]\nsign_in = "https://target.example/login"'
    )
    found = (await judged(tmp_path, answer, text, only=["K10"]))["K10"]
    assert (found.outcome, [point.where for point in found.points]) == (Outcome.FAIL, ["https://target.example/login"])


@pytest.mark.asyncio
async def test_nobody_there_is_inconclusive(tmp_path):
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    found = (await judged(tmp_path, answer, only=["K10"]))["K10"]
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "ConnectError" in found.says


@pytest.mark.asyncio
async def test_a_target_without_https_has_nothing_to_enforce(tmp_path):
    text = ONE.replace("https://", "http://")
    found = (await judged(tmp_path, answering(None), text, only=["K10"]))["K10"]
    assert found.outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("max-age=10", 10),
        ('Max-Age = "10" ; preload', 10),
        ("max-age=1; max-age=2", None),
        ("max-age=x", None),
        ("", None),
    ],
)
def test_how_the_header_is_read(header, seconds):
    assert parse_max_age(header) == seconds


def test_it_is_declared_whole():
    assert CHECK.id == "K10"
    assert CHECK.procedure
    assert CHECK.remedy
    assert CHECK.mistaken
