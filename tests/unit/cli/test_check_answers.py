from datetime import date
from typing import Any

import pytest

from roomgate.cli.check_answers import (
    parse_day,
    parse_fingerprint,
    parse_host,
    parse_hours,
    parse_known,
    parse_network,
    parse_rate,
    parse_url,
)

TODAY = date(2026, 3, 10)


@pytest.mark.parametrize(
    ("read", "good", "bad"),
    [
        (parse_url, ["https://a", "http://a:8/b?c", "wss://[::1]/x"], ["", "a", "ftp://a", "https://", "https://a b", "https://[", "https://a:99999999"]),
        (lambda line: parse_day(line, TODAY), ["2026-03-10", "2027-01-01"], ["2026-03-09", "tomorrow", "", "2027-13-01"]),
        (lambda line: parse_known(line, ("a", "b")), ["a"], ["c", ""]),
        (parse_hours, ["8", "0.5"], ["0", "-1", "nan", "inf", "x", "99999"]),
        (parse_rate, ["2", "0.1", "50"], ["0", "51", "nan", "x", "-1"]),
        (parse_fingerprint, ["AB" * 32, ":".join(["0f"] * 32)], ["", "ab", "zz" * 32, "ab" * 33]),
        (parse_network, ["10.0.0.0/24", "fd00::/64"], ["10.0.0.1/24", "x", ""]),
        (parse_host, ["a.example", "10.0.0.1"], ["", "https://a", "a/b", "a b", "a:443", "[", "u@a"]),
    ],
)  # fmt: skip
def test_what_an_answer_must_be(read: Any, good: list[str], bad: list[str]) -> None:
    for line in good:
        assert read(line)
    for line in bad:
        with pytest.raises(ValueError, match=r"\w+"):
            read(line)
