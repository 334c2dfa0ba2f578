"""A page whose head is on its way while what it shows is still being asked for.

Theory: a template that is rendered piece by piece has run no further than its last piece, so what stands behind
`MORE` may be handed over when it is known. Whether somebody may look at all is decided before a page begins: from its
first byte on its status is 200, and what goes wrong later is told in the page.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from itertools import takewhile
from typing import Any

from jinja2 import Template
from markupsafe import Markup

MORE = Markup("\0")  # in a template: ``{{ late.more }}`` in a block, outside of macros; `late` has the rest behind it

Later = Callable[[], Awaitable[Mapping[str, Any]]]


async def render_early(template: Template, context: Mapping[str, Any], later: Later) -> AsyncIterator[bytes]:
    """Two parts. ``later`` gives what `late` has in the second, and is not to raise."""
    late: dict[str, Any] = {"more": MORE}
    pieces = template.generate(late=late, **context)
    yield "".join(takewhile(lambda piece: piece != MORE, pieces)).encode()
    late |= await later()
    yield "".join(pieces).encode()
