"""What a server's TLS is like: whom it claims to be, who vouches for it, and which old protocols it still takes.

Asked by Python's own TLS, at the address that was found when the run began. Where testssl.sh is installed it is asked
too: it speaks protocols and ciphers that the local OpenSSL no longer has.
"""

import asyncio
import os
import shutil
import signal
import ssl
import tempfile
import warnings
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from roomgate.checks.kit import Kit
from roomgate.checks.snapshot import Fact
from roomgate.clock import iso

CERTIFICATE, PROTOCOL, TESTSSL = "certificate", "protocol", "testssl"
OLD = {"TLS 1.0": ssl.TLSVersion.TLSv1, "TLS 1.1": ssl.TLSVersion.TLSv1_1}
CONNECT_S = 8.0
TESTSSL_S = 120.0
SECTIONS = ("-p", "-S")  # protocols, and the server's defaults: all it knows would take minutes
_FINDINGS_MOST = 250
_OUTPUT_MOST = 4 * 1024 * 1024

# X509_V_ERR_*: what OpenSSL says of a chain, in words of ours.
# https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/
WRONG_NAME, EXPIRED, TOO_EARLY, SELF_SIGNED, UNKNOWN = 62, 10, 9, 18, (19, 20, 21)
_REASONS = {
    WRONG_NAME: "wrong name", EXPIRED: "expired", TOO_EARLY: "not yet valid", SELF_SIGNED: "self-signed",
    **dict.fromkeys(UNKNOWN, "unknown authority"), 64: "wrong name",
}  # fmt: skip


async def look_at_tls(kit: Kit, host: str, port: int, trust: ssl.SSLContext, label: str) -> list[Fact]:
    """Facts named `CERTIFICATE`, one `PROTOCOL` for each of OLD, and, unless this is quick, `TESTSSL`.

    ``trust`` is what counts as a known authority. Raises NotPermitted for a host that may not be asked.
    """
    address = kit.addresses.get(host)
    subject = f"{host}:{port}"
    if not kit.web.is_network:
        return [kit.recorder.fact(label, CERTIFICATE, subject=subject, fault="there is no network here")]
    facts = [await _certificate(kit, host, address, port, trust, label)]
    if facts[0].value is None:
        return facts
    for name, version in OLD.items():
        facts.append(await _protocol(kit, host, address, port, name, version, label))
    if not kit.quick:
        facts.append(await _testssl(kit, host, address, port, label))
    return facts


async def _certificate(kit: Kit, host: str, address: str, port: int, trust: ssl.SSLContext, label: str) -> Fact:
    """Verified as a browser would; and if that fails, once more without, to see what was offered."""
    subject = f"{host}:{port}"
    seen: dict[str, Any] = {"verified": True, "reason": ""}
    try:
        try:
            await kit.pace.turn()
            facts = await _shake_hands(host, address, port, trust)
        except (ssl.SSLError, ConnectionResetError, BrokenPipeError) as bad:
            seen = {"verified": None, "reason": _words(bad)}  # no word on the certificate: it never came to that
            if isinstance(bad, ssl.SSLCertVerificationError):
                seen = {"verified": False, "reason": _REASONS.get(bad.verify_code, ""), "said": bad.verify_message}
            await kit.pace.turn()
            facts = await _shake_hands(host, address, port, _believing_all())
    except TimeoutError:
        return kit.recorder.fact(label, CERTIFICATE, subject=subject, fault="timeout")
    except OSError as fault:
        return kit.recorder.fact(label, CERTIFICATE, subject=subject, fault=_words(fault))
    return kit.recorder.fact(label, CERTIFICATE, {**seen, **facts}, subject=subject)


async def _protocol(
    kit: Kit, host: str, address: str, port: int, name: str, version: ssl.TLSVersion, label: str
) -> Fact:
    """Whether a client that speaks this protocol alone is taken."""
    subject = f"{host}:{port}"
    await kit.pace.turn()
    try:
        facts = await _shake_hands(host, address, port, _speaking_only(version))
    except ssl.SSLError as refused:
        # A refusal by the server, or by us: it may want a cipher that this OpenSSL no longer has.
        return kit.recorder.fact(
            label, PROTOCOL, {"protocol": name, "taken": False, "said": _words(refused)}, subject=subject
        )
    except (ConnectionResetError, BrokenPipeError):
        return kit.recorder.fact(label, PROTOCOL, {"protocol": name, "taken": False, "said": "reset"}, subject=subject)
    except TimeoutError:
        return kit.recorder.fact(label, PROTOCOL, {"protocol": name}, subject=subject, fault="timeout")
    except OSError as fault:
        return kit.recorder.fact(label, PROTOCOL, {"protocol": name}, subject=subject, fault=_words(fault))
    return kit.recorder.fact(
        label, PROTOCOL, {"protocol": name, "taken": True, "cipher": facts["cipher"]}, subject=subject
    )


async def _shake_hands(host: str, address: str, port: int, context: ssl.SSLContext) -> dict[str, Any]:
    """One handshake, and what it showed. Raises OSError, which an SSLError is, and TimeoutError."""
    async with asyncio.timeout(CONNECT_S):
        _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=host)
    try:
        made: ssl.SSLObject = writer.get_extra_info("ssl_object")
        cipher = made.cipher()
        chain = _chain(made)
        return {"version": made.version() or "", "cipher": cipher[0] if cipher else "", "chain": chain}
    finally:
        writer.transport.abort()  # nothing is owed to it, and a server that never says goodbye holds nobody up


def _chain(made: ssl.SSLObject) -> list[dict[str, Any]]:
    """As the server sent it, its own certificate first."""
    inner = getattr(made, "_sslobj", None)
    ders: list[bytes] = []
    if inner is not None and hasattr(inner, "get_unverified_chain"):  # public from Python 3.13 on
        ders = [bytes(one.public_bytes(_DER)) for one in inner.get_unverified_chain() or ()]
    elif (own := made.getpeercert(binary_form=True)) is not None:
        ders = [own]
    return [describe_certificate(one) for one in ders[:10]]


_DER = 2  # _ssl.ENCODING_DER


def describe_certificate(der: bytes) -> dict[str, Any]:
    """Subject, issuer, names, ends and key, as plain values; what cannot be read says so."""
    try:
        made = x509.load_der_x509_certificate(der)
        facts: dict[str, Any] = {
            "subject": made.subject.rfc4514_string(), "issuer": made.issuer.rfc4514_string(),
            "begins": iso(made.not_valid_before_utc), "ends": iso(made.not_valid_after_utc),
            "sha256": made.fingerprint(hashes.SHA256()).hex(),
        }  # fmt: skip
    except (ValueError, UnsupportedAlgorithm) as bad:
        return {"unreadable": str(bad)[:200]}
    try:
        names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        facts["names"] = [str(one.value) for one in names][:50]
    except (x509.ExtensionNotFound, ValueError):
        facts["names"] = []
    try:
        key = made.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return facts
    if isinstance(key, rsa.RSAPublicKey):
        facts["key"] = f"RSA {key.key_size}"
    elif isinstance(key, ec.EllipticCurvePublicKey):
        facts["key"] = f"EC {key.curve.name}"
    else:
        facts["key"] = type(key).__name__.strip("_").removesuffix("PublicKey")
    return facts


def _believing_all() -> ssl.SSLContext:
    """For looking alone: nothing is sent over such a connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    return context


def _speaking_only(version: ssl.TLSVersion) -> ssl.SSLContext:
    context = _believing_all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it is old: that is the point
        context.maximum_version = version
        context.minimum_version = version
    return context


def _words(fault: OSError) -> str:
    if isinstance(fault, ssl.SSLError):
        return f"TLS: {fault.reason or fault}"[:200]
    return (fault.strerror or str(fault) or type(fault).__name__)[:200]


# ---- testssl.sh ------------------------------------------------------------------------------------


async def _testssl(kit: Kit, host: str, address: str, port: int, label: str) -> Fact:
    """Its findings on protocols and certificate, or why there are none. Cancelled, it is ended."""
    subject = f"{host}:{port}"
    program = shutil.which("testssl") or shutil.which("testssl.sh")
    if program is None:
        return kit.recorder.fact(label, TESTSSL, subject=subject, fault="testssl.sh is not installed")
    with tempfile.TemporaryDirectory(prefix="roomgate-check-") as folder:
        out = Path(folder) / "found.json"
        words = [
            program, "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--ip", address,
            "--connect-timeout", "8", "--openssl-timeout", "8", *SECTIONS, "--jsonfile", str(out), f"{host}:{port}",
        ]  # fmt: skip
        fault = await _ended(words, folder, TESTSSL_S)
        raw = out.read_bytes()[:_OUTPUT_MOST] if out.exists() else b""
    findings = parse_testssl(raw)
    if not findings:
        return kit.recorder.fact(label, TESTSSL, subject=subject, fault=fault or "testssl.sh found nothing")
    return kit.recorder.fact(label, TESTSSL, {"findings": findings}, subject=subject, fault=fault)


async def _ended(words: list[str], folder: str, within_s: float) -> str:
    """Run it to its end, with all its children, and no longer than this; gives what went wrong, or nothing."""
    try:
        process = await asyncio.create_subprocess_exec(
            *words, cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    except OSError as fault:
        return f"testssl.sh cannot be run: {fault.strerror}"
    try:
        async with asyncio.timeout(within_s):
            await process.wait()
    except TimeoutError:
        return f"testssl.sh took longer than {within_s:.0f} s"
    finally:
        if process.returncode is None:
            try:
                os.killpg(process.pid, signal.SIGKILL)  # it is a shell with children of its own
            except ProcessLookupError:
                pass
            await process.wait()
    return ""


def parse_testssl(raw: bytes) -> list[dict[str, str]]:
    """The id, severity and finding of each line of its JSON; a file that was cut off gives what is whole in it."""
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, RecursionError):
        found = _what_is_whole(raw)
    lines = []
    for one in found if isinstance(found, list) else []:
        if isinstance(one, dict) and isinstance(one.get("id"), str) and len(str(one.get("finding", ""))) <= 500:
            lines.append({key: str(one.get(key, "")) for key in ("id", "severity", "finding")})
    return lines[:_FINDINGS_MOST]


def _what_is_whole(raw: bytes) -> Any:
    """testssl.sh writes one table after the other, and closes the list at its end."""
    cut = raw.rfind(b"}")
    try:
        return msgspec.json.decode(raw[: cut + 1] + b"]") if cut >= 0 else []
    except (msgspec.MsgspecError, RecursionError):
        return []
