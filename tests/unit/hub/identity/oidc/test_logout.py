from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from roomgate.hub.identity.oidc.logout import FRESH_S, check_logout_token
from roomgate.hub.identity.oidc.provider import Provider
from roomgate.hub.identity.oidc.tokens import LEEWAY_S, LOGOUT_EVENT, Header
from roomgate.hub.identity.oidc.unproven import Unproven

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
PROVIDER = Provider(name="corp", words="C", issuer="https://i", client_id="c", client_secret_file="s")
HEADER = Header("ES256", None, "logout+jwt")
RIGHT: dict[str, Any] = {
    "iss": "https://i", "aud": "c", "jti": "j", "iat": NOW.timestamp(), "exp": NOW.timestamp() + 9, "sid": "i",
    "events": {LOGOUT_EVENT: {}},
}  # fmt: skip


def test_it_names_a_session_or_a_subject() -> None:
    there = check_logout_token(RIGHT, HEADER, PROVIDER, NOW)
    assert (there.issuer, there.subject, there.session, there.jti) == ("https://i", None, "i", "j")
    assert check_logout_token(RIGHT | {"sub": "s"}, HEADER, PROVIDER, NOW).subject == "s"
    # It is remembered for longer than it could be played, whatever the two clocks say.
    assert there.until > NOW + timedelta(seconds=2 * (FRESH_S + 2 * LEEWAY_S))


def test_it_is_fresh() -> None:
    for age, good in (
        (FRESH_S + LEEWAY_S, True),
        (FRESH_S + LEEWAY_S + 1, False),
        (-LEEWAY_S, True),
        (-LEEWAY_S - 1, False),
    ):
        claims = RIGHT | {"iat": NOW.timestamp() - age}
        if good:
            assert check_logout_token(claims, HEADER, PROVIDER, NOW).jti == "j"
        else:
            with pytest.raises(Unproven):
                check_logout_token(claims, HEADER, PROVIDER, NOW)
