"""The bundle: what may go into it, what must not, and what the site keeps of it."""

import hashlib
import io
import json
import zipfile
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.clock import HandClock
from roomgate.connector.logs import INDEX, LARGEST_PART, LogBundle, Part, about_room, make_bundle, pack
from roomgate.connector.redaction import HIDDEN
from roomgate.connector.vault import VaultDamaged
from roomgate.ledger.event import LogsCollected, OrderAbout
from roomgate.storage.database import Database
from roomgate.storage.record import Record, metadata
from roomgate.xapi.call import Call
from roomgate.xapi.errors import CommandFailed
from support.own_deeds import own_deed
from support.rooms import MemoryRoom

pytestmark = pytest.mark.asyncio
ALL = ("observe", "logs", "security", "network", "system", "macros", "call")
CANARIES = {name: f"canary-of-the-{name}" for name in ("proxy", "vault", "macro", "history", "line", "words")}


def opened(bundle: dict[str, Any]) -> dict[str, Any]:
    """The files of an answered bundle."""
    packed = b64decode(bundle["Bundle"])
    assert hashlib.sha256(packed).hexdigest() == bundle["Sha256"]
    with zipfile.ZipFile(io.BytesIO(packed)) as files:
        return {name: json.loads(files.read(name)) for name in files.namelist()}


def device() -> MemoryRoom:
    room = MemoryRoom()
    room.document = {
        "Status": {
            "Audio": {"Volume": 50},
            "HttpFeedback": [{"id": 1, "URL": f"https://a:{CANARIES['vault']}@b.example"}],
        },
        "Configuration": {
            "SystemUnit": {"Name": "Oslo"},
            "NetworkServices": {"HTTP": {"Proxy": {"Password": CANARIES["proxy"], "Mode": "Off"}}},
        },
    }
    said = {
        "CallHistory Get": {"Entry": [{"id": 1, "DisplayName": f"Bearer {CANARIES['history']}"}]},
        "Macros Log Get": {"LogEntry": [{"id": 1, "Entry": f"const token = '{CANARIES['macro']}'"}]},
        "Security Session List": {"Session": [{"id": 1, "Id": "a1"}]},
        "Peripherals List": {"Device": []},
    }

    async def call(asked: Call, *, privileged: bool = False) -> Any:
        words = " ".join(asked.path.words)
        if words == "Diagnostics Run":
            raise CommandFailed(f"no: password={CANARIES['words']}")
        room.privileged.append(privileged)
        return said[words] if words in said else room.document[asked.path.root]

    room.call = call  # type: ignore[method-assign]
    return room


@pytest_asyncio.fixture
async def bundle(tmp_path):
    db = Database.open(tmp_path / "connector.db", metadata)
    clock = HandClock(datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
    record = Record(db, "roomgate.connector/test", Ed25519PrivateKey.generate())
    lines = [
        json.dumps({"event": "device.gone", "room": "oslo", "reason": f"Cookie: {CANARIES['line']}"}),
        json.dumps({"event": "device.gone", "room": "bergen"}),
    ]
    about = OrderAbout(
        at="2026-03-10T09:00:00Z", order="ord_0", room="oslo", call="Command/Dial", digest="d", principal="per_of_another",
        grant="g", consent="",
    )  # fmt: skip
    await record.add(about)
    try:
        yield LogBundle(record, clock, lambda room: [CANARIES["vault"]], lambda: lines)
    finally:
        await db.aclose()


def asked(room: MemoryRoom, held: tuple[str, ...] = ALL, policy: str = "managed"):
    return own_deed("Roomgate.Logs.Collect", held=held, policy=policy, room=room)


async def test_it_has_every_part_and_no_secret(bundle):
    answer = await bundle.collect(asked(device()))
    files = opened(answer)
    assert set(files) == {
        INDEX, "call-history.json", "configuration.json", "connector-log.json", "macro-log.json", "peripherals.json",
        "sessions.json", "site-ledger.json", "status.json",
    }  # fmt: skip
    said = json.dumps([answer["Parts"], files])
    assert [name for name, canary in CANARIES.items() if canary in said] == []
    assert files["configuration.json"] == {
        "Configuration": {"SystemUnit": {"Name": "Oslo"}, "NetworkServices": {"HTTP": {"Proxy": {"Mode": "Off"}}}}
    }
    assert files["status.json"]["Status"]["HttpFeedback"][0]["URL"] == f"https://{HIDDEN}b.example"
    assert [line["room"] for line in files["connector-log.json"]] == ["oslo"]
    told = {part["name"]: (part["rule"], part["words"]) for part in files[INDEX]["parts"]}
    assert told["diagnostics.json"] == ("xapi.failed", f"no: password={HIDDEN}")
    assert files[INDEX]["hidden"] == answer["Hidden"] >= 5


async def test_nobody_else_is_named_by_the_sites_ledger(bundle):
    files = opened(await bundle.collect(asked(device())))
    (entry,) = files["site-ledger.json"]
    assert (entry["kind"], entry["order"]) == ("order.about", "ord_0")
    assert "per_of_another" not in json.dumps(files)


async def test_the_site_keeps_the_hash_of_what_was_read_before_it_goes(bundle):
    answer = await bundle.collect(asked(device()))
    (entry,) = await bundle.record.entries(kind="logs.collected")
    assert isinstance(entry.event, LogsCollected)
    assert (entry.event.original, entry.event.sent, entry.event.hidden) == (
        answer["Original"],
        answer["Sha256"],
        answer["Hidden"],
    )


async def test_what_the_grant_or_the_site_withholds_is_left_out_and_said(bundle):
    answer = await bundle.collect(asked(device(), held=("observe", "logs")))
    told = {part["name"]: part["rule"] for part in answer["Parts"]}
    assert (told["sessions.json"], told["macro-log.json"]) == ("capability", "capability")
    files = opened(answer)
    assert "HttpFeedback" not in files["status.json"]["Status"]
    assert files["configuration.json"] == {"Configuration": {}} or "NetworkServices" not in json.dumps(files)
    strict = await bundle.collect(asked(device(), policy="service-desk"))
    refused = {part["name"]: part["rule"] for part in strict["Parts"]}
    assert (refused["sessions.json"], refused["macro-log.json"], refused["status.json"]) == ("policy", "policy", "")


async def test_without_the_vault_nothing_is_told(bundle):
    def damaged(room: str) -> list[str]:
        raise VaultDamaged("its seal does not fit")

    blind = LogBundle(bundle.record, bundle.clock, damaged, list)
    with pytest.raises(CommandFailed, match="vault cannot be read"):
        await blind.collect(asked(device()))
    assert await bundle.record.entries(kind="logs.collected") == []


async def test_a_part_that_does_not_answer_holds_up_no_other(bundle, monkeypatch):
    monkeypatch.setattr("roomgate.connector.logs.PART_S", 0.0)
    answer = await bundle.collect(asked(device()))
    rules = {part["name"]: part["rule"] for part in answer["Parts"]}
    assert rules["connector-log.json"] == ""
    assert set(rules.values()) <= {"", "late", "xapi.failed"}


async def test_the_same_content_gives_the_same_bytes():
    parts = [Part("b.json", {"y": 1, "x": 2}), Part("a.json", [1])]
    one, other = make_bundle(parts, [], {"room": "oslo"}), make_bundle(parts[::-1], [], {"room": "oslo"})
    assert one == other
    with zipfile.ZipFile(io.BytesIO(one.packed)) as files:
        assert files.namelist() == ["a.json", "b.json", INDEX]


async def test_what_the_vault_holds_is_hidden_in_plain_words():
    parts = [
        Part("a.json", ["tried vault-word-1 in vain"]),
        Part("b.json", {"Password": "other-word", "Log": "other-word"}),
    ]
    with zipfile.ZipFile(io.BytesIO(make_bundle(parts, ["vault-word-1"], {}).packed)) as files:
        assert json.loads(files.read("a.json")) == [f"tried {HIDDEN} in vain"]
        assert json.loads(files.read("b.json")) == {"Password": HIDDEN, "Log": HIDDEN}


async def test_what_would_be_too_large_is_left_out_and_said():
    huge = Part("huge.json", "x" * (LARGEST_PART + 1))
    _, told = pack([huge, Part("small.json", 1)], {})
    assert [(part["name"], part["rule"]) for part in told] == [("huge.json", "size"), ("small.json", "")]
    noise = hashlib.shake_256(b"noise").hexdigest(1000)
    packed, told = pack([Part("a.json", noise), Part("b.json", 1)], {}, 700)
    assert len(packed) <= 700
    assert [(part["name"], part["rule"]) for part in told] == [("a.json", "size"), ("b.json", "")]
    with pytest.raises(CommandFailed, match="too large"):
        pack([], {}, 10)


async def test_only_lines_about_the_room_are_taken():
    lines = ['{"event": "a", "device": "dev_oslo"}', '{"event": "b", "room": "oslo"}', '{"event": "c"}']
    assert [line["event"] for line in about_room(lines, "oslo", "dev_oslo")] == ["a", "b"]
