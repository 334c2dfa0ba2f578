"""The examples of the library's guide, pasted one after the other into a fresh session each, on a simulated room."""

import ast
import asyncio
import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from support.cli import program

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "xapi" / "guide.md"
EXAMPLE = re.compile(r"^```python\n((?:(?!```).*\n)+)```\n+```text\n((?:(?!```).*\n)+)```", re.MULTILINE)
EXAMPLES = EXAMPLE.findall(GUIDE.read_text("utf-8"))
OPENING = re.search(r"^```python\n(.*?)^```", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.xdist_group("xapi")


@pytest.fixture(scope="module")
def one_sim(tmp_path_factory):
    with program("sim", "serve", "--name", "oslo", "--data", str(tmp_path_factory.mktemp("sim")), "--json") as said:
        yield said


def paste(code: str, names: dict[str, object]) -> str:
    """As ``python -m asyncio`` runs it: with top-level await."""
    said = io.StringIO()
    compiled = compile(code, str(GUIDE), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with redirect_stdout(said):
        result = eval(compiled, names)  # noqa: S307  # the guide's own text
        if asyncio.iscoroutine(result):
            asyncio.run(result)
    return said.getvalue()


@pytest.fixture
def names(one_sim):
    """What the guide's opening defines, with the simulated room in place of an example's."""
    assert OPENING is not None
    (room,) = one_sim["rooms"]
    made: dict[str, object] = {}
    paste(OPENING[1], made)
    assert set(made) >= {"xapi", "URL", "ACCOUNT"}
    account = {"user": room["user"], "password": room["password"], "pin": room["pin"]}
    assert set(account) == set(made["ACCOUNT"])
    host = room["host"]
    made |= {"URL": f"wss://{host}:{room['port']}/ws", "HTTP": f"https://{host}:{room['port']}", "ACCOUNT": account}
    made |= {"SSH": f"ssh://{host}:{room['ssh_port']}", "HOST_KEY": room["ssh_host_key"]}
    paste('async with xapi.connect(URL, **ACCOUNT) as room: await room.command("Audio.Volume.Set", Level=50)', made)
    return made


@pytest.mark.parametrize(("code", "says"), EXAMPLES, ids=[code.strip().splitlines()[0][:40] for code, _ in EXAMPLES])
def test_the_example_does_what_the_page_says(names, code, says):
    assert paste(code, names) == says


def test_the_page_has_an_example_for_each_of_these():
    code = "\n".join(one for one, _ in EXAMPLES)
    for word in (
        "get(",
        "query(",
        "type=",
        "set(",
        "command(",
        "subscribe(",
        "reconnecting(",
        "blocking.",
        "BadArgument",
    ):
        assert word in code
