"""Pure: several panels as one zip archive, and such an archive of somebody else's read with suspicion.

Nothing is ever unpacked to a disk. Names are those of files at the archive's own level; what an archive says of its
sizes is not believed, it is read up to a limit.
"""

import io
import stat
import zipfile
import zlib
from collections.abc import Mapping

from roomgate.errors import BadInput
from roomgate.hub.extensions.text import MOST_BYTES, Kind, refuse_name

MOST_FILES = 100
MOST_TOGETHER = 4 * 1024 * 1024
_WHEN = (1980, 1, 1, 0, 0, 0)  # the same panels make the same archive
_ENCRYPTED = 0x1


def pack(panels: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(panels.items()):
            if not refuse_name(Kind.PANEL, name):
                archive.writestr(zipfile.ZipInfo(f"{name}.xml", _WHEN), text.encode())
    return out.getvalue()


def unpack(raw: bytes) -> dict[str, str]:
    """The panels of an archive by their file's name. Raises BadInput for anything but plain files of text."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return _read(archive)
    # NotImplementedError is how zipfile says that it does not know a compression or a version.
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as bad:
        raise BadInput("This is no zip archive that can be read.") from bad


def _read(archive: zipfile.ZipFile) -> dict[str, str]:
    entries = archive.infolist()
    if len(entries) > MOST_FILES:
        raise BadInput(f"An archive of panels has at most {MOST_FILES} files.")
    found: dict[str, str] = {}
    left = MOST_TOGETHER
    for entry in entries:
        name = _name(entry)
        if name in found:
            raise BadInput(f"{name}.xml is in the archive twice.")
        with archive.open(entry) as file:
            data = file.read(min(MOST_BYTES, left) + 1)
        left -= len(data)
        if len(data) > MOST_BYTES or left < 0:
            raise BadInput("The archive holds more than panels are large.")
        try:
            found[name] = data.decode("utf-8-sig")
        except UnicodeDecodeError as bad:
            raise BadInput(f"{name}.xml is not text in UTF-8.") from bad
    return found


def _name(entry: zipfile.ZipInfo) -> str:
    """Raises BadInput for a folder, a way out of the archive, a link, something encrypted, or no panel's name."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    name = entry.filename.removesuffix(".xml")
    plain = kind in (0, stat.S_IFREG) and not entry.flag_bits & _ENCRYPTED and entry.filename.endswith(".xml")
    if not plain or entry.orig_filename != entry.filename or refuse_name(Kind.PANEL, name):
        raise BadInput("An archive of panels holds files named PANEL.xml and nothing else.")
    return name
