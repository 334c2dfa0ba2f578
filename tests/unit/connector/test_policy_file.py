"""The last good policy holds until another good one is there."""

import pytest

from roomgate.connector.policy_file import PolicyFile
from roomgate.connector.site_policy import BadPolicy, SitePolicy


def looks(file, times=3):
    return [file.look() for _ in range(times)]


def test_without_a_file_the_shipped_one_holds():
    file = PolicyFile(None)
    assert file.policy.rules.name == "meetings-only"
    assert looks(file) == [False] * 3


def test_a_change_is_in_force_once_the_file_is_at_rest(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text('name = "a"\ncedar = "meetings-only"\n')
    file = PolicyFile(path)
    path.write_text('name = "second"\ncedar = "service-desk"\n')

    assert looks(file) == [False, True, False]
    assert file.policy.rules.name == "second"


@pytest.mark.parametrize("bad", ["name = ", 'cedar = "missing.cedar"\n', 'open = ["Everything"]\n'])
def test_a_bad_file_changes_nothing(tmp_path, bad):
    path = tmp_path / "policy.toml"
    path.write_text('name = "a"\n')
    file = PolicyFile(path)
    path.write_text(bad)

    assert looks(file) == [False] * 3
    assert file.policy.rules.name == "a"


def test_the_cedar_file_is_watched_too(tmp_path):
    path, cedar = tmp_path / "policy.toml", tmp_path / "own.cedar"
    path.write_text('name = "own"\ncedar = "own.cedar"\n')
    cedar.write_text(SitePolicy.shipped_text("meetings-only"))
    file = PolicyFile(path)
    before = file.policy.digest
    cedar.write_text(SitePolicy.shipped_text("service-desk"))

    assert True in looks(file)
    assert file.policy.digest != before


def test_it_does_not_start_with_a_bad_one(tmp_path):
    with pytest.raises(BadPolicy):
        PolicyFile(tmp_path / "missing.toml")
