import io
import stat
import zipfile
from collections.abc import Callable

import pytest

from roomgate.errors import BadInput
from roomgate.hub.extensions.archive import MOST_FILES, pack, unpack
from roomgate.hub.extensions.text import MOST_BYTES


def archive(make: Callable[[zipfile.ZipFile], None]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        make(made)
    return out.getvalue()


def link(made: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("a.xml")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    made.writestr(info, "/etc/passwd")


def locked(made: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("a.xml")
    made.writestr(info, "x")
    made.filelist[0].flag_bits |= 1


def test_what_is_packed_is_unpacked_and_the_same_again() -> None:
    panels = {"lights": "<a/>", "blinds": "<ü/>"}
    assert unpack(pack(panels)) == panels
    assert pack(panels) == pack(dict(reversed(panels.items())))
    assert unpack(pack({"../x": "<a/>"})) == {}  # such a name is left out


@pytest.mark.parametrize(
    "make",
    [
        lambda z: z.writestr("../a.xml", "x"),
        lambda z: z.writestr("/a.xml", "x"),
        lambda z: z.writestr("a/b.xml", "x"),
        lambda z: z.writestr("a\\b.xml", "x"),
        lambda z: z.writestr("a.js", "x"),
        lambda z: z.writestr(".xml", "x"),
        lambda z: z.mkdir("a.xml"),
        link,
        locked,
        lambda z: [z.writestr(f"{n}.xml", "") for n in range(MOST_FILES + 1)],
        lambda z: z.writestr("bomb.xml", "0" * (MOST_BYTES + 1)),
        lambda z: [z.writestr(f"{n}.xml", "0" * MOST_BYTES) for n in range(30)],
        lambda z: z.writestr("a.xml", b"\xff"),
    ],
)
def test_an_archive_with_tricks_is_refused(make: Callable[[zipfile.ZipFile], None]) -> None:
    with pytest.raises(BadInput):
        unpack(archive(make))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="twice"):
        unpack(archive(lambda z: [z.writestr("a.xml", "x"), z.writestr("a.xml", "y")]))  # type: ignore[func-returns-value]


def test_what_is_no_archive_is_refused() -> None:
    good = pack({"a": "<a/>" * 50})
    for raw in (b"", b"PK", good[:-30], good.replace(b"a.xml", b"a.xm\0"), b"\0" * 100):
        with pytest.raises(BadInput):
            unpack(raw)
