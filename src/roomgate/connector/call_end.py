"""Pure: whether a call failed, from the event with which it ended. The kind alone is kept: never whom it was with.

A device says an origin and that origin's own code: SIP's (RFC 3261 §21) or those of Q.850. Of its words for the cause
few are established, so people's own doings (somebody hung up, was busy, declined) are told by them, and a word
that is not known counts as a failure only where no call came about.
"""

from collections.abc import Mapping
from typing import Any

FINE = "fine"
NOT_FOUND, NOT_ALLOWED, NO_WAY, NO_MEDIA, NETWORK, OTHER = (
    "not-found", "not-allowed", "unreachable", "incompatible", "network", "other",
)  # fmt: skip

_SIP = {
    **dict.fromkeys((404, 410, 414, 416, 484, 485, 604), NOT_FOUND),
    **dict.fromkeys((401, 402, 403, 407, 494), NOT_ALLOWED),
    **dict.fromkeys((408, 430, 477, 481, 503, 504), NO_WAY),
    **dict.fromkeys((415, 420, 421, 488, 493, 606), NO_MEDIA),
}
_SIP_PEOPLE = frozenset({480, 486, 487, 600, 603, 607, 608})  # nobody there, busy, taken back, declined
_Q850 = {
    **dict.fromkeys((1, 2, 3, 22, 28), NOT_FOUND),
    **dict.fromkeys((29, 50, 52, 54, 55, 57), NOT_ALLOWED),
    **dict.fromkeys((20, 25, 27, 102), NO_WAY),
    **dict.fromkeys((58, 65, 69, 70, 79, 88), NO_MEDIA),
    **dict.fromkeys((34, 38, 41, 42, 43, 44, 47, 63, 111, 127), NETWORK),
}
_PEOPLE = ("local", "remote", "busy", "reject", "declin", "noanswer", "cancel")


def judge_end(event: Mapping[str, Any]) -> str:
    """``fine``, the kind of a failure, or "" where it is neither: there was no call, and nothing is broken."""
    origin, cause = str(event.get("CauseOrigin", "")), str(event.get("CauseType", "")).lower()
    code = _number(event.get("CauseCode"))
    kind = _SIP.get(code) or (NETWORK if 500 <= code < 600 else "") if origin == "SIP" else ""
    kind = kind or (_Q850.get(code, "") if origin == "Q850" else "")
    if kind:
        return kind
    if _number(event.get("Duration")) > 0:
        return FINE
    by_people = not cause or any(word in cause for word in _PEOPLE) or (origin == "SIP" and code in _SIP_PEOPLE)
    return "" if by_people else OTHER


def _number(value: Any) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
