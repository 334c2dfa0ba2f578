"""Styles, scripts and marks: read once, named by their content so that a browser may keep them.

They are public, so they travel compressed. Pages do not: they carry secrets beside what others wrote, and the
length of a compressed page would tell of them.
"""

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from litestar import Response, get
from litestar.params import FromPath

from roomgate.design.sheets import SHEETS, load_sheet
from roomgate.errors import NotFound
from roomgate.hub.http.asking import Req

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


_IMPORT = re.compile(rb'^import \{[^}]*\} from "\./([a-z]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(rb"^export ", re.MULTILINE)

MAIN = "main.js"
EDITOR = "editor.js"  # brought at set-up by tools/setup_editor.sh; where it is missing, a plain field takes its place


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    packed: bytes  # the same, as gzip
    media_type: str
    tag: str  # changes with the content


def join_modules(files: Mapping[str, bytes], first: str) -> tuple[bytes, list[str]]:
    """A module and all that it imports as one file, and whose text that is: a request less for each, and a connection
    less for some.

    What one imports comes before it. All have one scope then: a name at the top of a module is that module's alone.
    """
    order, seen = list[str](), set[str]()

    def take(name: str) -> None:
        if name not in seen:
            seen.add(name)  # at once: two may import each other
            for other in _IMPORT.findall(files[name]):
                take(other.decode())
            order.append(name)

    take(first)
    return b"".join(_EXPORT.sub(b"", _IMPORT.sub(b"", files[name])) for name in order), order


def load_assets() -> Mapping[str, Asset]:
    """What ``static`` has for pages, by name. The sheets, shared and own, are one: nothing is shown before all are
    there. So are the modules that every page has."""
    console = resources.files("roomgate.hub.console")
    files = {file.name: file.read_bytes() for file in console.joinpath("static").iterdir()}
    every, parts = join_modules(files, MAIN)
    files = {name: body for name, body in files.items() if name not in parts} | {MAIN: every}
    if (editor := console.joinpath("built", EDITOR)).is_file():
        files[EDITOR] = editor.read_bytes()
    files["console.css"] = b"".join([*map(load_sheet, SHEETS), files.pop("pages.css")])
    return {
        name: Asset(body, gzip.compress(body, mtime=0), kind, hashlib.sha256(body).hexdigest()[:12])
        for name, body in files.items()
        if (kind := _TYPES.get(name.rpartition(".")[2])) is not None
    }


ASSETS = load_assets()


def editor() -> str:
    """The address of the code editor, or nothing where it was not brought."""
    return url(EDITOR) if EDITOR in ASSETS else ""


def url(name: str) -> str:
    """Raises KeyError for a file that is not there: a page never links to nothing."""
    return f"/static/{name}?v={ASSETS[name].tag}"


@get("/static/{name:str}", include_in_schema=False)
async def static(name: FromPath[str], request: Req) -> Response[bytes]:
    asset = ASSETS.get(name)
    if asset is None:
        raise NotFound("There is no such file.")
    headers = {"ETag": f'"{asset.tag}"', "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(asset.body, media_type=asset.media_type, headers=headers)
    return Response(asset.packed, media_type=asset.media_type, headers={**headers, "Content-Encoding": "gzip"})
