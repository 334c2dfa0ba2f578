"""How a connector and a hub come to pin each other: one question, one answer, JSON over HTTPS.

Theory: the operator carries two things from the hub's administrator to the site: a one-time code and the
fingerprint of the hub's key. The connector's proof binds its key to that code and that hub, so nobody can
enrol a key that is not theirs, nor pass a proof on to another hub. The hub's answer is signed by the key
whose fingerprint was typed, over all that the connector goes on to rely on, so a proxy that opens the outer
TLS can enrol itself at most, and then the fingerprint that the administrator must confirm is the wrong one.
"""

import hashlib
import hmac

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from roomgate.errors import BadInput, RoomgateError
from roomgate.link.identity import CONNECTOR, HUB, BadIdentity, build_certificate, parse_certificate
from roomgate.link.signing import ENROL, ENROLLED, BadSignature, fingerprint, sign, verify

MAX_BODY = 16 * 1024  # bytes, of the question and of the answer


class EnrolmentRefused(RoomgateError):
    """Wrong code, used code, code whose time is over, or a proof that does not fit: one answer for all."""

    code = "enrolment.refused"
    hint = "Ask the hub's administrator for a fresh code, and compare the hub's fingerprint."


class WrongHub(RoomgateError):
    """What answered is not the hub whose fingerprint was given; nothing was kept."""

    code = "enrolment.wrong-hub"
    hint = "Compare the fingerprint with the hub's administrator; something may stand between you and the hub."


class EnrolAsk(msgspec.Struct, frozen=True):
    """The connector's question: POST /enrol."""

    code: str
    public_key: bytes  # raw Ed25519; base64 in JSON
    certificate: str  # PEM
    name: str
    software: str
    proof: bytes

    def signed_part(self, hub_fingerprint: str) -> bytes:
        said = [code_hash(self.code), normal(hub_fingerprint), self.public_key, self.certificate, self.name]
        return msgspec.msgpack.encode([*said, self.software])


class EnrolAnswer(msgspec.Struct, frozen=True):
    """The hub's answer. The connector is enrolled, and refused at /link until an administrator confirms it."""

    connector: str
    site: str
    hub_public_key: bytes
    hub_certificate: str  # PEM
    signature: bytes

    def signed_part(self, ask: EnrolAsk) -> bytes:
        ours = [self.connector, self.site, self.hub_public_key, self.hub_certificate]
        return msgspec.msgpack.encode([*ours, code_hash(ask.code), ask.public_key])


def normal(text: str) -> str:
    """A code or a fingerprint without what people add or change when they copy it."""
    return "".join(c for c in text.casefold() if c.isascii() and c.isalnum())


def code_hash(code: str) -> str:
    """What the hub keeps of a one-time code: SHA-256 in hex. Codes are random and short-lived, so plain is enough."""
    return hashlib.sha256(b"roomgate enrolment code\0" + normal(code).encode()).hexdigest()


def build_ask(key: Ed25519PrivateKey, code: str, hub_fingerprint: str, name: str, software: str) -> EnrolAsk:
    certificate = build_certificate(key, CONNECTOR).decode("ascii")
    bare = EnrolAsk(code, key.public_key().public_bytes_raw(), certificate, name, software, b"")
    return msgspec.structs.replace(bare, proof=sign(key, ENROL, bare.signed_part(hub_fingerprint)))


def parse_ask(raw: bytes) -> EnrolAsk:
    """Raises BadInput. Nothing in it is believed before `check_ask`."""
    try:
        if len(raw) > MAX_BODY:
            raise BadInput("The enrolment is too long.")
        ask = msgspec.json.decode(raw, type=EnrolAsk)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as bad:
        raise BadInput("This is no enrolment.") from bad
    if not (0 < len(ask.code) <= 64 and 0 < len(ask.name) <= 120 and len(ask.software) <= 120):
        raise BadInput("The enrolment's fields are empty or too long.")
    return ask


def check_ask(ask: EnrolAsk, hub_key: Ed25519PublicKey) -> Ed25519PublicKey:
    """The connector's key, which made this proof for this hub; raises EnrolmentRefused. Say no more than that."""
    try:
        public = parse_certificate(ask.certificate.encode(), CONNECTOR)
        if public.public_bytes_raw() != ask.public_key:
            raise EnrolmentRefused("The enrolment was refused.")
        verify(public, ENROL, ask.signed_part(fingerprint(hub_key)), ask.proof)
    except (BadIdentity, BadSignature) as bad:
        raise EnrolmentRefused("The enrolment was refused.") from bad
    return public


def build_answer(hub_key: Ed25519PrivateKey, ask: EnrolAsk, connector: str, site: str) -> EnrolAnswer:
    public = hub_key.public_key().public_bytes_raw()
    bare = EnrolAnswer(connector, site, public, build_certificate(hub_key, HUB).decode("ascii"), b"")
    return msgspec.structs.replace(bare, signature=sign(hub_key, ENROLLED, bare.signed_part(ask)))


def parse_answer(raw: bytes) -> EnrolAnswer:
    """Raises WrongHub for what no hub of ours would say."""
    try:
        return msgspec.json.decode(raw, type=EnrolAnswer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as bad:
        raise WrongHub("The answer is not a hub's.") from bad


def check_answer(answer: EnrolAnswer, ask: EnrolAsk, hub_fingerprint: str) -> Ed25519PublicKey:
    """The hub's key to be pinned; raises WrongHub unless it is the one whose fingerprint was given."""
    try:
        public = parse_certificate(answer.hub_certificate.encode(), HUB)
        if public.public_bytes_raw() != answer.hub_public_key:
            raise WrongHub("The hub's certificate is not of the hub's key.")
        if not hmac.compare_digest(normal(fingerprint(public)), normal(hub_fingerprint)):
            raise WrongHub("The hub's key is not the one whose fingerprint was given.")
        verify(public, ENROLLED, answer.signed_part(ask), answer.signature)
    except (BadIdentity, BadSignature) as bad:
        raise WrongHub("The hub's answer does not hold.") from bad
    return public
