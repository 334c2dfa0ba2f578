"""Secrets that stand in a text for everybody who gets it to read. Pure.

Only what is hardly ever anything else: private keys, keys of well-known shapes, credentials in addresses and headers,
a password written beside its name, a signed token that lives on. Words that a translation, a label or an example puts
there are left alone: a value must look drawn by chance, or like a password that somebody chose.
"""

import base64
import binascii
import json
import math
import re
from datetime import datetime, timedelta
from typing import Any

import msgspec

LONG = timedelta(days=30)  # a token that lives longer than this is no session's
_MOST = 20
_PRIVATE = re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\\n|\\r|\s)*([A-Za-z0-9+/=\s\\]{64,})")
_SHAPES = re.compile(
    r"(?<![A-Za-z0-9_-])(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,}|glpat-[A-Za-z0-9_-]{20}|"
    r"xox[abprs]-[A-Za-z0-9-]{20,}|sk_live_[A-Za-z0-9]{20,}|AGE-SECRET-KEY-1[A-Z0-9]{50,})(?![A-Za-z0-9])"
)
_IN_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]{1,12}://([^\s:/@'\"<>]{1,60}):([^\s:/@'\"<>]{6,100})@[A-Za-z0-9.\[-]")
_NAMED = re.compile(
    r"""(?i)(?<![a-z])["']?((?:[a-z]{1,20}[_-]?){0,2}(?:password|passwd|pwd|passphrase|client[_-]?secret|secret[_-]?key|"""
    r"""private[_-]?key|api[_-]?secret))["']?\s{0,3}(?:=|:)\s{0,3}(["'])((?:(?!\2)[^\n\\]|\\.){8,200})\2"""
)
_FILLED_IN = re.compile(r"(?i)<input\b[^>]{0,500}>")
_HEADER = re.compile(
    r"""(?i)authorization["']?\s{0,3}[:=,]\s{0,3}["'](?:bearer|basic|token)\s+([A-Za-z0-9._~+/=-]{16,2000})["']"""
)
_TOKEN = re.compile(r"\beyJ[A-Za-z0-9_-]{10,2000}\.(eyJ[A-Za-z0-9_-]{10,4000})\.[A-Za-z0-9_-]{20,1000}")
_WORDS = re.compile(
    r"(?i)pass|secret|example|change|required|invalid|incorrect|field|label|input|error|enter|your|confirm|forgot|reset|"
    r"login|sign|placeholder|hidden|undefined|null|xxx|\*\*|•|test1234"
)
_IDENTIFIER = re.compile(r"[#.]?[A-Za-z]+(?:[._/:-][A-Za-z]+)*\d?")


class Hit(msgspec.Struct, frozen=True):
    """``sure``: nothing else looks like this. The secret itself is not in ``what``."""

    what: str
    sure: bool = True


def find_secrets(text: str, seen: datetime, *, to_stranger: bool) -> list[Hit]:
    """``to_stranger``: it was given to somebody who had not signed in, whose own token it cannot be."""
    hits: list[Hit] = []
    if any(len(set(found.group(1))) > 16 for found in _PRIVATE.finditer(text)):
        hits.append(Hit("a private key"))
    hits += [Hit(f"a key of a well-known shape, {_veiled(found)}") for found in _SHAPES.findall(text)[:_MOST]]
    for user, password in _IN_ADDRESS.findall(text)[:_MOST]:
        if looks_secret(password):
            hits.append(Hit(f"an address with the password of {user[:40]}, {_veiled(password)}"))
    for name, _, value in _NAMED.findall(text)[:200]:
        if looks_secret(value):
            hits.append(Hit(f"{name} with a value beside it, {_veiled(value)}"))
    for tag in _FILLED_IN.findall(text)[:200]:
        if (value := _filled_in(tag)) and looks_secret(value):
            hits.append(Hit(f"a password field that is filled in, {_veiled(value)}"))
    for value in _HEADER.findall(text)[:_MOST]:
        if looks_secret(value):
            hits.append(Hit(f"an Authorization header in the source, {_veiled(value)}", sure=to_stranger))
    for payload in _TOKEN.findall(text)[:_MOST]:
        if (said := _lives_on(payload, seen)) is not None:
            hits.append(Hit(f"a signed token {said}", sure=to_stranger))
    return list(dict.fromkeys(hits))[:_MOST]


def looks_secret(value: str) -> bool:
    """Letters and digits that somebody chose or a machine drew; no words of a page, no place to fill in."""
    if not 8 <= len(value) <= 2000 or any(letter.isspace() for letter in value):
        return False
    if "${" in value or "{{" in value or value[0] in "{<%[(" or _IDENTIFIER.fullmatch(value):
        return False
    if value.startswith(("http://", "https://", "/", "data:")) or _WORDS.search(value):
        return False
    digits = sum(letter.isdigit() for letter in value)
    letters = sum(letter.isalpha() for letter in value)
    return digits > 0 and letters > 0 and _per_letter(value) >= 2.3


def _per_letter(value: str) -> float:
    """Shannon's measure, in bits a letter."""
    counts = [value.count(letter) / len(value) for letter in set(value)]
    return -sum(share * math.log2(share) for share in counts)


def _filled_in(tag: str) -> str:
    if not re.search(r"""(?i)\btype\s*=\s*["']?password\b""", tag):
        return ""
    found = re.search(r"""(?i)\bvalue\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", tag)
    return next((one for one in found.groups() if one), "") if found else ""


def _lives_on(payload: str, seen: datetime) -> str | None:
    """What makes a signed token more than a session's, or None. Those for the public say so themselves."""
    try:
        claims: Any = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    if not isinstance(claims, dict) or not {"sub", "scope", "scp", "roles", "role"} & claims.keys():
        return None
    if str(claims.get("role", claims.get("sub", ""))).lower() in ("anon", "anonymous", "public", "guest"):
        return None
    end = claims.get("exp")
    if end is None:
        return "without an end"
    if not isinstance(end, int | float) or end <= (seen + LONG).timestamp():
        return None
    return f"that lives for {(end - seen.timestamp()) / 86400:.0f} more days"


def _veiled(value: str) -> str:
    return f"{value[:3]}… ({len(value)} letters)"
