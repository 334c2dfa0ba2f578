from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.config import BadConfig, HubConfig, parse_config

_values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.lists(st.integers()))
_keys = st.one_of(st.sampled_from(HubConfig.__struct_fields__), st.text(max_size=12))


@given(st.dictionaries(_keys, _values))
def test_whatever_is_given_is_a_config_or_a_list_of_complaints(values: dict[str, Any]) -> None:
    try:
        config = parse_config(values)
    except BadConfig:
        return
    assert set(values) <= set(HubConfig.__struct_fields__)
    assert 10 <= config.web_idle_s <= 86400


def test_every_complaint_comes_at_once_and_suggests() -> None:
    with pytest.raises(BadConfig) as bad:
        parse_config({"listen_prot": 1, "listen_port": 70000, "witness_url": "http://x", "web_idle_s": "soon"})
    said = "\n".join(bad.value.complaints)
    for words in ("did you mean listen_port?", "listen_port: must be", "begin with https", "web_idle_s:", "data:"):
        assert words in said


def test_text_from_the_environment_is_read() -> None:
    config = parse_config({"data": "/d", "listen_port": "0", "web_idle_s": "60"})
    assert (config.listen_port, config.web_idle_s) == (0, 60.0)
    assert config.database == "sqlite:////d/hub.db"
    assert config.argon2.memory_kib == 65536


def test_halves_are_refused() -> None:
    for half in ({"certificate": "a"}, {"witness_url": "https://w"}, {"database_url": "postgresql://x"}):
        with pytest.raises(BadConfig):
            parse_config({"data": "d", **half})


def test_what_takes_a_second_person_is_named_by_capabilities() -> None:
    assert parse_config({"data": "d"}).second_person == ()
    for named in (["system", "users"], "system, users"):  # as the file has it, and as the environment has it
        assert parse_config({"data": "d", "second_person": named}).second_person == ("system", "users")
    with pytest.raises(BadConfig) as bad:
        parse_config({"data": "d", "second_person": ["sytem"]})
    assert "no capability sytem" in str(bad.value)


def test_a_directorys_groups_give_weak_roles_alone() -> None:
    good = {"Auditors": ["auditor", "member"], "Desk": ["service-desk"]}
    assert parse_config({"data": "d", "group_roles": good}).group_roles == good
    for role in ("administrator", "security-officer", "provisioner", "nothing"):
        with pytest.raises(BadConfig) as bad:
            parse_config({"data": "d", "group_roles": {"Auditors": ["auditor", role]}})
        assert [role in complaint for complaint in bad.value.complaints] == [True]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"metrics_listen": "127.0.0.1:9464"}, ""),
        ({"metrics_listen": "[::1]:9464"}, ""),
        ({"metrics_listen": "0.0.0.0:9464"}, "of this machine alone"),
        ({"metrics_listen": "metrics.example:9464"}, "of this machine alone"),
        ({"metrics_listen": "0.0.0.0:9464", "metrics_allow_remote": True}, ""),
        ({"metrics_listen": "9464"}, "HOST:PORT"),
        ({"alert_after_s": -1}, "alert_after_s"),
    ],
)
def test_figures_are_for_this_machine_unless_somebody_says_otherwise(values: dict[str, object], said: str) -> None:
    try:
        parse_config({"data": "x", **values})
        found = ""
    except BadConfig as bad:
        found = str(bad)
    assert said in found
    assert bool(said) == bool(found)
