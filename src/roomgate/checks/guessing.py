"""How many tries it would take to hit upon an issued address: an upper bound, from what the addresses show. Pure.

No test can show that something is random. What can be shown is that it is not: too short, a counter, a time, a name,
a number in disguise. So each finding here lowers the bound; what is left is at most that much.
"""

import base64
import binascii
import hashlib
import math
import re
import string
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from roomgate.checks.links import secret_parts
from roomgate.checks.target import Link

WEAK_BITS, STRONG_BITS = 64.0, 128.0
COUNTED = 20_000  # numbers whose hashes are known by heart
RUN = 4  # letters at the same place that all addresses share: chance does not do that
_UUID = re.compile(r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_WORD = re.compile(r"[a-z]{2,14}|[a-z]?\d{1,6}[a-z]?")
_PARTED = re.compile(r"[-_.+/ ]+|(?<=[a-z]{2})(?=[A-Z][a-z])")  # also as in BoardRoom
_ULID = re.compile(r"0[0-9A-HJKMNP-TV-Z]{25}")
_ALPHABETS = (
    string.digits, "0123456789abcdef", "0123456789ABCDEF", string.ascii_lowercase, string.ascii_uppercase,
    string.digits + string.ascii_lowercase, string.digits + string.ascii_uppercase,
)  # fmt: skip


class Bound(msgspec.Struct, frozen=True):
    """At most so many bits, and why. ``is_name``: it is made of words, so nobody meant it to be a secret."""

    link: str
    shown: str
    bits: float
    why: str
    is_name: bool = False


def bound_all(links: Sequence[Link]) -> list[Bound]:
    """Of each link, seen together: what all of them share is no secret."""
    secrets = [_own_part(link, links) for link in links]
    found = [_bound(link, secret) for link, secret in zip(links, secrets, strict=True)]
    shared = _shared(secrets)
    counted = _counts(secrets)
    made = []
    for one, secret in zip(found, secrets, strict=True):
        if shared and not one.is_name and (left := _bits(secret) * (1 - shared / len(secret))) < one.bits:
            one = msgspec.structs.replace(
                one, bits=left, why=f"{shared} of its {len(secret)} letters are the same in all"
            )
        if counted and not one.is_name and counted[0] < one.bits:
            one = msgspec.structs.replace(one, bits=counted[0], why=counted[1])
        made.append(one)
    return made


def _own_part(link: Link, links: Sequence[Link]) -> str:
    """What tells this link from the others; of one alone, all that may be secret."""
    parts = secret_parts(link.url)
    others = [set(secret_parts(one.url)) for one in links if one.url != link.url]
    own = [part for part in parts if not others or not all(part in other for other in others)]
    return "/".join(own or parts) or (urlsplit(link.url).hostname or "").split(".")[0]


def _bound(link: Link, secret: str) -> Bound:
    bits, why = _structure(secret, link)
    is_name = _is_name(secret) or secret.casefold() in {_slug(link.name), _slug(link.marker)} - {""}
    if is_name:
        words = len(re.split(r"[-_.+/ ]", secret))
        bits, why = min(bits, 16.0 * words), "made of words: a name"
    return Bound(link.name or link.url, _veiled(secret), round(bits, 1), why, is_name)


def _structure(secret: str, link: Link, depth: int = 0) -> tuple[float, str]:
    """The bits, and what makes it so few or so many."""
    if not secret:
        return 0.0, "the address has no part of its own"
    if _UUID.fullmatch(secret):
        return _uuid(UUID(secret))
    if (known := _hash_of(secret, link)) is not None:
        return math.log2(COUNTED), f"the hash of {known}"
    if secret.count(".") == 2 and secret.startswith("eyJ"):
        return _bits(secret.rsplit(".", 1)[1]), "a signed token: as strong as its signature"
    if _ULID.fullmatch(secret):
        return 80.0, "a time and 80 further bits"
    if secret.isdigit() and (len(secret) in (10, 13)) and 10**9 <= int(secret[:10]) < 4 * 10**9:
        return math.log2(365 * 24 * 3600) + (10 if len(secret) == 13 else 0), "a time"
    if depth == 0 and (inside := _decoded(secret)) is not None:
        bits, why = _structure(inside, link, 1)
        return min(bits, _bits(secret)), f"base64 of something readable: {why}"
    return _bits(secret), f"{len(secret)} letters of an alphabet of {_alphabet(secret)}"


def _uuid(value: UUID) -> tuple[float, str]:
    match value.version:
        case 1 | 2 | 6:
            return 40.0, f"a UUID of version {value.version}: the time and the machine that made it"
        case 7:
            return 74.0, "a UUID of version 7: a time and at most 74 further bits"
        case 4:
            return 122.0, "a UUID of version 4: 122 bits, an id and not meant as a secret"
        case version:
            return 122.0, f"a UUID of version {version}"


def _hash_of(secret: str, link: Link) -> str | None:
    """What it is the hash of, if it is one of a small number, or of what everybody knows of the room."""
    kinds = {32: "md5", 40: "sha1", 64: "sha256"}
    kind = kinds.get(len(secret))
    if kind is None or not re.fullmatch(r"[0-9a-f]+", secret.lower()):
        return None
    for word in (link.name, link.marker):
        if word and _hash(kind, word) == secret.lower():
            return word
    return _counted(kind).get(secret.lower())


@cache
def _counted(kind: str) -> dict[str, str]:
    return {_hash(kind, str(number)): str(number) for number in range(COUNTED)}


def _hash(kind: str, word: str) -> str:
    return hashlib.new(kind, word.encode(), usedforsecurity=False).hexdigest()


def _decoded(secret: str) -> str | None:
    if len(secret) < 6 or not re.fullmatch(r"[A-Za-z0-9+/_-]+={0,2}", secret) or re.fullmatch(r"[0-9a-fA-F]+", secret):
        return None
    plain = secret.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    text = raw.decode("ascii", "replace")
    return text if len(text) >= 4 and all(letter in string.printable[:95] for letter in text) else None


def _is_name(secret: str) -> bool:
    """Words and room numbers, with something between them; no letters that only chance puts side by side."""
    written = [word for word in _PARTED.split(secret) if word]
    if any(word not in (word.lower(), word.upper(), word.capitalize()) for word in written):
        return False  # letters drawn by chance, some great and some small
    words = [word.casefold() for word in written]
    if not words or not all(_WORD.fullmatch(word) for word in words):
        return False
    letters = [word for word in words if word.isalpha() and len(word) >= 3]
    return bool(letters) and all(_speakable(word) for word in letters)


def _speakable(word: str) -> bool:
    return bool(re.search(r"[aeiouy]", word)) and not re.search(r"[^aeiouy]{5}", word)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")


def _alphabet(secret: str) -> int:
    for alphabet in _ALPHABETS:
        if all(letter in alphabet for letter in secret):
            return len(alphabet)
    return 62 if secret.isalnum() else 66


def _bits(secret: str) -> float:
    """As if every letter were drawn by chance, but for letters that only repeat."""
    return min(len(secret), 4 * len(set(secret))) * math.log2(_alphabet(secret)) if secret else 0.0


def _shared(secrets: Sequence[str]) -> int:
    """How many letters all of them have at the same place, in runs that chance does not make."""
    if len(secrets) < 3 or len({len(one) for one in secrets}) != 1 or len(set(secrets)) < 2:
        return 0
    same = "".join("=" if len(set(letters)) == 1 else "." for letters in zip(*secrets, strict=True))
    # The hyphens of a UUID are no letters, and its version is accounted for.
    if all(_UUID.fullmatch(one) for one in secrets):
        return 0
    return sum(len(run) for run in re.findall(f"={{{RUN},}}", same))


def _counts(secrets: Sequence[str]) -> tuple[float, str] | None:
    """Whether they are numbers close to one another: then the next one is at most so many tries away."""
    if len(secrets) < 3 or len(set(secrets)) < 3:
        return None
    tails = [re.search(r"(\d{1,18})$", one) for one in secrets]
    heads = {one[: tail.start()] for one, tail in zip(secrets, tails, strict=True) if tail is not None}
    if all(tails) and len(heads) == 1:
        numbers = sorted(int(tail.group(1)) for tail in tails if tail is not None)
        digits = max(len(tail.group(1)) for tail in tails if tail is not None)
        room = 10.0**digits
    elif all(re.fullmatch(r"[0-9a-fA-F]{1,40}", one) for one in secrets):
        numbers = sorted(int(one, 16) for one in secrets)
        room = 16.0 ** max(len(one) for one in secrets)
    else:
        return None
    widest = max(b - a for a, b in pairwise(numbers))
    if widest <= 64 or widest < room / 2**24:
        return math.log2(max(widest, 2)), f"they count: the next one is at most {widest} further"
    return None


def _veiled(secret: str) -> str:
    """Enough to know it again, in a report that is passed on."""
    return secret if len(secret) <= 6 else f"{secret[:4]}… ({len(secret)} letters)"
