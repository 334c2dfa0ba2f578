"""The checks on connectors that nobody here wrote: each stranger has its flaws found, and no others.

What is wrong with each stands in its TRUTH, which was written by reading the reference before the checks saw it.
All six run side by side, each checked by the program that a customer starts.
"""

import importlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from strangers.ground import checking, draw_certificates, outcomes, started

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("strangers")]

STRANGERS = ("a_portal", "b_single_page", "c_like_2019", "d_redirected", "e_signed_links", "f_sound_but_odd")
LONGEST_S = 240


def look_at(name: str, folder: Path) -> tuple[int, dict[str, tuple[str, str]]]:
    """Starts a stranger and has it checked: the checker's exit code, and what it found."""
    folder.mkdir()
    draw_certificates(folder)
    stranger = importlib.import_module(f"strangers.{name}")
    running = started(name, folder)
    try:
        (folder / "target.toml").write_text(stranger.target(running.said))
        with checking(folder) as checker:
            try:
                said, errors = checker.communicate(timeout=LONGEST_S)
            finally:
                checker.kill()
        assert checker.returncode in (0, 1), errors
        return checker.returncode, outcomes(said)
    finally:
        running.stop()


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[int, dict[str, tuple[str, str]]]]]:
    folder = tmp_path_factory.mktemp("strangers")
    with ThreadPoolExecutor(len(STRANGERS)) as side_by_side:
        looks = {name: side_by_side.submit(look_at, name, folder / name) for name in STRANGERS}
        yield {name: look.result() for name, look in looks.items()}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_stranger_has_its_own_flaws_and_no_others(found, name):
    code, is_ = found[name]
    truth = importlib.import_module(f"strangers.{name}").TRUTH
    differs = {id: (expected, *is_[id]) for id, expected in truth.items() if is_[id][0] != expected}
    assert not differs
    assert [id for id, (outcome, _) in is_.items() if outcome == "fail" and id not in truth] == []
    assert code == ("fail" in truth.values())
