"""Each rule bites where it should, and what is not known is never called fine."""

from typing import Any

import pytest

from roomgate.hub.security.advice import (
    NOT_READ,
    RULES,
    Finding,
    Severity,
    judge_certificates,
    judge_ciphers,
    judge_settings,
    judge_slots,
    judge_users,
    sorted_findings,
)
from roomgate.hub.security.reading import CertificateRow, SlotRow, UserRow
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue


def settings(**wanted: str | int) -> dict[str, Any]:
    """All settings that rules look at, harmless but for those named (with __ for a space)."""
    document: dict[str, Any] = {}
    for words in {rule.setting for rule in RULES} | {rule.when[0] for rule in RULES if rule.when}:
        *above, last = words.split()
        node = document
        for word in above:
            node = node.setdefault(word, {})
        node[last] = wanted.get(words.replace(" ", "__"), "harmless")
    return document


def found(document: Any) -> dict[str, Severity]:
    return {one.id: one.severity for one in judge_settings(document)}


def test_a_device_with_harmless_settings_gets_no_advice() -> None:
    assert found(settings()) == {}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_bites_and_says_what_to_do(rule: Any) -> None:
    wanted: dict[str, str | int] = {rule.setting.replace(" ", "__"): rule.values[0]}
    if rule.when:
        assert rule.id not in found(settings(**wanted))
        wanted[rule.when[0].replace(" ", "__")] = rule.when[1][0]
    assert found(settings(**wanted))[rule.id] is rule.severity
    assert (rule.title[-1], rule.do[-1]) == (".", ".")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_is_about_a_setting_that_there_is(rule: Any) -> None:
    leaves = Catalogue.shipped().leaves(Path(("Configuration", *rule.setting.split())))
    assert len(leaves) == 1


@pytest.mark.parametrize("read", [None, {}, {"NetworkServices": None}, "rubbish", []])
def test_settings_that_were_not_read_are_unknown(read: Any) -> None:
    said = found(read)
    assert set(said) == {rule.id for rule in RULES}
    assert set(said.values()) == {Severity.UNKNOWN}


def test_a_condition_that_was_not_read_is_unknown_too() -> None:
    document = settings(SerialPort__LoginRequired="Off")
    del document["SerialPort"]["Mode"]
    assert found(document) == {"serial-login": Severity.UNKNOWN}


def user(name: str = "ada", **more: Any) -> UserRow:
    told = {"roles": (), "active": "True", "blocked": "False", "failed": 0, "last_login": "", "needs_passphrase": False}
    return UserRow(name, ours=False, **{**told, **more})


@pytest.mark.parametrize(
    ("row", "ids"),
    [
        (user(), []),
        (user("admin", needs_passphrase=True), ["default-account"]),
        (user(needs_passphrase=True), ["old-passphrase"]),
        (user(blocked="True"), ["guessing"]),
        (user(failed=3), ["guessing"]),
        (user("admin", needs_passphrase=True, active="False"), []),
    ],
)
def test_accounts(row: UserRow, ids: list[str]) -> None:
    assert [one.id for one in judge_users([row])] == ids


@pytest.mark.parametrize(
    ("days", "severity"),
    [(None, [Severity.UNKNOWN]), (-1, [Severity.BAD]), (0, [Severity.WARN]), (29, [Severity.WARN]), (30, [])],
)
def test_certificates(days: int | None, severity: list[Severity]) -> None:
    row = CertificateRow("ab", "CN=oslo", "", "", None, days)
    assert [one.severity for one in judge_certificates([row])] == severity


def test_listeners_and_ciphers() -> None:
    slots = [SlotRow("1", "http://a.example/", "OK", ()), SlotRow("2", "https://b.example/", "OK", ())]
    assert [(one.id, one.severity) for one in judge_slots(slots)] == [
        ("listener-clear", Severity.BAD),
        ("listener", Severity.NOTE),
    ]
    assert list(judge_ciphers(["TLS_AES_128_GCM_SHA256"])) == []
    (weak,) = judge_ciphers(["ECDHE-RSA-AES128-GCM-SHA256", "RC4-SHA", "DES-CBC3-SHA"])
    assert (weak.severity, weak.seen) == (Severity.BAD, "RC4-SHA, DES-CBC3-SHA")


def test_a_part_that_was_not_read_is_unknown() -> None:
    said = [*judge_users(None), *judge_certificates(None), *judge_slots(None), *judge_ciphers(None), *judge_ciphers([])]
    assert {(one.severity, one.do) for one in said} == {(Severity.UNKNOWN, NOT_READ)}
    assert len(said) == 5


def test_the_worst_comes_first() -> None:
    mixed = [
        Finding(one.value, one, "", "", "") for one in (Severity.NOTE, Severity.UNKNOWN, Severity.BAD, Severity.WARN)
    ]
    assert [one.id for one in sorted_findings(mixed)] == ["bad", "warn", "note", "unknown"]
