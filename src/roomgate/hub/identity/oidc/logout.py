"""What a logout token must say: OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from roomgate.hub.identity.oidc.provider import Provider
from roomgate.hub.identity.oidc.tokens import LEEWAY_S, LOGOUT_EVENT, Header, check_common, moment, text
from roomgate.hub.identity.oidc.unproven import Unproven

FRESH_S = 5 * 60
KEPT = timedelta(days=1)  # far longer than a token is fresh: a clock that is set back opens no door


@dataclass(frozen=True, slots=True)
class SignedOutThere:
    """Whom the provider signed out: one of its sessions, or all of a subject."""

    issuer: str
    subject: str | None
    session: str | None
    jti: str
    until: datetime  # until then we know that it was played


def check_logout_token(claims: Mapping[str, Any], header: Header, provider: Provider, now: datetime) -> SignedOutThere:
    """Raises Unproven. Whether it was played before is the store's to say."""
    if header.typ != "logout+jwt" and not (header.typ in ("", "jwt") and provider.accept_untyped_logout):
        raise Unproven("logout.typ")
    check_common(claims, provider, now)
    issued = moment(claims, "iat")
    if issued < now.timestamp() - FRESH_S - LEEWAY_S:
        raise Unproven("logout.iat")
    if claims.get("events") != {LOGOUT_EVENT: {}}:
        raise Unproven("logout.events")
    if "nonce" in claims:  # else an ID token could pass for one
        raise Unproven("logout.nonce")
    subject = text(claims, "sub") if "sub" in claims else None
    session = text(claims, "sid") if "sid" in claims else None
    if subject is None and session is None:
        raise Unproven("logout.whom")
    return SignedOutThere(provider.issuer, subject, session, text(claims, "jti"), now + KEPT)
