import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomgate.checks.catalogue import all_checks
from roomgate.checks.doubles.flaws import NONE
from roomgate.checks.doubles.scene import build_scene
from roomgate.checks.doubles.target_file import Place, build_tables, write_toml
from roomgate.checks.pace import HandTime
from support.checks import target_of
from support.double import double_in_memory

plain = st.one_of(st.booleans(), st.integers(-(2**53), 2**53), st.text(st.characters(exclude_categories=["Cs"])))
values = st.recursive(
    plain,
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text("abc", min_size=1), one, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40)
@given(st.dictionaries(st.text("abc-_", min_size=1), values, max_size=4))
def test_what_is_written_reads_as_it_was(table):
    assert tomllib.loads(write_toml({"one": table, "many": [table, table]})) == {"one": table, "many": [table, table]}


@pytest.mark.asyncio
async def test_no_check_lacks_anything():
    async with double_in_memory(NONE) as double:
        lacking = {check.id: check.look.needs(double.target) for check in all_checks()}
    # A pretended device has no xAPI; a simulated one has.
    assert {id for id, said in lacking.items() if said} == {"K26", "K28"}


@pytest.mark.asyncio
async def test_with_a_device_that_answers_none_lacks_anything_at_all():
    scene = await build_scene(NONE, HandTime())
    device = {"url": "https://127.0.0.1:9", "user": "owner", "password": "word-4711", "golden": "golden"}
    device["certificate_sha256"] = "ab" * 32
    place = Place("https://localhost:9", "ca.pem", "S1", ("https://127.0.0.1:9",), device, 7, "daily")
    target = target_of(write_toml(build_tables(scene, place)))
    assert not [check.id for check in all_checks() if check.look.needs(target)]
    assert target.hosts == {"localhost", "127.0.0.1", ""} - {""}
