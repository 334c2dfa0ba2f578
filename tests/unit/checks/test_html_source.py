"""What a page's source says; broken and hostile pages give what could be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.html_source import is_page, read_source

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


@given(st.text(max_size=200))
def test_any_text_is_read(text):
    read_source(text)
    is_page(text, text)
