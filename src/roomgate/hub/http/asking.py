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
GIVEN = "roomgate.given"  # where the routes find the parts of the hub that was asked, in the scope
IfMatch = Annotated[str | None, HeaderParameter(name="If-Match", required=False)]  # ``if_match: IfMatch = None``


def signed_of(request: Req) -> Signed:
    """Who asks; the door has seen to it. Raises NotSignedIn where a route is behind no door."""
    signed = request.scope.get(SIGNED)
    if not isinstance(signed, Signed):
        raise NotSignedIn("Sign in first.")
    return signed


def given(request: Req, name: str) -> Any:
    """What the hub that was asked gives its routes by this name: the routes are the same for every hub."""
    return request.scope[GIVEN][name]  # type: ignore[literal-required]  # a TypedDict of theirs


def give(name: str) -> Provide:
    """A dependency of routes that `given` finds."""

    def find(request: Req) -> Any:
        return given(request, name)

    return Provide(find, sync_to_thread=False)


def parts_of(request: Req) -> Parts:
    parts = given(request, "parts")
    assert isinstance(parts, Parts)
    return parts


def source_of(request: Req) -> str:
    """The address that the request came from."""
    return asgi.source_of(request.scope)  # type: ignore[arg-type]  # a TypedDict of theirs


DEPENDENCIES = {
    "signed": Provide(signed_of, sync_to_thread=False),
    "parts": give("parts"),
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
