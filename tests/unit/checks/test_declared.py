"""What is declared: tiers and their words, looks that say what they need, checks that lack nothing and stay apart."""

import asyncio
import re
from dataclasses import FrozenInstanceError, replace

import msgspec
import pytest

from roomgate.checks.catalogue import all_checks
from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.outcome import passed
from roomgate.checks.run import Wish, why_not
from roomgate.checks.score import score_of
from roomgate.checks.snapshot import Snapshot
from support.checks import AUTHORISED, ONE, target_of

# As bare as a target file can be, and one that names things which nobody explains.
BARE = [
    ONE,
    ONE + '[[accounts]]\nname = "ada"\n',
    ONE + '[[links]]\nurl = "https://target.example/d/1"\n',
    ONE + "[permitted]\nintrusive = true\nroom = 'Test room'\n",
    f'[target]\nname = "Only an address"\nurls = ["http://192.0.2.1:8080/x"]\n{AUTHORISED}',
]
UNSCORED = {"K29", "K30"}  # no contact, and a figure: neither lets anybody in
LOOKS = {check.look.id: check.look for check in all_checks()}
each = pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.id)


async def nothing(kit):
    """Looks at nothing."""


def made(look: Look, **fields) -> Check:
    return replace(all_checks()[0], id="X01", look=look, judge=lambda snapshot, target: passed("Well."), **fields)


def test_a_look_lacks_nothing_and_is_harmless_unless_it_says_so():
    look = Look("one", Tier.OUTSIDE, nothing)
    assert look.needs(target_of()) == ""
    assert (look.intrusive, look.quick, look.last) == (False, True, False)


def test_tiers_let_into_ever_more_and_each_has_its_words():
    assert sorted(Tier) == [Tier.OUTSIDE, Tier.ACCOUNTS, Tier.SITE]
    assert len({tier.words for tier in Tier}) == len(Tier)
    assert Tier.SITE.words == "with site access"


@pytest.mark.parametrize("tier", Tier)
def test_a_check_is_of_the_tier_of_its_look(tier):
    assert made(Look("one", tier, nothing)).tier is tier


def test_what_is_declared_stays_as_it_is():
    with pytest.raises(FrozenInstanceError):
        all_checks()[0].weight = Weight.INFO  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        all_checks()[0].look.intrusive = False  # type: ignore[misc]


@pytest.mark.parametrize("text", BARE)
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_what_a_bare_target_file_lacks_ends_a_sentence_and_is_never_an_error(look, text):
    lacks = look.needs(target_of(text))
    if lacks:  # it goes on after "Not looked at: "
        assert re.fullmatch(r"[a-z][^\n]{10,300}\.", lacks), lacks
        assert why_not(look, target_of(text), Wish(Tier.SITE, intrusive=True)).endswith((lacks, "in the target file."))


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_look_of_a_higher_tier_or_an_intrusive_one_is_not_taken_unasked(look):
    target = target_of(BARE[3])
    if look.tier > Tier.OUTSIDE:
        assert "was outside only" in why_not(look, target, Wish())
    if look.intrusive:
        assert "--allow-intrusive" in why_not(look, target, Wish(Tier.SITE))
    if not look.quick:
        assert "quick" in why_not(look, target, Wish(Tier.SITE, quick=True, intrusive=True))


def test_looks_run_as_coroutines_and_have_ids_that_can_be_file_names():
    assert all(asyncio.iscoroutinefunction(look.run) for look in LOOKS.values())
    assert all(re.fullmatch(r"[a-z][a-z-]*", id) for id in LOOKS)


@each
def test_a_check_is_complete(check: Check):
    assert re.fullmatch(r"K\d\d", check.id)
    assert check.title[0].isupper()
    for text in (check.procedure, check.remedy, check.mistaken):
        assert text == text.strip()
        assert "  " not in text
        assert text.endswith(".")
    if check.vector or (check.weight is not Weight.INFO and check.id not in UNSCORED):
        assert check.vector.startswith("CVSS:4.0/")
        assert 0 < score_of(check.vector).base <= 10
    assert all(0 < one < 2000 for one in check.cwe)
    assert all(re.fullmatch(r"([1-9]|1[0-7])\.\d{1,2}\.\d{1,2}", one) for one in check.asvs)  # ASVS 5.0: V1 to V17
    for numbers in (check.cwe, check.asvs, check.sources):
        assert len(set(numbers)) == len(numbers)


@each
def test_a_judge_needs_only_a_snapshot_and_a_target(check: Check):
    shot, target = Snapshot(look=check.look.id), target_of()
    assert check.judge(shot, target) == check.judge(shot, target)


@each
def test_options_are_a_table_that_knows_its_own_words_and_stays_as_it_is(check: Check):
    if check.options is None:
        return
    assert check.options.__struct_config__.frozen
    assert check.options.__struct_config__.forbid_unknown_fields
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"no-such-word": 1}, check.options)
