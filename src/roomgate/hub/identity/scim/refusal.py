"""Our refusals in SCIM's own form (RFC 7644, section 3.12): for the door, and for whatever stands behind it."""

from dataclasses import dataclass

import msgspec

from roomgate.hub.http.problem import build_refusal

MEDIA_TYPE = "application/scim+json"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
_WORDS = {400: "invalidValue", 409: "uniqueness"}  # the standard's own, for what of ours there is one


class ScimError(msgspec.Struct, frozen=True, rename="camel"):
    """What a refusal says. ``status`` is a text: so the standard wants it."""

    schemas: tuple[str, ...]
    status: str
    detail: str
    scim_type: str | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class ScimRefusal:
    """A refusal, ready to be sent."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def build_scim_refusal(fault: Exception) -> ScimRefusal:
    """From one of our errors, by the table that all of the hub has. One that is not ours says nothing of itself."""
    plain = build_refusal(fault)
    said = " ".join(text for text in (plain.problem.detail, plain.problem.hint) if text)
    made = build_scim_error(plain.status, said or plain.problem.title, _WORDS.get(plain.status))
    return ScimRefusal(made.status, made.body, plain.headers)


def build_scim_error(status: int, detail: str, kind: str | None = None) -> ScimRefusal:
    error = ScimError((ERROR,), str(status), detail[:500], kind or msgspec.UNSET)
    return ScimRefusal(status, msgspec.json.encode(error))
