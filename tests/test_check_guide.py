"""The guide for whoever checks a connector says what is so: its example of a check works, its commands exist."""

import re
import shlex
from pathlib import Path
from typing import Any

import httpx
import pytest

from roomgate.checks.catalogue import all_checks
from roomgate.checks.declared import Check
from roomgate.checks.outcome import Outcome
from roomgate.checks.run import judge
from roomgate.cli.main import app
from support.checks import looked, target_of

GUIDES = Path(__file__).parents[1] / "docs" / "guides"
TEXT = (GUIDES / "exposure-check.md").read_text("utf-8")


def example() -> Check:
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    space: dict[str, Any] = {"__name__": "example"}
    exec(compile(code, "exposure-check.md", "exec"), space)  # noqa: S102 (our own page)
    check = space["CHECK"]
    assert isinstance(check, Check)
    return check


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("server", "outcome"),
    [("nginx/1.18.0", Outcome.FAIL), ("nginx", Outcome.PASS), ("", Outcome.PASS), (None, Outcome.INCONCLUSIVE)],
)
async def test_the_example_of_a_check_judges_a_flawed_target_a_sound_one_and_a_silent_one(
    tmp_path: Path, server: str | None, outcome: Outcome
) -> None:
    def answers(request: httpx.Request) -> httpx.Response:
        if server is None:
            raise httpx.ConnectError("refused")
        return httpx.Response(200, headers={"Server": server} if server else {})

    snapshots = await looked(tmp_path, answers, only=["K10"])  # K10 takes the same look
    assert judge(example(), snapshots["front"], target_of()).outcome is outcome


def test_its_id_is_free() -> None:
    assert example().id not in {check.id for check in all_checks()}


@pytest.mark.parametrize("page", ["exposure-check.md", "findings.md"])
def test_every_command_of_the_guides_is_there_with_its_options(page: str) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (GUIDES / page).read_text("utf-8"), re.S)
    lines = [
        line for block in blocks for line in block.splitlines() if line.startswith(("roomgate check", "roomgate find"))
    ]
    assert lines
    for line in lines:
        app.parse_args(shlex.split(line)[1:], exit_on_error=False, print_error=False)


def test_the_grade_is_told_as_it_is_worked_out() -> None:
    from roomgate.checks.grade import COSTS, STEPS

    for severity in ("critical", "high", "medium", "low"):
        assert re.search(rf"\b{COSTS[severity]} for (each fail of )?{severity}", TEXT), severity
    assert STEPS[0] == (95, "A")
    assert all(f"{least} a {letter}" in TEXT for least, letter in STEPS[1:-1])
