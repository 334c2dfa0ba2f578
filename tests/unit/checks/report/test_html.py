"""The page: whole in itself, runs nothing, loads nothing, and whatever a target said is text in it."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from roomgate.checks.outcome import Point, failed, inconclusive, passed
from roomgate.checks.report.html import inert, numeric, render_html
from support.hostile_words import LINES, hostile_report
from support.reports import check, png, report_of

ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "section", "footer", "article", "div", "p",
    "span", "a", "ul", "ol", "li", "dl", "dt", "dd", "br", "b", "small", "code", "h1", "h2", "h3", "h4", "table", "thead",
    "tbody", "tr", "th", "td", "figure", "figcaption", "img", "svg", "path", "circle", "text",
}  # fmt: skip


class Page(HTMLParser):
    """What a browser would make of it: elements, their attributes, and the words."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._style = False
        self.style = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_endtag(self, tag):
        self._style = False

    def handle_data(self, data):
        if self._style:
            self.style += data
        else:
            self.words += data

    def values(self, name):
        return [facts[name] for _, facts in self.elements if name in facts]


def assert_inert(page):
    assert {tag for tag, _ in page.elements} <= ELEMENTS
    assert {name for _, facts in page.elements for name in facts if name.startswith("on") or name == "style"} == set()
    assert all(str(link).startswith("#") for link in page.values("href"))
    assert all(str(source).startswith("data:image/png;base64,") for source in page.values("src"))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page.words)


def test_it_has_one_style_that_its_policy_names_and_nothing_else():
    page = Page(render_html(report_of(), {"evidence/signin.png": png()}))
    assert_inert(page)
    assert [tag for tag, _ in page.elements].count("style") == 1
    policy = next(str(facts["content"]) for tag, facts in page.elements if facts.get("http-equiv"))
    wanted = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{wanted}'; img-src data:")
    assert "url(" not in page.style
    assert "@import" not in page.style


def test_page_one_is_for_whoever_decides():
    words = Page(render_html(report_of())).words
    first = words[: words.index("All checks")]
    for said in ("F", "30 of 100 points", "It does what was found in 2019", "A device link opens without signing in",
                 "Mend what K01 names.", "Head of IT security, until 2026-03-31", "allows these checks", "4 requests",
                 "6 fail: 1 critical", "And 1 more check that fails: K29."):  # fmt: skip
        assert said in first, said


def test_the_rest_is_for_whoever_mends():
    words = Page(render_html(replace(report_of(), key="name+1234+key"))).words
    for said in ("CVSS:4.0/AV:N", "CWE-306, CWE-319; ASVS 5.0: 8.2.1", "How K01 could be wrong.", "How K01 is looked at.",
                 "looks/links.json", "What the vendor says to this", "The target went away.", "GET https://connector", "5 s",
                 "name+1234+key"):  # fmt: skip
        assert said in words, said


def test_pictures_are_shown_if_they_are_pictures():
    assert len(Page(render_html(report_of(), {"evidence/signin.png": png()})).values("src")) == 1
    assert Page(render_html(report_of(), {"evidence/signin.png": b"<svg onload=alert(1)>"})).values("src") == []
    assert Page(render_html(report_of(), {"evidence/signin.png": png() + b"0" * 3 * 1024 * 1024})).values("src") == []
    assert Page(render_html(report_of(), {"evidence/other.png": png()})).values("src") == []


def test_much_is_told_in_part():
    many = [Point(f"https://target.example/{n}", "open") for n in range(100)]
    words = Page(render_html(report_of([check("K01", failed("Open.", many))]))).words
    assert "https://target.example/19" in words
    assert "https://target.example/20" not in words
    assert "And 80 more, in report.json." in words


def test_a_difference_of_two_pages_keeps_its_lines():
    seen = Point("https://target.example/", "scripts put in: /a.js\n--- the device\n+<script>\n")
    page = Page(render_html(report_of([check("K07", failed("Changed.", [seen]))])))
    assert_inert(page)
    assert [tag for tag, _ in page.elements].count("br") >= 3  # the two lines, and the authorisation's one
    assert "+<script>" in page.words


def test_those_that_lack_the_same_stand_together():
    lacks = "Not looked at: the file names no account."
    checks = [
        check("K01", passed("Shut.")),
        check("K03", inconclusive(lacks), look="none"),
        check("K04", inconclusive(lacks), look="none"),
    ]
    page = Page(render_html(report_of(checks)))
    assert_inert(page)
    assert {"K03", "K04"} <= set(page.values("id"))
    assert page.words.count("Not looked at in this run.") == 1


def test_a_clean_one_has_nothing_to_do():
    words = Page(render_html(report_of([check("K01", passed("Shut."))]))).words
    assert "Do this first" not in words
    assert "Nothing was found that counts" in words


@pytest.mark.parametrize("line", LINES)
def test_hostile_words_are_text(line):
    hostile = replace(hostile_report(line), target=line, urls=(line,), key=line, version=line)
    page = Page(render_html(hostile))
    assert_inert(page)
    assert page.words.count(inert(line).strip()) >= 5


@given(st.text(max_size=80))
@settings(max_examples=60)
def test_no_text_at_all_is_markup(text):
    assert_inert(Page(render_html(hostile_report(text))))


@pytest.mark.parametrize(
    ("rows", "right"),
    [
        ([{"a": 1}], True),
        ([{"a": None}, {"a": 0.5}], True),
        ([{"a": "1"}], False),
        ([{"a": True}], False),
        ([{}], False),
    ],
)
def test_numbers_stand_to_the_right(rows, right):
    assert numeric(rows, "a") is right


@given(st.floats() | st.none() | st.text(max_size=20) | st.integers())
def test_any_value_is_a_line_of_text(value):
    assert inert(value).isprintable()
