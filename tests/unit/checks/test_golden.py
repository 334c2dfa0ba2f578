import pytest

from roomgate.checks.golden import PAGES_MOST, golden_folder, golden_names, load_golden
from roomgate.checks.snapshot import TEXT_MOST
from roomgate.errors import BadInput
from support.checks import ONE, target_of

TEXT = ONE + '[device]\ngolden = "pages"\n'


def test_only_html_files_of_the_folder_are_pages(tmp_path):
    target = target_of(TEXT, tmp_path)
    assert golden_names(target) == []
    (tmp_path / "pages").mkdir()
    for name in ("b.html", "a.HTM", "own.css"):
        (tmp_path / "pages" / name).write_text("<p>é")
    assert golden_names(target) == ["a.HTM", "b.html"]
    assert load_golden(target, "b.html") == "<p>é"
    assert golden_folder(target) == tmp_path / "pages"
    for n in range(20):
        (tmp_path / "pages" / f"{n}.html").write_text("")
    assert len(golden_names(target)) == PAGES_MOST


@pytest.mark.parametrize("name", ["../secret.html", "/etc/passwd", "nothing.html", "", "."])
def test_nothing_else_is_read(tmp_path, name):
    (tmp_path / "pages").mkdir()
    (tmp_path / "secret.html").write_text("secret")
    with pytest.raises(BadInput):
        load_golden(target_of(TEXT, tmp_path), name)
    with pytest.raises(BadInput):
        load_golden(target_of(ONE, tmp_path), "a.html")


def test_what_is_read_is_bounded_and_always_text(tmp_path):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "big.html").write_bytes(b"\xff" * (TEXT_MOST + 10))
    assert len(load_golden(target_of(TEXT, tmp_path), "big.html")) == TEXT_MOST
