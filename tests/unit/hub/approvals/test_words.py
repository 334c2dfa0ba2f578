"""Requests as sentences."""

from dataclasses import replace
from datetime import UTC, datetime

from roomgate.hub.approvals.request import Request, State
from roomgate.hub.approvals.words import say_list, say_may, say_request
from roomgate.hub.console.words import Words
from roomgate.hub.grants.wanted import Wanted
from roomgate.ids import PersonId, RequestId

NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)
EN, ZH = Words.of("en"), Words.of("zh-Hans")
WANTED = Wanted(
    person="person_kim", rooms=("Oslo",), capabilities=("av-control", "call"), minutes=120, reason="the camera"
)
REQUEST = Request(RequestId("request_1"), PersonId("person_kim"), WANTED, State.WAITING, NOON, NOON)


def test_a_list_reads_like_one() -> None:
    assert [say_list(EN, parts) for parts in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert say_list(ZH, ["甲", "乙", "丙"]) == "甲、乙和丙"


def test_a_request_is_a_sentence_without_a_word_of_ours() -> None:
    assert say_request(EN, REQUEST, "Kim") == (
        "Kim asks for Oslo, to make and end calls and change volume and screens, for 2 h, because: the camera"
    )
    assert "Kim 申请访问 Oslo" in say_request(ZH, REQUEST, "Kim")


def test_a_role_is_named_in_the_readers_language_where_there_is_one() -> None:
    for role, said in (("auditor", "Auditor"), ("technician", "technician")):
        request = replace(REQUEST, wanted=Wanted(person="", rooms=("Oslo",), role=role, minutes=5, reason="x"))
        assert say_may(EN, request) == f"do all that “{said}” gives"


def test_break_glass_says_that_nobody_was_asked() -> None:
    assert "without a second person" in say_request(EN, replace(REQUEST, state=State.TAKEN), "Kim")


def test_names_that_look_like_fields_stay_names() -> None:
    assert "{why} asks" in say_request(EN, REQUEST, "{why}")
