"""Identifiers: one NewType each, and how each is minted."""

import secrets
from typing import NewType

SiteId = NewType("SiteId", str)
ConnectorId = NewType("ConnectorId", str)
DeviceId = NewType("DeviceId", str)
RoomId = NewType("RoomId", str)
RoomName = NewType("RoomName", str)
PersonId = NewType("PersonId", str)  # people and service accounts: a principal's id
TokenId = NewType("TokenId", str)
GrantId = NewType("GrantId", str)
LockId = NewType("LockId", str)
RequestId = NewType("RequestId", str)  # for a grant, until a second person answers
AskId = NewType("AskId", str)
OrderId = NewType("OrderId", str)
SessionId = NewType("SessionId", str)  # one person's live connection to one room
WebSessionId = NewType("WebSessionId", str)
FactorId = NewType("FactorId", str)
InvitationId = NewType("InvitationId", str)
EffectId = NewType("EffectId", str)

_ALPHABET = b"0123456789abcdefghjkmnpqrstvwxyz"  # no i, l, o, u: read aloud without error
_SPELLED = bytes(_ALPHABET[byte & 31] for byte in range(256))


def mint(prefix: str) -> str:
    """A new identifier such as ``grant_4k2v…``: 100 random bits, told apart by its prefix."""
    return f"{prefix}_{secrets.token_bytes(20).translate(_SPELLED).decode()}"
