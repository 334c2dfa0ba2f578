"""How an application signs in at Microsoft's identity platform: with a secret, or better with a certificate.

The certificate's private key never leaves this machine: what is sent is a statement signed with it, good for minutes
(learn.microsoft.com/entra/identity-platform/certificate-credentials: PS256, ``x5t#S256``, the token endpoint as
audience, five to ten minutes at most).
"""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from roomgate.errors import BadInput
from roomgate.meetings.calendars.base import CalendarRefused
from roomgate.meetings.calendars.bearer import TokenRequest, check_https, load_secret

ASSERTED_S = 300
_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_VALUE_HINT = "Put the secret's value, not its id, alone into the file."
_CERTIFICATE_HINT = "The file is PEM: the private key without a passphrase, an RSA one, and the certificate."


@dataclass(frozen=True, slots=True)
class GraphSignIn:
    """``login`` and ``graph`` are the cloud's own addresses, https://… without a slash at the end.

    Just one of ``secret_file`` and ``certificate_file`` is given.
    """

    tenant: str
    client: str
    login: str
    graph: str
    secret_file: Path | None = None
    certificate_file: Path | None = None

    def __post_init__(self) -> None:
        if (self.secret_file is None) == (self.certificate_file is None):
            raise BadInput("the application needs a secret file or a certificate file, one of the two")
        check_https("login", self.login)
        check_https("graph", self.graph)
        for what, name in (("tenant", self.tenant), ("client", self.client)):
            if not name or not all(sign.isascii() and (sign.isalnum() or sign in "-.") for sign in name):
                raise BadInput(f"the {what} is an id such as 00000000-0000-0000-0000-000000000000")

    @property
    def endpoint(self) -> str:
        return f"{self.login}/{self.tenant}/oauth2/v2.0/token"

    def load_request(self, now: datetime) -> TokenRequest:
        """Raises `CalendarRefused` for a file that cannot be used."""
        form = {"client_id": self.client, "grant_type": "client_credentials", "scope": f"{self.graph}/.default"}
        if self.secret_file is not None:
            form["client_secret"] = load_secret(self.secret_file, _VALUE_HINT)
        elif self.certificate_file is not None:
            pem = load_secret(self.certificate_file, _CERTIFICATE_HINT)
            form["client_assertion_type"] = _TYPE
            form["client_assertion"] = build_assertion(pem, self.client, self.endpoint, now, secrets.token_urlsafe(16))
        return TokenRequest(self.endpoint, form)


def build_assertion(pem: str, client: str, endpoint: str, now: datetime, name: str) -> str:
    """The signed statement; ``name`` is used once. Raises `CalendarRefused` where the PEM holds no usable key."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import RSAKey

    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        private = load_pem_private_key(pem.encode(), password=None)
        if private.public_key() != certificate.public_key():
            raise ValueError("the key is another's")
        key = RSAKey.import_key(private)  # type: ignore[arg-type]  # what is no RSA key raises
        at = int(now.timestamp())
        thumbprint = base64.urlsafe_b64encode(certificate.fingerprint(SHA256())).rstrip(b"=").decode()
        claims = {
            "aud": endpoint, "iss": client, "sub": client, "jti": name, "nbf": at, "iat": at, "exp": at + ASSERTED_S,
        }  # fmt: skip
        return jwt.encode({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint}, claims, key, algorithms=["PS256"])
    except (ValueError, TypeError, AttributeError, UnsupportedAlgorithm, JoseError) as bad:
        raise CalendarRefused("the application's certificate file cannot be used", hint=_CERTIFICATE_HINT) from bad
