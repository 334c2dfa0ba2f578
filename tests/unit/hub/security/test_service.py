"""Parts, and the bundle as it comes from a site."""

import hashlib
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest

from roomgate.errors import Unreachable
from roomgate.hub.relay.asked import Answer
from roomgate.hub.security.service import Part, part_of, read, read_bundle
from roomgate.ids import AskId

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def answer(outcome: str, **more: Any) -> Answer:
    return Answer(AskId("ask_1"), None, outcome, **more)


@pytest.mark.parametrize(
    ("given", "part"),
    [
        (answer("done", result=[1]), Part("done", [1])),
        (answer("waiting"), Part("late", None, "late", "The room has not answered yet.")),
        (answer("refused", rule="never", words="no"), Part("refused", None, "never", "no", "open = x")),
        (answer("refused", rule="policy", words="no"), Part("refused", None, "policy", "no")),
        (answer("failed", rule="xapi.failed", words="no"), Part("failed", None, "xapi.failed", "no")),
        (answer("unknown", rule="gone", words="?"), Part("failed", None, "gone", "?")),
    ],
)
def test_what_became_of_an_ask_is_what_became_of_its_part(given: Answer, part: Part) -> None:
    assert part_of(given, "open = x") == part


def test_nothing_read_is_nothing_known() -> None:
    looked = read({"sessions": Part("failed")}, NOW)
    assert (looked.sessions, looked.users, looked.certificates, looked.ciphers, looked.slots) == (None,) * 5
    assert {one.severity.value for one in looked.findings} == {"unknown"}


def told(content: bytes, **changed: Any) -> dict[str, Any]:
    return {"Bundle": b64encode(content).decode(), "Sha256": hashlib.sha256(content).hexdigest()} | changed


def test_a_bundle_has_a_name_that_is_one() -> None:
    made = read_bundle(told(b"zip"), 'os"lo/../é', NOW)
    assert (made.name, made.content) == ("os_lo_..__-logs-20260310T090000Z.zip", b"zip")


@pytest.mark.parametrize(
    "rubbish", [None, {}, [], told(b"x", Sha256="0"), told(b"x", Bundle="***"), told(b"x", Bundle=7)]
)
def test_what_is_no_bundle_or_another_is_refused(rubbish: Any) -> None:
    with pytest.raises(Unreachable, match="no bundle"):
        read_bundle(rubbish, "oslo", NOW)
