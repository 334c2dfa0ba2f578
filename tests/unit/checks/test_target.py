from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.target import (
    Ask,
    Deed,
    Target,
    filled,
    filled_in,
    is_inside,
    overdue,
    parse_target,
    secret_files,
)
from roomgate.errors import BadInput, NotFound

LEAST = """
[target]
name = "Ours"
urls = ["https://A.example/", "https://b.example/"]

[authorisation]
text = "The owner allows it."
by = "The owner"
"""
WHOLE = (
    LEAST
    + """
[permitted]
hosts = ["Id.example"]

[[links]]
url = "https://link.example/d/1"
name = "first"
account = "anna"
reads = [{ url = "https://api.example/1" }]

[[accounts]]
name = "anna"
password_file = "anna.txt"
values = { key = "value-of-anna" }
sign_in = { request = { url = "https://in.example/", method = "POST", form = { u = "{user}" } } }

[[accounts]]
name = "bert"
token_file = "bert.txt"

[[channels]]
name = "status"
request = { url = "https://channel.example/", account = "anna" }

[[causes]]
name = "gone"
kind = "deleted"
account = "anna"
link = "first"
channels = ["status"]
deed = { request = { url = "https://admin.example/", method = "DELETE" } }
undo = { request = { url = "https://undo.example/", method = "POST" } }

[device]
url = "https://device.example"
password_file = "device.txt"

[K99]
ask = { url = "https://option.example/" }
more = [{ deep = { url = "https://deep.example/" } }]
named = { one = { url = "https://named.example/" } }
"""
)
READ = {"anna.txt": "pass-of-anna\n", "bert.txt": " token-of-bert ", "device.txt": "pass-of-device"}


class Deep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    deep: Ask


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    ask: Ask | None = None
    more: tuple[Deep, ...] = ()
    named: dict[str, Ask] = {}
    deed: Deed = Deed()


def parse(text: str, read: dict[str, str] | None = None) -> Target:
    return parse_target(text, Path(), {"K99": Options}, read or READ)


def complaints(text: str) -> str:
    with pytest.raises(BadInput) as bad:
        parse(text)
    return bad.value.message


def test_the_least_that_a_target_file_says() -> None:
    made = parse(LEAST)
    assert (made.front, made.permitted.requests_per_second, made.links) == ("https://A.example/", 2.0, ())
    assert made.hosts == {"a.example", "b.example"}
    assert made.option("K99", Options) is None


def test_every_host_that_the_file_names_is_permitted_and_no_other() -> None:
    names = ("a", "b", "id", "link", "api", "in", "channel", "admin", "undo", "device", "option", "deep", "named")
    assert parse(WHOLE).hosts == {f"{name}.example" for name in names}


def test_an_address_that_cannot_be_read_permits_nothing() -> None:
    made = parse(WHOLE.replace("https://channel.example/", "https://[channel.example/"))
    assert made.hosts == parse(WHOLE).hosts - {"channel.example"}


def test_secrets_come_from_their_files_and_are_known_for_masking() -> None:
    assert sorted(secret_files(WHOLE)) == ["anna.txt", "bert.txt", "device.txt"]
    made = parse(WHOLE)
    assert (made.account("anna").password, made.account("bert").token, made.device.password) == (
        "pass-of-anna", "token-of-bert", "pass-of-device",
    )  # fmt: skip
    assert made.secrets == {
        "pass-of-anna": "password of anna", "value-of-anna": "key of anna", "token-of-bert": "token of bert",
        "pass-of-device": "password of the device",
    }  # fmt: skip


def test_a_secret_too_short_to_be_told_from_a_word_masks_nothing() -> None:
    assert "a" not in parse(WHOLE, {**READ, "anna.txt": "a"}).secrets


def test_things_are_found_by_name_or_address() -> None:
    made = parse(WHOLE)
    assert made.link("first") is made.link("https://link.example/d/1") is made.links[0]
    options = made.option("K99", Options)
    assert options is not None
    assert made.option("K99", Deep) is None
    for act in (lambda: made.account("nobody"), lambda: made.link("nowhere")):
        with pytest.raises(NotFound):
            act()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("[target]", "[taget]"), "did you mean target?"),
        (('name = "Ours"', 'nam = "Ours"'), "[target] nam: there is no such key; did you mean name?"),
        (('name = "Ours"', "name = 7"), "[target]: Expected str, got int"),
        (("[authorisation]", "[authorization]"), "did you mean authorisation?"),
        (('text = "The owner allows it."', 'text = " "'), "neither can be empty"),
        (('by = "The owner"', 'by = ""'), "neither can be empty"),
        (('urls = ["https://A.example/", "https://b.example/"]', "urls = []"), "at least one address"),
        (('"https://b.example/"', '"ftp://b.example/"'), "ftp://b.example/ is no web address"),
        (('"https://b.example/"', '"b.example"'), "b.example is no web address"),
        (('"https://b.example/"', '"https://[b.example/"'), "https://[b.example/ is no web address"),
        (('hosts = ["Id.example"]', "requests_per_second = 0"), "requests_per_second: between 0 and 50"),
        (('hosts = ["Id.example"]', "requests_per_second = 51"), "requests_per_second: between 0 and 50"),
        (('hosts = ["Id.example"]', "requests_per_second = nan"), "requests_per_second: between 0 and 50"),
        (('hosts = ["Id.example"]', "intrusive = true"), "intrusive checks need the name of a test room"),
        (('name = "bert"', 'name = "anna"'), "there are two named anna"),
        (('name = "first"\naccount = "anna"', 'name = "first"\naccount = "carl"'), "[[links]] 1 account: there is no account carl"),
        (('link.example/d/1"', 'link.example/d/1"\nurls = 1'), "[[links]] 1 urls: there is no such key"),
        (("[[links]]", "[links]"), "takes one table for each, with two brackets"),
        (('kind = "deleted"', 'kind = "removed"'), "removed is none of"),
        (('kind = "deleted"', 'kind = "deleted"\nwatch_s = "long"'), "[[causes]] 1"),
        (('name = "status"', 'name = "status"\nkind = "smoke"'), "smoke is none of request"),
        (('channels = ["status"]', 'channels = ["sound"]'), "there is no channel sound"),
        (('account = "anna"\nlink = "first"', 'account = "anna"\nlink = "other"'), "there is no link other"),
        (('account = "anna"\nlink', 'account = "carl"\nlink'), "[[causes]] 1 account: there is no account carl"),
        (('request = { url = "https://channel.example/", account = "anna" }', 'request = { url = "https://channel.example/", account = "carl" }'), "https://channel.example/: there is no account carl"),
        (("[K99]", "[K98]"), "[K98]: there is no such table; did you mean K99?"),
        (("more = [", "less = ["), "[K99] less: there is no such key"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(change: tuple[str, str], said: str) -> None:
    assert change[0] in WHOLE
    assert said in complaints(WHOLE.replace(*change, 1))


def test_every_complaint_is_told_at_once() -> None:
    said = complaints(LEAST.replace('name = "Ours"', "name = 7").replace("by =", "bye ="))
    assert len(said.splitlines()) == 2
    assert complaints("").count("is missing") == 2
    assert "This is not TOML" in complaints("[target")
    with pytest.raises(BadInput):
        secret_files("[target")


@pytest.mark.parametrize(
    "text", ["accounts = 7", "accounts = [7]", "device = 7", "[[device]]", "[device]\npassword_file = 7"]
)
def test_odd_shapes_name_no_secret_files_and_are_refused(text: str) -> None:
    assert secret_files(text) == []
    with pytest.raises(BadInput):
        parse(f"{text}\n{LEAST}")


_words = st.sampled_from(
    ["target", "name", "urls", "authorisation", "links", "accounts", "device", "site", "K99", "text", "by", "url"]
)
_values = st.recursive(
    st.sampled_from(['"x"', "7", "true", "[]", '"https://a.example/"', "2026-01-01", "nan"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda some: f"[{', '.join(some)}]")
    | st.dictionaries(_words, inner, max_size=3).map(lambda some: "{" + ", ".join(f"{k} = {v}" for k, v in some.items()) + "}"),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(_words, _values, max_size=6).map(lambda some: "\n".join(f"{k} = {v}" for k, v in some.items())))
def test_rubbish_raises_only_our_error(text: str) -> None:
    for act in (parse, secret_files):
        try:
            act(text)
        except BadInput as bad:
            assert bad.message


@given(st.text(max_size=80))
def test_text_that_is_no_toml_raises_only_our_error(text: str) -> None:
    try:
        parse(text)
    except BadInput as bad:
        assert bad.message


def test_placeholders_are_filled_and_what_has_no_value_stays() -> None:
    values = {"user": "anna", "password": "p"}
    assert filled("{user}:{password}:{token}", values) == "anna:p:{token}"
    whole: Any = {"{user}": ["{password}", 7, None, {"x": ("{user}",)}]}
    assert filled_in(whole, values) == {"anna": ["p", 7, None, {"x": ["anna"]}]}


@pytest.mark.parametrize(
    ("until", "over"), [(None, False), (date(2026, 3, 10), False), (date(2026, 3, 9), True), (date(2026, 3, 11), False)]
)
def test_the_last_day_is_the_owners_whole_day_in_utc(until: date | None, over: bool) -> None:
    made = parse(LEAST)
    made = replace(made, authorisation=msgspec.structs.replace(made.authorisation, until=until))
    assert overdue(made, datetime(2026, 3, 10, 23, 59, tzinfo=UTC)) is over


@pytest.mark.parametrize(
    ("host", "inside"),
    [("10.0.0.9", True), ("127.0.0.1", True), ("::1", True), ("fd00::1", True), ("169.254.1.1", True), ("8.8.8.8", False),
     ("2606:4700::1111", False), ("a.example", False), ("", False)],
)  # fmt: skip
def test_what_only_its_own_network_reaches(host: str, inside: bool) -> None:
    assert is_inside(host) is inside
