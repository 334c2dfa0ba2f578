from pathlib import Path

import pytest

from roomgate.cli.past import MOST_BYTES, load_past, read_source
from roomgate.errors import BadInput


def test_a_folder_s_invitations_wherever_they_lie_in_it(tmp_path):
    (tmp_path / "oslo").mkdir()
    for name in ("b.ics", "oslo/a.ics", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert [Path(name).name for name, _ in load_past([tmp_path])] == ["b.ics", "a.ics"]
    assert load_past([tmp_path / "notes.txt"]) == [(str(tmp_path / "notes.txt"), b"x")]


def test_what_cannot_be_read_is_told(tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        load_past([tmp_path / "gone.ics"])
    (tmp_path / "big.ics").write_bytes(b"x" * (MOST_BYTES + 1))
    with pytest.raises(BadInput, match="too large"):
        read_source(tmp_path / "big.ics", "meeting explain")


def test_an_option_that_nobody_knows_is_no_file():
    with pytest.raises(BadInput, match="There is no option --rulse"):
        read_source(Path("--rulse"), "meeting explain")
