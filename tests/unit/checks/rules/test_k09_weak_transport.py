"""Plain HTTP, old TLS, a certificate that does not hold: each alone fails it, and what was not seen passes nothing."""

import httpx
import pytest
from hypothesis import given, settings

from roomgate.checks.looks.transport import PLAIN, TLS
from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k09_weak_transport import CHECK, OLD_PROTOCOL, judge
from roomgate.checks.snapshot import Exchange, Fact, Snapshot
from roomgate.checks.tls import CERTIFICATE, PROTOCOL, TESTSSL
from support.checks import ONE, judged, target_of
from support.odd_snapshots import odd_snapshots

PLACE = "target.example:443"
CHAIN = [{"subject": "CN=target.example", "issuer": "CN=An authority", "ends": "2027-01-01T00:00:00Z"}]
HOLDS = {"verified": True, "version": "TLSv1.3", "chain": CHAIN}


def plain(
    status=301, headers=(("location", "https://target.example/"),), body="", url="http://target.example/", fault=""
):
    return Exchange(
        label=PLAIN,
        t=0,
        at="",
        method="GET",
        url=url,
        status=status,
        headers=headers,
        body=body,
        body_bytes=len(body),
        fault=fault,
    )


def fact(name, value, fault=""):
    return Fact(label=TLS, t=0, at="", subject=PLACE, name=name, value=value, fault=fault)


def old(name="TLS 1.0", taken=False):
    return fact(PROTOCOL, {"protocol": name, "taken": taken})


def found(*lines):
    return fact(
        TESTSSL, {"findings": [{"id": id, "severity": severity, "finding": text} for id, severity, text in lines]}
    )


SOUND = (plain(), fact(CERTIFICATE, HOLDS), old(), old("TLS 1.1"))


def outcome(*steps):
    return judge(Snapshot(look="transport", steps=steps), target_of())


def test_sound_transport_passes_and_tells_its_chain():
    said = outcome(*SOUND)
    assert said.outcome is Outcome.PASS
    assert any("CN=An authority" in point.what for point in said.points)


@pytest.mark.parametrize(
    "answer",
    [
        plain(0, (), fault="ConnectError: refused"),
        plain(400, (), "The plain HTTP request was sent to HTTPS port"),
        plain(404, (), "Nothing"),
        plain(426, (), "Upgrade"),
        plain(204, ()),
        plain(308),
        plain(200, (), '<meta http-equiv="refresh" content="0; url=https://target.example/">'),
    ],
)
def test_plain_http_that_serves_nothing_is_sound(answer):
    assert outcome(answer, *SOUND[1:]).outcome is Outcome.PASS


@pytest.mark.parametrize(
    "answers",
    [
        [plain(200, (), "<h1>Rooms</h1>")],
        [plain(302, (("location", "/login"),)), plain(200, (), "Rooms", "http://target.example/login")],
        [plain(401, (), "<form><input type='password'></form>")],
        [plain(200, (), "{}", "http://target.example:8080/")],
    ],
)
def test_plain_http_that_serves_something_fails(answers):
    said = outcome(*answers, *SOUND[1:])
    assert (said.outcome, said.vector) == (Outcome.FAIL, "")
    assert said.points[0].steps


def test_a_redirect_that_stays_plain_to_somewhere_unseen_is_open():
    said = outcome(plain(302, (("location", "http://elsewhere.example/"),)), *SOUND[1:])
    assert said.outcome is Outcome.INCONCLUSIVE


def test_plain_http_then_https_is_sound_though_the_page_behind_shows_something():
    after = plain(200, (), "<form><input type='password'></form>", "https://target.example/")
    assert outcome(plain(), after, *SOUND[1:]).outcome is Outcome.PASS


@pytest.mark.parametrize("reason", ["expired", "self-signed", "wrong name", "unknown authority"])
def test_a_certificate_that_does_not_hold_fails_and_its_chain_is_told(reason):
    said = outcome(SOUND[0], fact(CERTIFICATE, {"verified": False, "reason": reason, "chain": CHAIN}))
    assert said.outcome is Outcome.FAIL
    assert reason in said.says
    assert "CN=An authority" in said.says


def test_an_old_protocol_fails_by_itself_and_weighs_less():
    said = outcome(*SOUND[:3], old("TLS 1.1", taken=True))
    assert (said.outcome, said.vector) == (Outcome.FAIL, OLD_PROTOCOL)
    assert outcome(plain(200, (), "Rooms"), old(taken=True)).vector == ""


def test_testssl_sees_what_our_own_tls_cannot_offer():
    said = outcome(*SOUND, found(("SSLv3", "HIGH", "offered"), ("TLS1", "INFO", "not offered")))
    assert (said.outcome, said.points[0].what[:11]) == (Outcome.FAIL, "Takes SSL 3")
    assert outcome(*SOUND, found(("TLS1", "INFO", "not offered"))).outcome is Outcome.PASS


def test_its_words_on_the_certificate_count_nothing_for_it_does_not_know_the_testers_authority():
    said = outcome(*SOUND, found(("cert_trust", "HIGH", "self signed CA"), ("cipherlist_3DES", "HIGH", "offered")))
    assert said.outcome is Outcome.PASS
    assert [point.what for point in said.points if "testssl" in point.what] == ["testssl.sh, cipherlist_3DES: offered"]


def test_without_testssl_the_rest_is_judged_and_that_is_said():
    said = outcome(*SOUND, fact(TESTSSL, None, "testssl.sh is not installed"))
    assert said.outcome is Outcome.PASS
    assert any("not installed" in point.what for point in said.points)


def test_what_was_not_seen_is_no_pass():
    unseen = fact(PROTOCOL, {"protocol": "TLS 1.0"}, "timeout")
    assert outcome().outcome is Outcome.INCONCLUSIVE
    assert outcome(SOUND[0], fact(CERTIFICATE, None, "timeout")).outcome is Outcome.INCONCLUSIVE
    assert outcome(SOUND[0], fact(CERTIFICATE, {"verified": None, "chain": CHAIN})).outcome is Outcome.INCONCLUSIVE
    assert outcome(*SOUND[:2], unseen).outcome is Outcome.INCONCLUSIVE
    assert outcome(*SOUND[:2], unseen, found(("TLS1", "INFO", "not offered"))).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_in_memory_plain_http_is_judged_and_tls_is_open(tmp_path):
    def answer(request: httpx.Request) -> httpx.Response:
        secure = {"Location": f"https://{request.url.host}/"}
        return (
            httpx.Response(301, headers=secure) if request.url.scheme == "http" else httpx.Response(200, text="Rooms")
        )

    assert (await judged(tmp_path / "1", answer, only=["K09"]))["K09"].outcome is Outcome.INCONCLUSIVE
    text = ONE.replace("https://", "http://")
    shown = await judged(tmp_path / "2", lambda request: httpx.Response(200, text="Rooms <![x["), text, only=["K09"])
    assert shown["K09"].outcome is Outcome.FAIL


@settings(max_examples=40)
@given(odd_snapshots([PLAIN, TLS], [CERTIFICATE, PROTOCOL, TESTSSL]))
def test_any_snapshot_is_judged(snapshot):
    said = judge(snapshot, target_of())
    assert said.says
    if not any(isinstance(step, Exchange | Fact) and step.label in (PLAIN, TLS) for step in snapshot.steps):
        assert said.outcome is Outcome.INCONCLUSIVE


def test_it_is_declared_whole():
    assert CHECK.id == "K09"
    assert all((CHECK.procedure, CHECK.remedy, CHECK.mistaken, CHECK.cwe, CHECK.asvs))
