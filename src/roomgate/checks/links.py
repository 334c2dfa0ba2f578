"""The address of a device link: which part of it is its secret, and an address like it that was never issued. Pure."""

import hashlib
import re
import string
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_LONG = 16
_PLAIN_WORDS = re.compile(r"[a-z]+(?:[-_][a-z]+)*")


def secret_parts(url: str) -> list[str]:
    """What tells one link from another: the path's last part, the values of the query, the fragment's last part.

    Parts of the path that hold digits count too: a link may go on behind its secret (``/d/7f3a91/control``).
    """
    parts = urlsplit(url)
    words = [word for word in parts.path.split("/") if word]
    found = [
        word for word in words[:-1] if re.search(r"\d", word) and len(word) >= 3 and not re.fullmatch(r"v\d+", word)
    ]
    found += words[-1:] if not parts.query or not words or not _PLAIN_WORDS.fullmatch(words[-1]) else []
    found += [value for _, value in parse_qsl(parts.query) if value]
    found += [word for word in parts.fragment.split("/") if word][-1:]
    return list(dict.fromkeys(found))


def never_issued(url: str) -> str:
    """The same address with another secret, of the same form where that is long enough to belong to nobody.

    A short one is not varied in its own form: the neighbour of a number may be somebody's device.
    """
    parts = urlsplit(url)
    secrets = set(secret_parts(url))
    path = "/".join(_other(word) if word in secrets else word for word in parts.path.split("/"))
    query = urlencode([(name, _other(value) if value in secrets else value) for name, value in parse_qsl(parts.query)])
    fragment = "/".join(_other(word) if word in secrets else word for word in parts.fragment.split("/"))
    return urlunsplit((parts.scheme, parts.netloc, path, query if parts.query else "", fragment))


def _other(word: str) -> str:
    digest = hashlib.sha256(word.encode()).digest()
    if len(word) < _LONG:
        return "none" + digest.hex()[:16]
    return "".join(_letter(letter, digest[n % len(digest)] + n) for n, letter in enumerate(word))


def _letter(letter: str, by: int) -> str:
    hexadecimal = "abcdef"
    for alphabet in (string.digits, hexadecimal, string.ascii_lowercase, string.ascii_uppercase):
        if letter in alphabet:
            return alphabet[(alphabet.index(letter) + by) % len(alphabet)]
    return letter
