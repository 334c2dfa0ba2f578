import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from roomgate.errors import BadInput
from roomgate.link.enrolment import (
    EnrolAnswer,
    EnrolAsk,
    EnrolmentRefused,
    WrongHub,
    build_answer,
    build_ask,
    check_answer,
    check_ask,
    code_hash,
    parse_answer,
    parse_ask,
)
from roomgate.link.identity import CONNECTOR, HUB, build_certificate
from roomgate.link.signing import fingerprint

HUB_KEY, KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))
PRINT = fingerprint(HUB_KEY.public_key())
replace = msgspec.structs.replace


def ask() -> EnrolAsk:
    return build_ask(KEY, "7K2M-9QRT", PRINT, "Oslo office", "roomgate 1")


def answer() -> EnrolAnswer:
    return build_answer(HUB_KEY, ask(), "connector_1", "site_1")


def test_a_question_crosses_the_wire_and_proves_its_key() -> None:
    heard = parse_ask(msgspec.json.encode(ask()))
    assert heard == ask()
    assert check_ask(heard, HUB_KEY.public_key()) == KEY.public_key()


@pytest.mark.parametrize(
    "changed",
    [
        {"code": "7K2M-9QRX"},
        {"name": "Bergen"},
        {"software": "other"},
        {"public_key": OTHER.public_key().public_bytes_raw()},
        {"certificate": build_certificate(OTHER, CONNECTOR).decode()},
        {"certificate": build_certificate(KEY, HUB).decode()},
        {"certificate": "rubbish"},
        {"proof": bytes(64)},
    ],
    ids=lambda c: next(iter(c)),
)
def test_a_changed_question_is_refused_with_one_answer(changed: dict[str, object]) -> None:
    with pytest.raises(EnrolmentRefused) as refused:
        check_ask(replace(ask(), **changed), HUB_KEY.public_key())
    assert refused.value.message == "The enrolment was refused."


def test_a_proof_for_one_hub_is_worth_nothing_at_another() -> None:
    with pytest.raises(EnrolmentRefused):
        check_ask(ask(), OTHER.public_key())


def test_the_answer_crosses_the_wire_and_pins_the_hub() -> None:
    heard = parse_answer(msgspec.json.encode(answer()))
    assert check_answer(heard, ask(), PRINT.upper().replace("-", " ")) == HUB_KEY.public_key()


@pytest.mark.parametrize(
    "changed",
    [
        {"connector": "connector_2"},
        {"site": "site_2"},
        {"hub_public_key": OTHER.public_key().public_bytes_raw()},
        {"hub_certificate": build_certificate(OTHER, HUB).decode()},
        {"hub_certificate": build_certificate(HUB_KEY, CONNECTOR).decode()},
        {"signature": bytes(64)},
    ],
)
def test_a_changed_answer_pins_nothing(changed: dict[str, object]) -> None:
    with pytest.raises(WrongHub):
        check_answer(replace(answer(), **changed), ask(), PRINT)


def test_another_hub_that_is_whole_in_itself_pins_nothing() -> None:
    with pytest.raises(WrongHub):
        check_answer(build_answer(OTHER, ask(), "connector_1", "site_1"), ask(), PRINT)


def test_an_answer_to_another_connector_pins_nothing() -> None:
    other = build_ask(OTHER, "7K2M-9QRT", PRINT, "Oslo office", "roomgate 1")
    with pytest.raises(WrongHub):
        check_answer(build_answer(HUB_KEY, other, "connector_1", "site_1"), ask(), PRINT)


def test_a_code_may_be_typed_as_people_do() -> None:
    assert code_hash(" 7k2m 9qrt ") == code_hash("7K2M-9QRT")
    assert code_hash("7K2M-9QRT") != code_hash("7K2M-9QRS")


@given(st.binary(max_size=300))
def test_rubbish_raises_only_our_errors(rubbish: bytes) -> None:
    with pytest.raises(BadInput):
        parse_ask(rubbish)
    with pytest.raises(WrongHub):
        parse_answer(rubbish)


@pytest.mark.parametrize("changed", [{"code": ""}, {"code": "x" * 65}, {"name": ""}, {"name": "x" * 20_000}])
def test_fields_are_bounded(changed: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        parse_ask(msgspec.json.encode(replace(ask(), **changed)))
