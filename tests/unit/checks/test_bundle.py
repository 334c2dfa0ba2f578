"""The seal: any byte that is changed anywhere is found, any file that is missing, any that was put in."""

import json
import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomgate.checks.bundle import SEALED, Seal, files_of, hashes, load_key, verify_bundle
from roomgate.checks.report.writing import write_reports
from roomgate.clock import HandClock
from roomgate.errors import NotFound
from roomgate.ledger.checkpoint import BadNote, Checkpoint, VerifierKey
from roomgate.ledger.event import CheckEvidence, CheckJudged, HubStarted, parse_event
from roomgate.ledger.tree import leaf_hash, root_of
from roomgate.storage.verify import verify
from support.reports import kept_run, mixed

NOW = HandClock().now()


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound") / "run"
    write_reports(kept_run(folder), mixed(), NOW)
    return folder


@pytest.fixture
def copy(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "run")


def everything(folder):
    return sorted(file for file in folder.rglob("*") if file.is_file())


def test_what_was_sealed_holds_and_so_does_its_ledger(sound):
    verdict = verify_bundle(sound)
    assert (verdict.ok, verdict.problems) == (True, ())
    assert verdict.files == len(files_of(sound))
    ledger = verify(sound / SEALED)
    assert (ledger.ok, ledger.size, ledger.signed_size) == (True, verdict.files + len(mixed()), ledger.size)
    assert ledger.key == verdict.key == load_key(sound)


def test_the_ledger_says_what_each_file_was_and_what_each_check_came_to(sound):
    events = [parse_event(line) for line in (sound / SEALED / "entries.jsonl").read_bytes().splitlines()]
    told = {one.file: one for one in events if isinstance(one, CheckEvidence)}
    for one in hashes(sound, files_of(sound)):
        assert (told[one.name].sha256, told[one.name].size_bytes) == (one.sha256, one.size_bytes)
    judged = {one.id: one.outcome for one in events if isinstance(one, CheckJudged)}
    assert (judged["K01"], judged["K02"], judged["K03"], judged["K25"]) == (
        "fail",
        "inconclusive",
        "pass",
        "not-applicable",
    )


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_byte_changed_anywhere_is_found(sound, data):
    files = everything(sound)
    file = files[data.draw(st.integers(0, len(files) - 1))]
    before = file.read_bytes()
    place = data.draw(st.integers(0, len(before) - 1))
    changed = bytearray(before)
    changed[place] ^= data.draw(st.integers(1, 255))
    try:
        file.write_bytes(changed)
        assert not verify_bundle(sound).ok, (file.name, place)
    finally:
        file.write_bytes(before)
    assert verify_bundle(sound).ok


def test_every_byte_of_the_seal_counts(sound):
    for file in everything(sound / SEALED):
        before = file.read_bytes()
        for place in range(0, len(before), max(1, len(before) // 120)):
            for bit in (0x01, 0x20):  # 0x20: small and capital letters
                changed = bytearray(before)
                changed[place] ^= bit
                file.write_bytes(changed)
                assert not verify_bundle(sound).ok, (file.name, place)
        for longer in (before + b"\n", before + b" ", before[:-1], b""):
            file.write_bytes(longer)
            assert not verify_bundle(sound).ok, (file.name, longer[-3:])
        file.write_bytes(before)


def test_a_file_that_is_gone_or_new_is_named(copy):
    (copy / "looks" / "links.json").unlink()
    (copy / "looks" / "extra.json").write_bytes(b"{}")
    (copy / SEALED / "note").write_bytes(b"")
    problems = verify_bundle(copy).problems
    assert set(problems) == {
        "looks/links.json is missing", "looks/extra.json was put in afterwards", "sealed/note has no place there",
    }  # fmt: skip


def test_a_link_is_not_the_file_that_it_leads_to(copy, tmp_path):
    file = copy / "looks" / "links.json"
    file.rename(tmp_path / "elsewhere.json")
    file.symlink_to(tmp_path / "elsewhere.json")
    assert verify_bundle(copy).problems == ("looks/links.json is no plain file",)


def test_a_link_that_leads_nowhere_was_put_in(copy):
    (copy / "looks" / "more").symlink_to(copy / "none")
    assert verify_bundle(copy).problems == ("looks/more was put in afterwards",)


def test_whoever_seals_it_anew_has_another_key(copy):
    key = load_key(copy)
    (copy / "report.csv").write_bytes(b"all is well")
    Seal("ab" * 32).close(copy, [], NOW)
    assert verify_bundle(copy).ok  # it holds in itself,
    assert not verify_bundle(copy, key).ok  # but not under the key that was noted down


def test_a_key_that_is_none_is_said_to_be_none(copy):
    with pytest.raises(BadNote):
        verify_bundle(copy, "secret")


def resealed(folder, raws):
    """Another ledger under a key of the forger's own, in the right form."""
    private = Ed25519PrivateKey.generate()
    origin = "roomgate.check/forged"
    note = str(Checkpoint(origin, len(raws), root_of(raws)).sign(private))
    sealed = folder / SEALED
    (sealed / "entries.jsonl").write_bytes(b"".join(raw + b"\n" for raw in raws))
    (sealed / "leaves").write_bytes(b"".join(leaf_hash(raw).hex().encode() + b"\n" for raw in raws))
    (sealed / "checkpoint").write_bytes(note.encode())
    (sealed / "checkpoints.json").write_text(json.dumps([note], ensure_ascii=False, indent=1) + "\n", "utf-8")
    (sealed / "key").write_text(f"{VerifierKey.of(origin, private)}\n", "utf-8")


def test_entries_that_have_no_place_there_are_named(copy):
    raws = (copy / SEALED / "entries.jsonl").read_bytes().splitlines()
    at = "2026-03-10T09:00:00.000Z"
    resealed(copy, [*raws, HubStarted(at=at, version="1").encode(), raws[0]])
    twice = parse_event(raws[0])
    assert set(verify_bundle(copy).problems) == {
        f"{twice.file} is entered twice", "an entry of the kind hub.started has no place here",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "sealed/key"])
def test_an_entry_never_leads_outside(copy, name):
    (copy.parent / "outside").write_bytes(b"x")
    raws = (copy / SEALED / "entries.jsonl").read_bytes().splitlines()
    stray = CheckEvidence(at="2026-03-10T09:00:00.000Z", file=name, sha256="ab" * 32, size_bytes=1)
    resealed(copy, [*raws, stray.encode()])
    assert verify_bundle(copy).problems == (f"{name} is missing",)


def test_nothing_sealed_is_said_to_be_so(tmp_path):
    kept_run(tmp_path)
    with pytest.raises(NotFound, match="no sealed run"):
        verify_bundle(tmp_path)
    assert load_key(tmp_path) == ""


@pytest.mark.parametrize("name", ["leaves", "checkpoints.json", "checkpoint", "key"])
def test_a_seal_that_lacks_a_part_does_not_hold(copy, name):
    (copy / SEALED / name).unlink()
    assert not verify_bundle(copy).ok


def test_two_runs_have_two_keys():
    assert Seal("ab" * 32).key != Seal("ab" * 32).key
