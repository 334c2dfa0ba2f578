"""One-time code → the connector's own key, and the hub's pinned. See `roomgate.link.enrolment` for the why."""

import asyncio
import os
import shutil
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from roomgate import __version__
from roomgate.connector.outer_tls import build_context, parse_hub
from roomgate.errors import Conflict, Unreachable
from roomgate.ids import ConnectorId, SiteId
from roomgate.link.enrolment import (
    MAX_BODY,
    EnrolAnswer,
    EnrolAsk,
    EnrolmentRefused,
    build_ask,
    check_answer,
    parse_answer,
)
from roomgate.link.identity import (
    CONNECTOR,
    HUB,
    BadIdentity,
    build_certificate,
    build_private_pem,
    parse_certificate,
    parse_private_pem,
)
from roomgate.link.signing import fingerprint

SOFTWARE = f"roomgate {__version__}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this connector is, and whose orders it takes."""

    connector: ConnectorId
    site: SiteId
    hub: str  # https://…
    key: Ed25519PrivateKey
    hub_certificate: bytes  # PEM; pinned

    @property
    def certificate(self) -> bytes:
        return build_certificate(self.key, CONNECTOR)

    @property
    def hub_key(self) -> Ed25519PublicKey:
        return parse_certificate(self.hub_certificate, HUB)

    @property
    def fingerprint(self) -> str:
        """For the administrator to compare before confirming this connector."""
        return fingerprint(self.key.public_key())

    @property
    def origin(self) -> str:
        """The name of this connector's record, in its checkpoints."""
        return f"roomgate.connector/{self.connector}"


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    connector: str
    site: str
    hub: str


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """A redirect is an error: the hub is where the operator said."""
        return


def _fetch_answer(hub: str, ask: EnrolAsk, ca_pem: bytes | None, proxy: str | None, timeout_s: float) -> EnrolAnswer:
    request = urllib.request.Request(
        f"https://{parse_hub(hub)}/enrol",
        data=msgspec.json.encode(ask),
        headers={"Content-Type": "application/json", "User-Agent": SOFTWARE},
        method="POST",
    )
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({"https": proxy} if proxy else {}),  # never the environment's
        urllib.request.HTTPSHandler(context=build_context(ca_pem)),
        _NoRedirect(),
    )
    try:
        with opener.open(request, timeout=timeout_s) as response:
            raw = response.read(MAX_BODY)
    except urllib.error.HTTPError as bad:
        with bad:
            if bad.code == 403:
                raise EnrolmentRefused("The hub refused the enrolment.") from bad
            raise Unreachable(f"The hub answered {bad.code}.") from bad
    except (OSError, HTTPException) as bad:
        raise Unreachable(f"The hub cannot be reached: {bad}") from bad
    return parse_answer(raw)


async def enrol(
    hub: str,
    code: str,
    hub_fingerprint: str,
    name: str,
    folder: Path,
    *,
    ca_pem: bytes | None = None,
    proxy: str | None = None,
    timeout_s: float = 20.0,
) -> Identity:
    """Make a key, enrol it, and save all that in ``folder``, which must not exist yet.

    Raises EnrolmentRefused, WrongHub, Unreachable, BadInput, Conflict; then nothing was saved. The hub refuses
    the new connector until an administrator has compared and confirmed its fingerprint.
    """
    if await asyncio.to_thread(folder.exists):
        raise Conflict("This connector is enrolled already.", hint="Move the identity folder away to enrol anew.")
    key = Ed25519PrivateKey.generate()
    ask = build_ask(key, code, hub_fingerprint, name, SOFTWARE)
    answer = await asyncio.to_thread(_fetch_answer, hub, ask, ca_pem, proxy, timeout_s)
    check_answer(answer, ask, hub_fingerprint)
    identity = Identity(
        ConnectorId(answer.connector), SiteId(answer.site), hub.rstrip("/"), key, answer.hub_certificate.encode()
    )
    await asyncio.to_thread(save_identity, identity, folder)
    return identity


def save_identity(identity: Identity, folder: Path) -> None:
    """Write the folder whole or not at all; raises Conflict if it is there already."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))  # mode 0700
    try:
        written = _Written(identity.connector, identity.site, identity.hub)
        _write(draft / "key.pem", build_private_pem(identity.key), 0o600)
        _write(draft / "hub.pem", identity.hub_certificate, 0o644)
        _write(draft / "connector.json", msgspec.json.format(msgspec.json.encode(written)), 0o644)
        _sync(draft)
        os.rename(draft, folder)  # an empty folder may be in its place, a full one may not
        _sync(folder.parent)
    except OSError as bad:
        shutil.rmtree(draft, ignore_errors=True)
        raise Conflict(f"The identity could not be saved: {bad.strerror}") from bad


def load_identity(folder: Path) -> Identity:
    """Raises BadIdentity for anything but a whole, private identity folder."""
    try:
        key_file = folder / "key.pem"
        if key_file.stat().st_mode & 0o077:
            raise BadIdentity("Others can read the connector's key.", hint="chmod 600 the file, or enrol anew.")
        written = msgspec.json.decode((folder / "connector.json").read_bytes(), type=_Written)
        hub_certificate = (folder / "hub.pem").read_bytes()
        key = parse_private_pem(key_file.read_bytes())
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as bad:
        raise BadIdentity("This connector is not enrolled, or its identity folder is damaged.") from bad
    parse_certificate(hub_certificate, HUB)
    return Identity(ConnectorId(written.connector), SiteId(written.site), written.hub, key, hub_certificate)


def _write(path: Path, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
