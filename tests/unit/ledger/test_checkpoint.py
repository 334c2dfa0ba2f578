"""Signed notes: the published example, round trips, and every field changed on purpose."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from roomgate.ledger.checkpoint import (
    COSIGNATURE,
    BadNote,
    Checkpoint,
    Note,
    SignatureLine,
    VerifierKey,
    build_name,
    cosign,
    earlier_name,
    open_checkpoint,
)
from roomgate.ledger.tree import root_of

# The example in the documentation of Go's signed notes, which the C2SP format describes.
EXAMPLE_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
EXAMPLE_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
ORIGIN = "roomgate.hub/main"
LOG = VerifierKey.of(ORIGIN, KEY)
WITNESS = VerifierKey.of("witness.example.com/w", OTHER, COSIGNATURE)
CHECKPOINT = Checkpoint(ORIGIN, 3, root_of([b"a", b"b", b"c"]))


def test_the_published_example_verifies():
    key = VerifierKey.parse(EXAMPLE_KEY)
    note = Note.parse(EXAMPLE_NOTE)
    note.verify(key)
    assert str(key) == EXAMPLE_KEY
    assert str(note) == EXAMPLE_NOTE


def test_the_published_example_changed_does_not():
    with pytest.raises(BadNote):
        Note.parse(EXAMPLE_NOTE.replace("answer", "Answer")).verify(VerifierKey.parse(EXAMPLE_KEY))


def test_a_signed_checkpoint_is_read_back():
    raw = str(CHECKPOINT.sign(KEY))
    assert open_checkpoint(raw, LOG) == CHECKPOINT
    assert str(Note.parse(raw)) == raw
    assert raw.startswith("roomgate.hub/main\n3\n")


def changed_text(old, new):
    raw = str(CHECKPOINT.sign(KEY))
    assert old in raw
    return raw.replace(old, new, 1)


@pytest.mark.parametrize(
    "raw",
    [
        changed_text("roomgate.hub/main\n", "roomgate.hub/other\n"),
        changed_text("\n3\n", "\n4\n"),
        changed_text("\n3\n", "\n03\n"),
        changed_text("\n3\n", "\n-3\n"),
        changed_text("\n3\n", "\n٣\n"),
        changed_text(base64.b64encode(CHECKPOINT.root).decode(), base64.b64encode(bytes(32)).decode()),
        changed_text("— roomgate.hub/main", "— roomgate.hub/other"),
        changed_text("— ", "- "),
        changed_text("\n\n", "\nextension\n\n"),
        changed_text("\n\n", "\n"),
        str(CHECKPOINT.sign(KEY)).rstrip("\n"),
        str(CHECKPOINT.sign(OTHER)),
        "",
    ],
)
def test_each_field_is_guarded(raw):
    with pytest.raises(BadNote):
        open_checkpoint(raw, LOG)


def test_an_extension_line_that_is_signed_is_refused_all_the_same():
    text = CHECKPOINT.text() + "extension\n"
    raw = str(Note(text, (SignatureLine(ORIGIN, LOG.id, KEY.sign(text.encode())),)))
    with pytest.raises(BadNote):
        open_checkpoint(raw, LOG)


def test_one_log_cannot_sign_for_another():
    text = Checkpoint("roomgate.hub/other", 3, CHECKPOINT.root).text()
    raw = str(Note(text, (SignatureLine(ORIGIN, LOG.id, KEY.sign(text.encode())),)))
    with pytest.raises(BadNote):
        open_checkpoint(raw, LOG)


def test_signatures_of_strangers_are_ignored_but_a_wrong_one_of_ours_is_not():
    note = CHECKPOINT.sign(KEY)
    stranger = SignatureLine("stranger", b"1234", b"x" * 64)
    note.with_signature(stranger).verify(LOG)
    wrong = SignatureLine(ORIGIN, LOG.id, b"x" * 64)
    with pytest.raises(BadNote):
        Note(note.text, (*note.signatures, wrong)).verify(LOG)


def test_a_cosignature_tells_its_time():
    note = CHECKPOINT.sign(KEY).with_signature(cosign(CHECKPOINT.text(), WITNESS.name, OTHER, 1_700_000_000))
    assert Note.parse(str(note)).cosigned_at(WITNESS) == 1_700_000_000
    assert open_checkpoint(str(note), LOG) == CHECKPOINT


def test_a_cosignature_covers_time_text_and_name():
    line = cosign(CHECKPOINT.text(), WITNESS.name, OTHER, 1_700_000_000)
    later = SignatureLine(line.name, line.key_id, (1_700_000_001).to_bytes(8, "big") + line.signature[8:])
    for note in (
        Note(CHECKPOINT.text(), (later,)),
        Note(Checkpoint(ORIGIN, 4, CHECKPOINT.root).text(), (line,)),
        Note(CHECKPOINT.text(), (SignatureLine("else", line.key_id, line.signature),)),
        Note(CHECKPOINT.text(), (SignatureLine(line.name, line.key_id, b""),)),
        Note(CHECKPOINT.text(), ()),
    ):
        with pytest.raises(BadNote):
            note.cosigned_at(WITNESS)


def test_a_signature_is_no_cosignature_and_the_other_way_round():
    note = CHECKPOINT.sign(KEY)
    with pytest.raises(BadNote):
        note.cosigned_at(LOG)
    with pytest.raises(BadNote):
        note.with_signature(cosign(note.text, WITNESS.name, OTHER, 1)).verify(WITNESS)


def test_a_new_signature_replaces_the_same_signers_old_one():
    note = CHECKPOINT.sign(KEY)
    for when in (1, 2):
        note = note.with_signature(cosign(note.text, WITNESS.name, OTHER, when))
    assert len(note.signatures) == 2
    assert note.cosigned_at(WITNESS) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        str(LOG).replace("roomgate", "Roomgate"),
        str(LOG)[:-4],
        str(LOG) + "AAAA",
        f"{ORIGIN}+{LOG.id.hex()}+" + base64.b64encode(b"\x02" + LOG.key).decode(),
        str(LOG).replace(ORIGIN, "two words"),
    ],
)
def test_a_wrong_key_text_is_refused(text):
    with pytest.raises(BadNote):
        VerifierKey.parse(text)


def test_a_name_that_breaks_the_format_cannot_sign():
    for name in ("", "two words", "a+b", "a\nb"):
        with pytest.raises(BadNote):
            VerifierKey.of(name, KEY)


@given(st.text(max_size=300) | st.text(alphabet="ab\n— +=/0", max_size=80))
def test_rubbish_raises_only_our_error(text):
    for parse in (Note.parse, Checkpoint.parse, VerifierKey.parse, SignatureLine.parse):
        try:
            parse(text)
        except BadNote:
            continue


@given(st.data())
def test_one_changed_character_is_never_accepted_as_another_checkpoint(data):
    raw = str(CHECKPOINT.sign(KEY))
    at = data.draw(st.integers(0, len(raw) - 1))
    new = raw[:at] + data.draw(st.characters(exclude_characters=raw[at], codec="utf-8")) + raw[at + 1 :]
    with pytest.raises(BadNote):
        open_checkpoint(new, LOG)


def test_a_restored_record_is_another_log_and_knows_its_earlier_names():
    names = [build_name("roomgate.hub/main", n) for n in range(4)]
    assert names == ["roomgate.hub/main", "roomgate.hub/main/2", "roomgate.hub/main/3", "roomgate.hub/main/4"]
    for i, now in enumerate(names):
        assert [name for name in names if earlier_name(name, now)] == names[:i]
    for other in ("roomgate.hub", "roomgate.hub/main/1", "roomgate.hub/main/5", "elsewhere/main"):
        assert not earlier_name(other, names[3])
    assert not earlier_name("a", "a/99999999999")


def test_half_a_character_is_no_name():
    with pytest.raises(BadNote):
        VerifierKey.parse("roomg\udca2te+2c72a9ff+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4")
