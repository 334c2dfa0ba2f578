import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomgate.errors import BadInput, RoomgateError
from roomgate.hub.meetings.explained import LARGEST, MOST_SHOWN, Device, TooMuch, explain, read_domains, scrubbed
from support.told_meetings import EVENT


def test_the_decision_depends_on_what_the_device_can_do_and_the_site_allows() -> None:
    own = frozenset({"example.com"})
    (found,) = explain(EVENT.encode(), Device(domains=own))
    assert (found["title"], found["join"]["how"], found["join"]["address"]) == (
        "Budget",
        "sip",
        "4410077@meet.example.com",
    )
    assert explain(EVENT.encode(), Device(sip=False, domains=own))[0]["join"]["how"] == "none"
    assert explain(EVENT.encode(), Device(domains=frozenset({"example.org"})))[0]["join"]["how"] == "none"


def test_what_is_too_large_is_not_looked_at() -> None:
    with pytest.raises(TooMuch):
        explain(b" " * (LARGEST + 1), Device())


def test_of_a_file_of_many_meetings_some_are_shown() -> None:
    head, _, rest = EVENT.partition("BEGIN:VEVENT")
    body, _, tail = rest.partition("END:VEVENT\n")
    events = "".join(f"BEGIN:VEVENT{body.replace('UID:1@', f'UID:{n}@')}END:VEVENT\n" for n in range(MOST_SHOWN + 5))
    assert len(explain(f"{head}{events}{tail}".encode(), Device())) == MOST_SHOWN


def test_domains_are_read_as_people_write_them() -> None:
    assert read_domains("") is None
    assert read_domains(" \n, ") is None
    assert read_domains("Example.com, meet.example.org.\nx.example") == frozenset(
        {"example.com", "meet.example.org", "x.example"}
    )
    for text in (" ".join(f"d{n}.example" for n in range(51)), "x" * 254):
        with pytest.raises(BadInput):
            read_domains(text)


def test_what_a_mail_says_is_text_of_one_line() -> None:
    found = scrubbed({"a\u202e": ["x\ny", {"b": "\x00"}], "n": 5, "no": None, "long": "z" * 3000})
    assert found["a·"] == ["x·y", {"b": "·"}]
    assert (found["n"], found["no"], len(found["long"])) == (5, None, 2001)


@settings(max_examples=30)
@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: EVENT.replace("Budget", text).encode()))
def test_any_text_is_explained_or_refused_in_our_words(raw: bytes) -> None:
    try:
        scrubbed(explain(raw, Device()))
    except RoomgateError as no:
        assert no.message
