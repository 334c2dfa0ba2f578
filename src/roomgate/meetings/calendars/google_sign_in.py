"""How a Google service account signs in: with a statement signed by its key, good for an hour at most.

The account acts for itself (developers.google.com/identity/protocols/oauth2/service-account): it sees the calendars
that were shared with it, and no others. Acting for other people, domain-wide delegation, is left out on purpose. The
address in the key file is not followed either: where the statement goes is not for a file to say.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm

from roomgate.meetings.calendars.base import CalendarRefused
from roomgate.meetings.calendars.bearer import TokenRequest, check_https, load_secret

TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105  (an address, no secret)
READ = "https://www.googleapis.com/auth/calendar.events.readonly"
WRITE = "https://www.googleapis.com/auth/calendar.events"
ASSERTED_S = 600
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_HINT = "The file is the service account's key as Google hands it out: JSON, of type service_account."


class _Key(msgspec.Struct):
    type: str
    client_email: str
    private_key: str
    private_key_id: str = ""


@dataclass(frozen=True, slots=True)
class GoogleSignIn:
    """``writes``: the account may also write; otherwise it asks for no more than to read."""

    key_file: Path
    writes: bool = False
    token_url: str = TOKEN_URL

    def __post_init__(self) -> None:
        check_https("token_url", self.token_url)

    def load_request(self, now: datetime) -> TokenRequest:
        """Raises `CalendarRefused` for a file that cannot be used."""
        scope = WRITE if self.writes else READ
        assertion = build_assertion(load_secret(self.key_file, _HINT), scope, self.token_url, now)
        return TokenRequest(self.token_url, {"grant_type": _GRANT, "assertion": assertion})


def build_assertion(key_file: str, scope: str, token_url: str, now: datetime) -> str:
    """The signed statement. Raises `CalendarRefused` where the file holds no usable key."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import RSAKey

    try:
        given = msgspec.json.decode(key_file, type=_Key)
        if given.type != "service_account":
            raise ValueError("another kind of key")
        key = RSAKey.import_key(given.private_key)
        at = int(now.timestamp())
        header = {"alg": "RS256", "typ": "JWT"} | ({"kid": given.private_key_id} if given.private_key_id else {})
        claims = {"iss": given.client_email, "scope": scope, "aud": token_url, "iat": at, "exp": at + ASSERTED_S}
        return jwt.encode(header, claims, key, algorithms=["RS256"])
    except (
        msgspec.MsgspecError,
        RecursionError,
        ValueError,
        TypeError,
        AttributeError,
        UnsupportedAlgorithm,
        JoseError,
    ) as bad:
        raise CalendarRefused("the service account's key file cannot be used", hint=_HINT) from bad
