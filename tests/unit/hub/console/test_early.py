import pytest
from jinja2 import Environment

from roomgate.hub.console.early import render_early

pytestmark = pytest.mark.asyncio
PAGE = "<h1>{{ head }}</h1>{% block main %}{{ late.more }}<p>{{ late.rest }}</p>{% endblock %}"


async def test_the_head_is_there_before_anybody_is_asked_for_the_rest() -> None:
    asked = []

    async def later() -> dict[str, str]:
        asked.append("rest")
        return {"rest": "<b>"}

    template = Environment(autoescape=True).from_string(PAGE)
    parts = render_early(template, {"head": "Oslo & Bergen"}, later)
    assert await anext(parts) == b"<h1>Oslo &amp; Bergen</h1>"
    assert asked == []
    assert await anext(parts) == b"<p>&lt;b&gt;</p>"
    assert [part async for part in parts] == []
    assert asked == ["rest"]


async def test_a_value_that_looks_like_the_end_of_the_head_ends_it_and_loses_nothing() -> None:
    async def later() -> dict[str, str]:
        return {"rest": "here"}

    template = Environment(autoescape=True).from_string("<h1>{{ head }}</h1>{{ late.more }}<p>{{ late.rest }}</p>")
    parts = [part async for part in render_early(template, {"head": "\0"}, later)]
    assert b"".join(parts).replace(b"\0", b"") == b"<h1></h1><p>here</p>"
