import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from roomgate.checks import target
from roomgate.checks.catalogue import all_checks
from roomgate.checks.keys import Key, describe_keys, words_of
from roomgate.checks.target import Ask, Deed

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "target-file.md"
TABLES: dict[str, type[msgspec.Struct]] = {
    "[target]": target.TargetTable, "[authorisation]": target.Authorisation, "[permitted]": target.Permitted,
    "[[links]]": target.Link, "[[accounts]]": target.Account, "A sign-in": target.SignIn, "[[channels]]": target.Channel,
    "[[causes]]": target.Cause, "[device]": target.Device, "[site]": target.Site, "A request": Ask, "A deed": Deed,
}  # fmt: skip


class Inner(msgspec.Struct, kw_only=True):
    a: str


class Table(msgspec.Struct, kw_only=True):
    needed: str
    none: str = ""
    word: str = "usual"
    on: bool = True
    many: tuple[str, ...] = ()
    number: float = 60.0
    whole: int = 7
    maybe: float | None = None
    ask: Ask | None = None
    deed: Deed = Deed()
    inner: tuple[Inner, ...] = ()
    named: dict[str, str] = {}
    day: date | None = None


def test_each_key_says_what_it_takes_and_what_it_is_if_left_out() -> None:
    assert describe_keys(Table) == [
        Key("needed", "text", "needed"), Key("none", "text", "–"), Key("word", "text", "usual"),
        Key("on", "true or false", "true"), Key("many", "list of text", "–"), Key("number", "a number", "60"),
        Key("whole", "a whole number", "7"), Key("maybe", "a number", "–"), Key("ask", "a request", "–"),
        Key("deed", "a deed", "–"), Key("inner", "list of tables `Inner`", "–"), Key("named", "table of text", "–"),
        Key("day", "a day", "–"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "said"), [(Any, "anything"), (datetime, "a moment"), (list[int], "list of whole numbers"), (int | str, "a whole number or text")]
)  # fmt: skip
def test_a_type_in_words(kind: Any, said: str) -> None:
    assert words_of(kind) == said


@pytest.mark.parametrize("check", [check for check in all_checks() if check.options], ids=lambda check: check.id)
def test_every_checks_own_table_can_be_described(check: Any) -> None:
    assert describe_keys(check.options)


@pytest.mark.parametrize("name", TABLES)
def test_the_guide_has_every_key_of_a_table_as_the_checker_has_it(name: str) -> None:
    """A heading for each table; under it a row for each key, in the order of the code."""
    part = re.search(rf"^## `?{re.escape(name)}`?\n(.*?)(?=^## |\Z)", GUIDE.read_text("utf-8"), re.S | re.M)
    assert part is not None, f"{GUIDE.name} has no heading for {name}"
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \| (\S[^|]*) \|$", part[1], re.M)
    assert [Key(key, takes, usual) for key, takes, usual, _ in rows] == describe_keys(TABLES[name])


def test_the_guide_names_every_kind_of_cause_and_channel() -> None:
    text = GUIDE.read_text("utf-8")
    assert [kind for kind in (*target.CAUSES, *target.CHANNELS) if f"`{kind}`" not in text] == []


def test_the_guides_example_is_a_target_file() -> None:
    (example,) = re.findall(r"```toml\n(\[target\].*?)```", GUIDE.read_text("utf-8"), re.S)
    made = target.parse_target(example, Path(), {}, {"anna.password": "pass-of-anna"})
    assert made.account("anna").password == "pass-of-anna"
    assert len(made.links) == 2
