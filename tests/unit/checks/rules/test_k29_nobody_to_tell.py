"""A contact that holds passes; none, or one of no use, fails; what could not be seen is open."""

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomgate.checks.looks.front import WELL_KNOWN
from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k29_nobody_to_tell import CHECK, judge, parse_date, parse_fields
from support.checks import ONE, judged, target_of
from support.odd_snapshots import odd_snapshots

GOOD = (
    "Contact: mailto:security@target.example\nExpires: 2026-12-01T00:00:00Z\n"  # the clock of these tests: March 2026
)
SIGNED = f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{GOOD}-----BEGIN PGP SIGNATURE-----\nxyz\n"


def answering(text=GOOD, kind="text/plain; charset=utf-8", status=200, path="/.well-known/security.txt"):
    def answer(request):
        if request.url.path == path:
            return httpx.Response(status, headers={"Content-Type": kind}, text=text)
        return httpx.Response(404, text="Nothing")

    return answer


async def found(folder, answer, text=ONE):
    return (await judged(folder, answer, text, only=["K29"]))["K29"]


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", [
    answering(), answering(SIGNED), answering(GOOD.replace("\n", "\r\n")), answering(path="/security.txt"), answering(kind=""),
    answering(GOOD.replace("mailto:security@target.example", "https://target.example/report")),
    answering(GOOD.replace("mailto:", "")), answering(GOOD.replace("00Z", "00.5+02:00")),
])  # fmt: skip
async def test_a_contact_that_holds_passes(tmp_path, answer):
    one = await found(tmp_path, answer)
    assert (one.outcome, one.severity) == (Outcome.PASS, "info")


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", [
    lambda request: httpx.Response(404),
    answering("<!doctype html><p>Contact: us</p>", "text/html"),
    answering("Contact: us"),
    answering(GOOD.replace("2026-12", "2026-02")),
    answering("Contact: mailto:a@b.example\n"),
    answering(GOOD + "Expires: 2027-01-01T00:00:00Z\n"),
    answering("Expires: 2026-12-01T00:00:00Z\n"),
    answering('{"contact": "x"}', "application/json"),
])  # fmt: skip
async def test_none_or_one_of_no_use_fails_and_costs_nothing(tmp_path, answer):
    one = await found(tmp_path, answer)
    assert (one.outcome, one.score) == (Outcome.FAIL, 0.0)


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", [
    answering(status=403), answering(status=503),
    lambda request: httpx.Response(302, headers={"Location": "https://vendor.example/security.txt"}),
])  # fmt: skip
async def test_what_could_not_be_seen_is_open(tmp_path, answer):
    assert (await found(tmp_path, answer)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_a_redirect_to_the_vendors_own_file_counts_and_one_to_the_sign_in_does_not(tmp_path):
    def answer(request):
        if request.url.host == "vendor.example":
            return httpx.Response(200, text=GOOD)
        return httpx.Response(302, headers={"Location": "https://vendor.example/security.txt"})

    assert (
        await found(tmp_path / "1", answer, ONE + '[permitted]\nhosts = ["vendor.example"]\n')
    ).outcome is Outcome.PASS

    def guarded(request):
        if request.url.path == "/login":
            return httpx.Response(200, html="Sign in")
        return httpx.Response(302, headers={"Location": "/login"})

    assert (await found(tmp_path / "2", guarded)).outcome is Outcome.FAIL


@pytest.mark.asyncio
async def test_another_address_that_does_not_answer_hides_nothing(tmp_path):
    def answer(request):
        if request.url.host == "other.example":
            raise httpx.ConnectError("refused")
        return httpx.Response(404)

    text = ONE.replace('example/"]', 'example/", "https://other.example/"]')
    assert (await found(tmp_path / "1", answer, text)).outcome is Outcome.FAIL
    turned = ONE.replace('["https', '["https://other.example/", "https')
    assert (await found(tmp_path / "2", answer, turned)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_nobody_there_is_inconclusive(tmp_path):
    def answer(request):
        raise httpx.ConnectError("refused")

    assert (await found(tmp_path, answer)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_what_the_vendor_says_is_told_beside_it(tmp_path):
    one = await found(tmp_path, answering(), ONE + '[K29]\nsbom = "https://target.example/sbom.json"\n')
    told = {point.where: point.what for point in one.points}
    assert told["[K29] sbom"] == "https://target.example/sbom.json"
    assert told["[K29] updates"].startswith("not told")


def test_dates_and_fields():
    assert parse_date("2026-12-01T00:00:00+02:00").isoformat() == "2026-11-30T22:00:00+00:00"
    assert parse_date("2026-13-01T00:00:00Z") is None
    assert parse_date("tomorrow") is None
    assert parse_date("0001-01-01T00:00:00+23:00") is None
    assert parse_fields("# x\nContact: a\nCONTACT : b\nno field\n") == {"contact": ["a", "b"]}


@given(st.text(max_size=200))
def test_any_text_is_read(text):
    parse_fields(text)
    parse_date(text)


@settings(max_examples=40)
@given(odd_snapshots([WELL_KNOWN]))
def test_any_snapshot_is_judged(snapshot):
    assert judge(snapshot, target_of()).says


def test_it_is_declared_whole():
    assert all((CHECK.id == "K29", CHECK.procedure, CHECK.remedy, CHECK.mistaken, CHECK.sources, not CHECK.vector))
