"""A document as the page's form gives it: pasted or chosen as a file, with the files that it names. Pure."""

import json
from collections.abc import Sequence
from pathlib import PurePosixPath

from roomgate.errors import BadInput
from roomgate.fleet.beside import read_in
from roomgate.fleet.notation import read_tables
from roomgate.hub.http.multipart import Part

_DOCUMENTS = (".toml", ".yaml", ".yml", ".json")


def read_given(pasted: str, chosen: Sequence[Part]) -> str:
    """The document's text as it came, or as JSON where files were read into it. A chosen document goes before a pasted.

    Raises BadInput, also for a file that the document names and nobody chose.
    """
    files = {one.filename or "": one.content for one in chosen}
    documents = [name for name in files if name.lower().endswith(_DOCUMENTS)]
    if len(documents) > 1:
        raise BadInput("Choose one document, and the files that it names.")
    text = _text(files.pop(documents[0])) if documents else pasted
    tables = read_tables(text)
    read = set[str]()

    def beside(named: str) -> bytes:
        name = named if named in files else PurePosixPath(named).name  # browsers give no folders
        if name not in files:
            raise BadInput(f"{named[:120]}: the document names this file. Choose it too.")
        read.add(name)
        return files[name]

    read_in(tables, beside)
    if spare := sorted(files.keys() - read):
        raise BadInput(f"{spare[0][:120]}: the document does not name this file.")
    return json.dumps(tables, ensure_ascii=False, default=str) if read else text


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as bad:
        raise BadInput("The document is no text in UTF-8.") from bad
