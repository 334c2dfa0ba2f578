"""Pure: what is exposed on a device, and what to do about it, a sentence each.

A rule looks at one setting. What cannot be read is *unknown* and is said so: silence is never called fine.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from roomgate.hub.security.reading import CertificateRow, SlotRow, UserRow
from roomgate.xapi import tree

SOON_DAYS = 30
MANY_FAILURES = 3
_WEAK = ("NULL", "RC4", "3DES", "DES-CBC", "_DES_", "EXP", "MD5", "ANON", "ADH-", "AECDH")


class Severity(StrEnum):
    BAD = "bad"
    WARN = "warn"
    NOTE = "note"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """``id`` is stable; ``seen`` is the device's own word; ``title`` and ``do`` are fixed sentences."""

    id: str
    severity: Severity
    seen: str
    title: str
    do: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Holds where the setting has one of ``values``, and ``when`` another setting has one of its own."""

    id: str
    severity: Severity
    setting: str  # words below Configuration
    values: tuple[str, ...]
    title: str
    do: str
    when: tuple[str, tuple[str, ...]] | None = None


BAD, WARN, NOTE = Severity.BAD, Severity.WARN, Severity.NOTE
RULES: tuple[Rule, ...] = (
    Rule(
        "auto-answer", BAD, "Conference AutoAnswer Mode", ("On",),
        "Whoever calls is answered by the device itself: they see and hear the room.",
        "Turn automatic answering off, unless this room is meant to be watched.",
    ),
    Rule(
        "http", BAD, "NetworkServices HTTP Mode", ("HTTP+HTTPS", "HTTP"),
        "The device's page and interface are open without encryption.",
        "Set NetworkServices HTTP Mode to HTTPS.",
    ),
    Rule(
        "web-debugging", BAD, "WebEngine RemoteDebugging", ("On",),
        "The device's browser can be debugged over the network.",
        "Turn WebEngine RemoteDebugging off.",
    ),
    Rule(
        "snmp-write", BAD, "NetworkServices SNMP Mode", ("ReadWrite",),
        "SNMP can change this device, with a community name for a password.",
        "Turn SNMP off, or let it read only.",
    ),
    Rule(
        "snmp-name", BAD, "NetworkServices SNMP CommunityName", ("public", "private"),
        "SNMP answers to a community name that everybody knows.",
        "Give SNMP a name of its own, or turn it off.",
        ("NetworkServices SNMP Mode", ("ReadOnly", "ReadWrite")),
    ),
    Rule(
        "no-lock-out", BAD, "Security Session MaxFailedLogins", ("0",),
        "A passphrase may be guessed as often as one likes.",
        "Set Security Session MaxFailedLogins to 5.",
    ),
    Rule(
        "no-length", BAD, "UserManagement PasswordPolicy Complexity MinimumLength", tuple(str(n) for n in range(8)),
        "Passphrases on the device may be shorter than 8 characters.",
        "Set the least length of a passphrase to 8 or more.",
    ),
    Rule(
        "serial-login", BAD, "SerialPort LoginRequired", ("Off",),
        "Whoever reaches the serial port needs no passphrase.",
        "Turn SerialPort LoginRequired on.",
        ("SerialPort Mode", ("On",)),
    ),
    Rule(
        "ldap-clear", BAD, "UserManagement LDAP Encryption", ("None",),
        "Passphrases go to the directory without encryption.",
        "Set UserManagement LDAP Encryption to LDAPS.",
        ("UserManagement LDAP Mode", ("On",)),
    ),
    Rule(
        "ldap-unverified", BAD, "UserManagement LDAP VerifyServerCertificate", ("Off",),
        "The directory's certificate is not looked at: anybody can play the directory.",
        "Turn UserManagement LDAP VerifyServerCertificate on.",
        ("UserManagement LDAP Mode", ("On",)),
    ),
    Rule(
        "client-unverified", BAD, "HttpClient AllowInsecureHTTPS", ("True",),
        "Macros may send to servers whose certificate nobody looks at.",
        "Set HttpClient AllowInsecureHTTPS to False.",
        ("HttpClient Mode", ("On",)),
    ),
    Rule(
        "tls-old", WARN, "NetworkServices HTTPS Server MinimumTLSVersion", ("TLSv1.0", "TLSv1.1"),
        "The device's page takes versions of TLS that are broken.",
        "Set the least version of TLS to 1.2.",
    ),
    Rule(
        "sip-tls-old", WARN, "SIP MinimumTLSVersion", ("TLSv1.0", "TLSv1.1"),
        "Calls take versions of TLS that are broken.",
        "Set SIP MinimumTLSVersion to TLSv1.2.",
    ),
    Rule(
        "sip-unverified", WARN, "SIP TlsVerify", ("Off",),
        "The call server's certificate is not looked at.",
        "Turn SIP TlsVerify on.",
    ),
    Rule(
        "sip-listens", WARN, "SIP ListenPort", ("On",),
        "Anybody who reaches the device can call it, past the call server.",
        "Set SIP ListenPort to Off, unless you need direct calls.",
    ),
    Rule(
        "snmp", WARN, "NetworkServices SNMP Mode", ("ReadOnly",),
        "SNMP tells about this device to whoever knows the community name.",
        "Turn SNMP off if nothing reads it.",
    ),
    Rule(
        "remote-access", WARN, "RemoteAccess Mode", ("On",),
        "The device's screen can be looked at and used from its maker's cloud.",
        "Turn RemoteAccess off, unless you use it.",
    ),
    Rule(
        "feedback-unverified", WARN, "HttpFeedback TlsVerify", ("Off",),
        "The device tells its news to servers whose certificate nobody looks at.",
        "Turn HttpFeedback TlsVerify on.",
    ),
    Rule(
        "log-clear", WARN, "Logging External Protocol", ("Syslog",),
        "The device sends its log over the network without encryption.",
        "Set Logging External Protocol to SyslogTLS.",
        ("Logging External Mode", ("On",)),
    ),
    Rule(
        "api-key", WARN, "Security Xapi WebSocket ApiKey Allowed", ("True",),
        "A web app on the touch panel may have a key to the device's interface.",
        "Set Security Xapi WebSocket ApiKey Allowed to False, unless an app of yours needs it.",
    ),
    Rule(
        "ssh", NOTE, "NetworkServices SSH Mode", ("On",),
        "SSH is open.",
        "Turn NetworkServices SSH Mode off if nobody uses it.",
    ),
    Rule(
        "ssh-legacy", NOTE, "NetworkServices SSH KeyExchangeAlgorithms AllowLegacy", ("On",),
        "SSH takes old ways to agree on a key.",
        "Turn AllowLegacy off.",
        ("NetworkServices SSH Mode", ("On",)),
    ),
    Rule(
        "upnp", NOTE, "NetworkServices UPnP Mode", ("On",),
        "The device announces itself to everybody in its network.",
        "Turn NetworkServices UPnP Mode off.",
    ),
    Rule(
        "web-engine", NOTE, "WebEngine Mode", ("On",),
        "The device has a browser: web apps and signage run on it.",
        "Turn WebEngine Mode off if no room needs it.",
    ),
    Rule(
        "http-client", NOTE, "HttpClient Mode", ("On",),
        "Macros may send to servers outside.",
        "Turn HttpClient Mode off if no macro needs it.",
    ),
    Rule(
        "settings-menu", NOTE, "UserInterface SettingsMenu Mode", ("Unlocked",),
        "Anybody in the room can open the settings on the touch screen.",
        "Set UserInterface SettingsMenu Mode to Locked.",
    ),
    Rule(
        "no-timeout", NOTE, "Security Session InactivityTimeout", ("0",),
        "A sign-in on the device's page never ends by itself.",
        "Set Security Session InactivityTimeout to some minutes.",
    ),
)  # fmt: skip
NOT_READ = "It could not be read, so nothing is said of it."


def judge_settings(configuration: Any) -> Iterator[Finding]:
    """``configuration``: what stands below ``Configuration``; None where it was not read at all."""
    for rule in RULES:
        seen = _setting(configuration, rule.setting)
        if seen is None:
            yield Finding(rule.id, Severity.UNKNOWN, rule.setting, rule.title, NOT_READ)
            continue
        if seen not in rule.values:
            continue
        if rule.when is not None:
            other = _setting(configuration, rule.when[0])
            if other is None:
                yield Finding(rule.id, Severity.UNKNOWN, rule.when[0], rule.title, NOT_READ)
                continue
            if other not in rule.when[1]:
                continue
        yield Finding(rule.id, rule.severity, f"{rule.setting}: {seen}", rule.title, rule.do)


def _setting(configuration: Any, words: str) -> str | None:
    found = tree.lookup(configuration, words.split())
    return str(found) if isinstance(found, str | int) else None


def judge_users(users: Iterable[UserRow] | None) -> Iterator[Finding]:
    if users is None:
        yield Finding("users", Severity.UNKNOWN, "", "Who has an account on the device.", NOT_READ)
        return
    for user in users:
        if user.active == "False":
            continue
        if user.name.casefold() == "admin" and user.needs_passphrase:
            yield Finding(
                "default-account", BAD, user.name,
                "The account that the device came with has no passphrase of its own.",
                "Set a passphrase for it on the device's page, or disable it.",
            )  # fmt: skip
        elif user.needs_passphrase:
            yield Finding(
                "old-passphrase", WARN, user.name,
                "An account's passphrase has to be changed.",
                "Have its owner sign in on the device's page, or disable it.",
            )  # fmt: skip
        if user.blocked == "True" or user.failed >= MANY_FAILURES:
            yield Finding(
                "guessing", WARN, user.name,
                "Somebody tried wrong passphrases for this account.",
                "Ask its owner; if it was not them, look for who reaches this device.",
            )  # fmt: skip


def judge_certificates(certificates: Iterable[CertificateRow] | None) -> Iterator[Finding]:
    if certificates is None:
        yield Finding("certificates", Severity.UNKNOWN, "", "When the device's certificates end.", NOT_READ)
        return
    for one in certificates:
        seen = one.subject or one.fingerprint
        if one.days is None:
            yield Finding("certificate-end", Severity.UNKNOWN, seen, "When this certificate ends.", NOT_READ)
        elif one.days < 0:
            yield Finding(
                "certificate-over", BAD, seen,
                "A certificate of the device has ended.",
                "Install a new one; whoever pinned this one must be told.",
            )  # fmt: skip
        elif one.days < SOON_DAYS:
            yield Finding(
                "certificate-soon", WARN, seen,
                "A certificate of the device ends within 30 days.",
                "Install a new one before; whoever pinned this one must be told.",
            )  # fmt: skip


def judge_slots(slots: Iterable[SlotRow] | None) -> Iterator[Finding]:
    if slots is None:
        yield Finding("listeners", Severity.UNKNOWN, "", "Who listens to this device.", NOT_READ)
        return
    for slot in slots:
        if slot.url.lower().startswith("http:"):
            yield Finding(
                "listener-clear", BAD, slot.url,
                "The device tells its news to a server without encryption.",
                "Have that server listen by https, or take the slot away.",
            )  # fmt: skip
        else:
            yield Finding(
                "listener", NOTE, slot.url,
                "A server listens to this device.",
                "See that you know it; otherwise take the slot away.",
            )  # fmt: skip


def judge_ciphers(ciphers: Iterable[str] | None) -> Iterator[Finding]:
    names = None if ciphers is None else list(ciphers)
    if not names:
        yield Finding("ciphers", Severity.UNKNOWN, "", "Which ciphers the device takes.", NOT_READ)
        return
    if weak := [name for name in names if any(word in name.upper() for word in _WEAK)]:
        yield Finding(
            "weak-ciphers", BAD, ", ".join(weak)[:200],
            "The device takes ciphers that are broken.",
            "Raise the least version of TLS, or update the device's software.",
        )  # fmt: skip


def sorted_findings(findings: Iterable[Finding]) -> list[Finding]:
    """The worst first; within a severity as they were made."""
    order = list(Severity)
    return sorted(findings, key=lambda finding: order.index(finding.severity))
