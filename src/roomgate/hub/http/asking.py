"""What a route is given: who asks, and the hub's parts. And the version that a write was made against."""

from typing import Annotated, Any

from litestar import Request
from litestar.di import NamedDependency, Provide
from litestar.params import HeaderParameter

from roomgate.errors import BadInput
from roomgate.hub.http import asgi
from roomgate.hub.http.door import SIGNED
from roomgate.hub.http.problem import NotSignedIn
from roomgate.hub.identity.person import Signed
from roomgate.hub.parts import Parts

Who = NamedDependency[Signed]  # in a route: ``signed: Who``
Hub = NamedDependency[Parts]  # in a route: ``parts: Hub``
Req = Request[Any, Any, Any]  # in a route: ``request: Req``
IfMatch = Annotated[str | None, HeaderParameter(name="If-Match", required=False)]  # ``if_match: IfMatch = None``


def signed_of(request: Req) -> Signed:
    """Who asks; the door has seen to it. Raises NotSignedIn where a route is behind no door."""
    signed = request.scope.get(SIGNED)
    if not isinstance(signed, Signed):
        raise NotSignedIn("Sign in first.")
    return signed


def parts_of(request: Req) -> Parts:
    parts = request.app.state.parts
    assert isinstance(parts, Parts)
    return parts


def source_of(request: Req) -> str:
    """The address that the request came from."""
    return asgi.source_of(request.scope)  # type: ignore[arg-type]  # a TypedDict of theirs


DEPENDENCIES = {
    "signed": Provide(signed_of, sync_to_thread=False),
    "parts": Provide(parts_of, sync_to_thread=False),
}


def etag(version: int) -> str:
    return f'"v{version}"'


def parse_if_match(text: str | None) -> int | None:
    """The version that must still hold, or None where any will do; raises BadInput."""
    if text is None or text.strip() == "*":
        return None
    bare = text.strip().removeprefix('"v').removesuffix('"')
    if not bare.isascii() or not bare.isdigit():
        raise BadInput("If-Match takes an ETag that this resource was shown with.")
    return int(bare)
