"""What a page must say to be shielded: each thing it leaves out fails by itself; what is no page needs none of it."""

import httpx
import pytest
from hypothesis import given, settings

from roomgate.checks.looks.front import SECURE
from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k11_page_not_shielded import (
    CHECK,
    FRAMED,
    SCRIPTS,
    SNIFFED,
    judge,
    parse_policies,
    restricts_framing,
    restricts_scripts,
)  # fmt: skip
from support.checks import ONE, judged, target_of
from support.odd_snapshots import odd_snapshots

CSP = "default-src 'self'; frame-ancestors 'none'"
GOOD = {"Content-Security-Policy": CSP, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
PAGE = "<!doctype html><form><input name=user></form>"


def answering(headers, body=PAGE, status=200, kind="text/html"):
    return lambda request: httpx.Response(status, headers={**headers, "Content-Type": kind}, text=body)


def without(*names, **more):
    return {key: value for key, value in GOOD.items() if key not in names} | {
        k.replace("_", "-"): v for k, v in more.items()
    }


async def found(folder, answer, text=ONE):
    return (await judged(folder, answer, text, only=["K11"]))["K11"]


@pytest.mark.asyncio
@pytest.mark.parametrize(("headers", "outcome", "vector"), [
    (GOOD, Outcome.PASS, SCRIPTS),
    (without("Referrer-Policy"), Outcome.PASS, SCRIPTS),
    (without("Content-Security-Policy"), Outcome.FAIL, FRAMED),
    (without("Content-Security-Policy", X_Frame_Options="DENY"), Outcome.FAIL, SCRIPTS),
    (without("Content-Security-Policy", Content_Security_Policy="default-src 'self'"), Outcome.FAIL, FRAMED),
    (without("Content-Security-Policy", Content_Security_Policy="default-src 'self'", X_Frame_Options="sameorigin"), Outcome.PASS, SCRIPTS),
    (without("X-Content-Type-Options"), Outcome.FAIL, SNIFFED),
    (without("Content-Security-Policy", Content_Security_Policy_Report_Only=CSP, X_Frame_Options="DENY"), Outcome.FAIL, SCRIPTS),
])  # fmt: skip
async def test_each_thing_that_is_left_out_fails(tmp_path, headers, outcome, vector):
    one = await found(tmp_path, answering(headers))
    assert (one.outcome, one.vector) == (outcome, vector)
    assert all(point.steps for point in one.points)


@pytest.mark.asyncio
async def test_a_page_without_controls_may_be_framed(tmp_path):
    headers = without("Content-Security-Policy", Content_Security_Policy="default-src 'self'")
    assert (await found(tmp_path / "1", answering(headers, "<html>Gone"))).outcome is Outcome.PASS
    assert (
        await found(tmp_path / "2", answering(headers, "<html><script src=/app.js></script>"))
    ).outcome is Outcome.FAIL


@pytest.mark.asyncio
async def test_a_policy_in_the_page_counts_for_scripts_and_not_for_framing(tmp_path):
    body = f'<html><meta http-equiv="Content-Security-Policy" content="{CSP}"><form></form>'
    bare = without("Content-Security-Policy")
    assert (await found(tmp_path / "1", answering(bare | {"X-Frame-Options": "DENY"}, body))).outcome is Outcome.PASS
    assert (await found(tmp_path / "2", answering(bare, body))).vector == FRAMED


@pytest.mark.asyncio
async def test_what_is_no_page_needs_none_of_it(tmp_path):
    assert (await found(tmp_path / "1", answering({}, "{}", kind="application/json"))).outcome is Outcome.NOT_APPLICABLE
    assert (await found(tmp_path / "2", answering({}, "no", 404, "text/plain"))).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_a_sign_in_page_that_is_an_error_by_its_status_is_a_page(tmp_path):
    assert (await found(tmp_path, answering({}, status=401))).outcome is Outcome.FAIL


@pytest.mark.asyncio
async def test_redirects_need_none_of_it_and_a_foreign_sign_in_is_not_judged(tmp_path):
    def answer(request):
        if request.url.host == "identity.example":
            return httpx.Response(200, headers={"Content-Type": "text/html"}, text=PAGE)
        if request.url.path == "/":
            return httpx.Response(302, headers={"Location": "/login"})
        return httpx.Response(302, headers={"Location": "https://identity.example/"})

    text = ONE + '[permitted]\nhosts = ["identity.example"]\n'
    assert (await found(tmp_path / "1", answer, text)).outcome is Outcome.INCONCLUSIVE

    def shown(request):
        moved = httpx.Response(302, headers={"Location": "/login"})
        return moved if request.url.path == "/" else answering(GOOD)(request)

    assert (await found(tmp_path / "2", shown)).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_nobody_there_is_inconclusive(tmp_path):
    def answer(request):
        raise httpx.ConnectError("refused")

    assert (await found(tmp_path, answer)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(("policy", "restricts"), [
    ("default-src 'self'", True),
    ("default-src 'none'", True),
    ("script-src 'self' https://cdn.example", True),
    ("script-src 'self' https://*.example.com", True),
    ("script-src 'unsafe-inline' 'nonce-abc'", True),
    ("script-src 'unsafe-inline' 'sha256-abc='", True),
    ("script-src 'strict-dynamic' 'nonce-abc' https: 'unsafe-inline'", True),
    ("script-src 'strict-dynamic' https:", False),
    ("default-src 'self'; script-src *", False),
    ("default-src *; script-src 'self'", True),
    ("script-src 'self' 'unsafe-inline'", False),
    ("script-src https:", False),
    ("script-src 'self' data:", False),
    ("script-src", True),
    ("frame-ancestors 'none'", False),
    ("DEFAULT-SRC 'SELF'", True),
    ("script-src 'self'; script-src *", True),
])  # fmt: skip
def test_which_policies_restrict_scripts(policy, restricts):
    assert any(restricts_scripts(one) for one in parse_policies([policy])) is restricts


def test_of_several_policies_the_strictest_holds():
    both = parse_policies(["default-src *", "script-src 'self'"])
    assert any(restricts_scripts(one) for one in both)
    assert len(parse_policies(["default-src 'self', script-src 'none'; object-src 'none'"])) == 2


@pytest.mark.parametrize(("policies", "options", "restricts"), [
    (["frame-ancestors 'none'"], [], True),
    (["frame-ancestors 'self' https://a.example"], [], True),
    (["frame-ancestors *"], ["DENY"], False),
    (["frame-ancestors https:"], [], False),
    ([], ["DENY"], True),
    ([], ["ALLOW-FROM https://a.example"], False),
    ([], ["SAMEORIGIN, DENY"], True),
    ([], [], False),
])  # fmt: skip
def test_what_restricts_framing(policies, options, restricts):
    assert restricts_framing(parse_policies(policies), options) is restricts


@settings(max_examples=40)
@given(odd_snapshots([SECURE]))
def test_any_snapshot_is_judged(snapshot):
    assert judge(snapshot, target_of()).says


def test_it_is_declared_whole():
    assert all((CHECK.id == "K11", CHECK.procedure, CHECK.remedy, CHECK.mistaken, CHECK.cwe, CHECK.asvs))
