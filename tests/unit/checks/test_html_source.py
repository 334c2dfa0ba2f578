"""What a page's source says; broken and hostile pages give what could be read."""

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.html_source import is_page, read_source, read_through

PAGE = """<!doctype html><head><meta http-equiv="Refresh" content="0; url=/there">
<meta http-equiv="Content-Security-Policy" content="default-src 'self'"></head><body>
<form action="/in"><input type="hidden" name="next" value="/x"><input name="user"><button>Go</button></form>
<a href="/away?url=/">away</a><script>let a = "<b>";</script><script src="/app.js"></script></body>"""


def test_what_is_in_a_page():
    found = read_source(PAGE)
    assert found.controls == 2
    assert found.forms == ["/in"]
    assert found.fields == {"next": "/x", "user": ""}
    assert found.links == ["/away?url=/"]
    assert found.scripts == ['let a = "<b>";']
    assert found.has_scripts
    assert found.text == "Go away"
    assert found.order("refresh") == ["0; url=/there"]
    assert found.order("content-security-policy") == ["default-src 'self'"]


@pytest.mark.parametrize(("kind", "body", "is_one"), [
    ("text/html; charset=utf-8", "anything", True),
    ("application/xhtml+xml", "", True),
    ("application/json", "<html>", False),
    ("", "  <!DOCTYPE html>", True),
    ("", '{"a": 1}', False),
])  # fmt: skip
def test_what_browsers_show_as_a_page(kind, body, is_one):
    assert is_page(kind, body) is is_one


@pytest.mark.parametrize(
    "rubbish", ["<![x[", "<!", "<script>", "<input", "<a href=", "<![%[ ", "&#xffffffff;", "<input name>"]
)
def test_what_is_broken_gives_what_came_before_it(rubbish):
    assert read_source("<form action='/in'>" + rubbish).forms == ["/in"]


def test_elements_by_the_thousand_are_bounded():
    found = read_source("<form action=x><a href=y><input name=%d>" * 3000)
    assert len(found.forms) == len(found.links) == 2000


@pytest.mark.parametrize("unit", ["<!--", "<a ", "<script>", "<![CDATA[", "<!x", "&#", "</", "<?"])
def test_a_hostile_page_takes_no_long_time(unit):
    began = time.process_time()
    read_source(unit * (256 * 1024 // len(unit)))
    assert time.process_time() - began < 5


@given(st.text(max_size=200))
def test_any_text_is_read(text):
    read_source(text)
    is_page(text, text)


class Told(HTMLParser):
    def __init__(self):
        super().__init__()
        self.said = []

    def handle_starttag(self, tag, attrs):
        self.said.append(tag)

    def handle_data(self, data):
        self.said.append(data)


@pytest.mark.parametrize("page", ["<!--" * 65536, "<!--" + "x<" * 100_000, "<a " * 80_000, "<![odd[ <p>"])
def test_a_page_without_end_is_read_in_the_time_of_its_length(page):
    reader, began = Told(), time.process_time()
    read_through(reader, "<p>before</p>" + page)
    assert time.process_time() - began < 5
    assert reader.said[0] == "p"


@pytest.mark.parametrize(("page", "said"), [("a", ["a"]), ("<p>a", ["p", "a"]), ("<p>a<!-- b <i>", ["p", "a"])])
def test_the_last_text_is_read_and_what_is_unfinished_is_not(page, said):
    reader = Told()
    read_through(reader, page)
    assert reader.said == said
