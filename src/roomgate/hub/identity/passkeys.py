"""Passkeys (WebAuthn): what a browser is asked, and whether what it answers holds.

Every passkey can be found without a name (discoverable) and its device knows its owner (user verification): one
gesture shows two factors. The library is loaded when the first one is asked for.
"""

import ipaddress
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from roomgate.errors import BadInput
from roomgate.ids import PersonId

NAME = "Roomgate"
_TIMEOUT_MS = 300_000
_LARGEST_ID = 1_023  # bytes; WebAuthn's own bound


class BadPasskey(BadInput):
    """What the browser answered does not hold: which of the checks it failed is nobody's business."""

    code = "passkey.refused"
    hint = "Try again, with a passkey that was made for this address."


@dataclass(frozen=True, slots=True)
class Party:
    """Who a passkey is for: a name, and the one origin at which it may be shown."""

    id: str
    origin: str

    @property
    def usable(self) -> bool:
        """Browsers take no address of numbers for a name."""
        try:
            ipaddress.ip_address(self.id)
        except ValueError:
            return bool(self.id)
        return False


@dataclass(frozen=True, slots=True)
class NewPasskey:
    credential: str
    public_key: bytes
    counter: int


class _Shown(msgspec.Struct):
    id: str


def party_of(public_url: str, listener: tuple[str, int | None] | None) -> Party:
    """By the hub's public address, else by where it listens; never by what a request calls us."""
    if public_url:
        url = urlsplit(public_url)
        default = url.port in (None, 443)
        host = url.hostname or ""
        return Party(host, f"https://{host}" if default else f"https://{host}:{url.port}")
    host, port = listener or ("", None)
    return Party(host, f"https://{host}" if port in (None, 443) else f"https://{host}:{port}")


def build_creation(party: Party, person: PersonId, name: str, challenge: bytes, known: list[str]) -> bytes:
    """What a browser makes a passkey by, as JSON. ``known``: the credentials that the person has already."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = generate_registration_options(
        rp_id=party.id, rp_name=NAME, user_name=name, user_id=person.encode(), challenge=challenge, timeout=_TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(base64url_to_bytes(id)) for id in known],
    )  # fmt: skip
    return options_to_json(options).encode()


def build_request(party: Party, challenge: bytes) -> bytes:
    """What a browser shows a passkey by, as JSON. It names no credential: it tells nothing of any account.

    Any stranger may ask for it, so it costs next to nothing: the library is not needed.
    """
    asked = {
        "challenge": urlsafe_b64encode(challenge).decode().rstrip("="), "timeout": _TIMEOUT_MS, "rpId": party.id,
        "userVerification": "required",
    }  # fmt: skip
    return msgspec.json.encode(asked)


def check_new(answer: str, party: Party, challenge: bytes) -> NewPasskey:
    """A passkey that was just made; raises BadPasskey."""
    from webauthn import verify_registration_response
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        made = verify_registration_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=party.id, expected_origin=party.origin,
            require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError) as bad:
        raise BadPasskey("This passkey cannot be taken.") from bad
    if len(made.credential_id) > _LARGEST_ID:
        raise BadPasskey("This passkey cannot be taken.")
    return NewPasskey(bytes_to_base64url(made.credential_id), made.credential_public_key, made.sign_count)


def parse_credential(answer: str) -> str:
    """Which passkey is shown, by its own word; raises BadPasskey."""
    try:
        return msgspec.json.decode(answer.encode(), type=_Shown).id
    except (msgspec.MsgspecError, UnicodeEncodeError) as bad:
        raise BadPasskey("This passkey does not open this account.") from bad


def check_shown(answer: str, party: Party, challenge: bytes, public_key: bytes, person: PersonId) -> int:
    """Gives the counter of a passkey that was shown for this challenge, here, by its owner; raises BadPasskey.

    Whether the counter went on is for whoever keeps it: it must be judged where it is written.
    """
    from webauthn import verify_authentication_response
    from webauthn.helpers import parse_authentication_credential_json
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        shown = parse_authentication_credential_json(answer)
        done = verify_authentication_response(
            credential=shown, expected_challenge=challenge, expected_rp_id=party.id, expected_origin=party.origin,
            credential_public_key=public_key, credential_current_sign_count=0, require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError) as bad:
        raise BadPasskey("This passkey does not open this account.") from bad
    if shown.response.user_handle not in (None, person.encode()):
        raise BadPasskey("This passkey does not open this account.")
    return done.new_sign_count
