"""What an answer to `roomgate check init` must be. Pure; each raises ValueError with the reason in a sentence."""

from collections.abc import Sequence
from datetime import date
from ipaddress import ip_network
from urllib.parse import urlsplit

_SHA256_HEX = 64


def parse_url(line: str) -> str:
    try:
        parts = urlsplit(line)
        good = parts.scheme in ("http", "https", "ws", "wss") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or " " in line:
        raise ValueError("This is no web address: it looks like https://connector.example.com/.")
    return line


def parse_day(line: str, today: date) -> date:
    try:
        day = date.fromisoformat(line)
    except ValueError as bad:
        raise ValueError("This is no day: it looks like 2027-01-31.") from bad
    if day < today:
        raise ValueError(f"That day is over: today is {today}.")
    return day


def parse_known(line: str, known: Sequence[str]) -> str:
    if line not in known:
        raise ValueError(f"There is no {line}: answer one of {', '.join(known)}.")
    return line


def parse_hours(line: str) -> str:
    try:
        hours = float(line)
    except ValueError as bad:
        raise ValueError("Give the hours as a number, such as 8 or 0.5.") from bad
    if not 0 < hours <= 10_000:  # also no NaN and no infinity
        raise ValueError("Give between 0 and 10000 hours.")
    return line


def parse_rate(line: str) -> float:
    from roomgate.checks.target import MOST_PER_SECOND

    try:
        rate = float(line)
    except ValueError as bad:
        raise ValueError("Give a number, such as 2.") from bad
    if not 0 < rate <= MOST_PER_SECOND:
        raise ValueError(f"Give more than 0 and at most {MOST_PER_SECOND:.0f}.")
    return rate


def parse_fingerprint(line: str) -> str:
    plain = line.replace(":", "").replace(" ", "").lower()
    if len(plain) != _SHA256_HEX or any(letter not in "0123456789abcdef" for letter in plain):
        raise ValueError("A SHA-256 has 64 hexadecimal digits; colons between them do not matter.")
    return plain


def parse_network(line: str) -> str:
    try:
        return str(ip_network(line))
    except ValueError as bad:
        raise ValueError("This is no network: it looks like 10.0.0.0/24.") from bad


def parse_host(line: str) -> str:
    try:
        named = urlsplit(f"//{line}")
        good = named.hostname is not None and named.hostname == line.lower().strip("[]") and " " not in line
    except ValueError:
        good = False
    if not good:
        raise ValueError("This is no host's name: it looks like login.example.com.")
    return line
