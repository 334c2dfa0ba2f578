import pytest

from roomgate.meetings.rules.catalogue import shipped
from roomgate.meetings.rules.folder import MOST_PACKS, build_rules, load_rules
from roomgate.meetings.rules.form import BadPack
from support.packs import OWN


def test_an_empty_folder_leaves_the_release_s_packs(tmp_path):
    (tmp_path / "notes.txt").write_text("not a pack")
    rules = load_rules(tmp_path)
    assert (rules.own, rules.passed_over) == ((), ())
    assert rules.catalogue.packs == shipped().packs


def test_a_pack_of_one_s_own_is_added(tmp_path):
    (tmp_path / "bridge.toml").write_text(OWN)
    rules = load_rules(tmp_path)
    assert [pack.service for pack in rules.own] == ["bridge"]
    assert rules.catalogue.find("bridge") is rules.own[0]


def test_a_higher_version_takes_the_place_of_the_release_s_and_another_is_passed_over():
    zoom = OWN.replace('"bridge"', '"zoom"')
    high = build_rules([("zoom.toml", zoom.replace("version = 1", "version = 99").encode())])
    assert [pack.version for pack in high.catalogue.packs if pack.service == "zoom"] == [99]
    low = build_rules([("zoom.toml", zoom.encode())])
    assert low.own == ()
    assert "version 1 is not used" in low.passed_over[0]
    assert low.catalogue.find("zoom") is shipped().find("zoom")


def test_everything_that_is_wrong_is_told_together():
    files = [
        ("a.toml", OWN.encode()),
        ("b.toml", OWN.encode()),
        ("c.toml", b"rubbish"),
        ("d.toml", OWN.replace('"bridge"', '"other"').replace('join = "4711', 'join = "4712').encode()),
    ]
    with pytest.raises(BadPack) as refused:
        build_rules(files)
    told = refused.value.message
    assert "b.toml: a.toml is for bridge too" in told
    assert "c.toml: is no TOML" in told
    assert "other.toml: the sample 'a number'" in told


def test_a_folder_that_cannot_be_read_or_is_no_small_one(tmp_path):
    with pytest.raises(BadPack, match="cannot be read"):
        load_rules(tmp_path / "none")
    for number in range(MOST_PACKS + 1):
        (tmp_path / f"{number}.toml").write_text("")
    with pytest.raises(BadPack, match="more than 50"):
        load_rules(tmp_path)
