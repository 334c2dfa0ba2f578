"""Every complaint at once, the safe side of every bound, and nothing unknown."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.connector.config import BadConfig, ConnectorConfig, parse_config

BASE = Path("/srv/site")
LEAST = {"data": "data", "hub": "https://hub.example.com:8443/", "devices": "devices.toml"}


def test_the_least_is_enough_and_paths_are_beside_the_file():
    config = parse_config(LEAST, BASE)

    assert config.data == BASE / "data"
    assert config.hub == "https://hub.example.com:8443"
    assert config.socket == BASE / "data" / "connector.sock"
    assert config.policy is None
    assert (config.proof_live_s, config.proof_idle_s) == (25.0, 600.0)


def test_every_complaint_comes_at_once_and_a_typo_gets_the_right_name():
    with pytest.raises(BadConfig) as caught:
        parse_config({"hbu": "https://x", "proof_live_s": 60, "proxy": "ftp://p", "devices": 3}, BASE)

    said = str(caught.value)
    assert "hbu: no such setting; did you mean hub?" in said
    assert "proof_live_s: takes seconds from 1 to 25" in said
    assert "proxy:" in said
    assert "devices:" in said
    assert "data: is missing" in said


def test_the_table_of_bookings_is_read_with_the_rest():
    config = parse_config(LEAST | {"bookings": {"early_join_min": 7}}, BASE)
    assert config.bookings.house.early.total_seconds() == 420
    with pytest.raises(BadConfig, match=r"bookings: early_join_min: takes whole minutes"):
        parse_config(LEAST | {"bookings": {"early_join_min": 999}}, BASE)


@pytest.mark.parametrize(
    "change",
    [
        {"hub": "http://hub.example.com"},
        {"hub": "https://"},
        {"hub": "https://user:secret@hub.example.com"},
        {"heartbeat_s": 6},
        {"proof_live_s": 26},
        {"proof_live_s": True},
        {"proof_idle_s": "soon"},
        {"witness_url": "https://witness.example.com"},
        {"meeting_domains": ["https://example.com"]},
        {"meeting_domains": 3},
        {"time_zone": "Europe/Atlantis"},
        {"time_zone": 1},
        {"rules": 3},
        {"measures": ["who"]},
        {"tells": ["who"]},
        {"metrics_listen": "0.0.0.0:9465"},
        {"metrics_listen": "127.0.0.1:9465", "metrics_allow_remote": "maybe"},
        {"measures": [[]]},
        {"scan_networks": ["10.0.8.1/24"]},
        {"scan_networks": 3},
        {"scan_networks": [3]},
        {"data": ""},
        {"backup_every_h": 0.5},
        {"backup_every_h": False},
        {"backup_keep": 0},
        {"backup_keep": 2.5},
    ],
)
def test_what_would_break_a_promise_is_refused(change):
    with pytest.raises(BadConfig):
        parse_config({**LEAST, **change}, BASE)


def test_backups_come_by_the_day_and_can_be_left_to_people():
    assert (parse_config(LEAST, BASE).backup_every_h, parse_config(LEAST, BASE).backup_keep) == (24.0, 7)
    assert parse_config({**LEAST, "backup_every_h": "0"}, BASE).backup_every_h == 0
    assert parse_config({**LEAST, "backup_keep": "3"}, BASE).backup_keep == 3


def test_the_environment_has_only_texts():
    config = parse_config({**LEAST, "proof_live_s": "10", "meeting_domains": "Example.com, meet.example.org.",
                           "measures": "people, temperature", "tells": "", "metrics_listen": "0.0.0.0:9465",
                           "metrics_allow_remote": "true"}, BASE)  # fmt: skip

    assert config.proof_live_s == 10.0
    assert config.meeting_domains == ("example.com", "meet.example.org")
    assert config.measures == ("people", "temperature")
    assert (config.tells, config.metrics_allow_remote) == ((), True)


@given(
    st.dictionaries(
        st.sampled_from(
            [
                *LEAST,
                "proxy",
                "hub_ca",
                "heartbeat_s",
                "meeting_domains",
                "measures",
                "tells",
                "metrics_listen",
                "rubbish",
            ]
        ),
        st.none() | st.integers() | st.text() | st.floats() | st.lists(st.text()) | st.booleans(),
    )
)
def test_rubbish_raises_only_our_error(settings):
    with contextlib.suppress(BadConfig):
        assert isinstance(parse_config(settings, BASE), ConnectorConfig)


def test_nothing_may_be_scanned_but_what_is_named():
    assert parse_config(LEAST, BASE).scan_networks == ()
    for named in (["10.0.8.0/24", "fd00::/64"], "10.0.8.0/24, fd00::/64"):
        assert parse_config({**LEAST, "scan_networks": named}, BASE).scan_networks == ("10.0.8.0/24", "fd00::/64")
