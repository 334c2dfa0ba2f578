"""The laws of the tree: what mirrors what, who imports whom, what is banned, what the connector carries."""

import ast
import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "roomgate"
UNIT = ROOT / "tests" / "unit"
BIN = Path(sys.executable).parent

# Modules without a unit test of their own: shells whose every line is run by the test named here.
SHELLS: dict[str, str] = {
    "checks/looks/undoing.py": "tests/unit/checks/looks/test_cutting.py",
    "checks/looks/watching.py": "tests/unit/checks/looks/test_cutting.py",
    "cli/demo/guest.py": "tests/e2e/test_demo.py",
    "cli/demo/manage.py": "tests/e2e/test_demo.py",
    "hub/db/migrations/versions/v0002_restorations.py": "tests/unit/hub/db/test_migrate.py",
    "hub/db/migrations/versions/v0003_people_and_rights.py": "tests/unit/hub/db/test_migrate.py",
    "hub/db/migrations/versions/v0004_managing_rooms.py": "tests/unit/hub/db/test_migrate.py",
    "hub/db/migrations/versions/v0005_findings_dealt_with.py": "tests/unit/hub/db/test_migrate.py",
    "hub/db/migrations/versions/v0006_asks_of_a_room.py": "tests/unit/hub/db/test_migrate.py",
    "hub/db/steps.py": "tests/unit/hub/db/test_migrate.py",
    "hub/identity/oidc/fetching.py": "tests/unit/hub/identity/oidc/test_service.py",
    "hub/identity/oidc/pages.py": "tests/unit/hub/identity/oidc/test_http.py",
    "hub/identity/oidc/peer.py": "tests/unit/hub/identity/oidc/test_service.py",
    "hub/identity/oidc/store.py": "tests/unit/hub/identity/oidc/test_service.py",
    "hub/identity/oidc/unproven.py": "tests/unit/hub/identity/oidc/test_service.py",
    "hub/identity/pages.py": "tests/e2e/test_console.py",
    "hub/restoration/http.py": "tests/e2e/test_restore.py",
    "hub/restoration/pages.py": "tests/e2e/test_restore.py",
    "hub/restoration/store.py": "tests/unit/hub/restoration/test_service.py",
    "hub/restore.py": "tests/e2e/test_restore.py",
    "meetings/house_rules.py": "tests/unit/meetings/test_showing.py",
    "sim/line.py": "tests/unit/sim/test_calls.py",
    "sim/sip_agent.py": "tests/e2e/test_sip.py",
    "xapi/conversation.py": "tests/unit/xapi/test_jsonrpc.py",
}


def run(*words: str | Path, cwd: Path = ROOT, source: Path = ROOT / "src") -> subprocess.CompletedProcess[str]:
    """One short process of ours; it sees only the given source tree."""
    return subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={"PYTHONPATH": str(source), "PATH": "/usr/bin:/bin", "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


# ---- every module has its mirror ------------------------------------------------------------------


def modules_with_logic() -> Iterator[str]:
    """Paths below src/roomgate of modules that define a function or a class."""
    for file in sorted(PACKAGE.rglob("*.py")):
        body = ast.parse(file.read_text("utf-8")).body
        if any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for node in body):
            yield file.relative_to(PACKAGE).as_posix()


def mirror_of(module: str) -> Path:
    path = Path(module)
    return UNIT / path.parent / f"test_{path.stem.strip('_')}.py"


def test_every_module_has_its_mirror_or_a_named_reason():
    missing = [m for m in modules_with_logic() if m not in SHELLS and not mirror_of(m).exists()]
    assert missing == []


def test_a_named_exception_is_still_one():
    gone = [m for m in SHELLS if not (PACKAGE / m).exists()]
    uncovered = [m for m, test in SHELLS.items() if not (ROOT / test).exists()]
    mirrored = [m for m in SHELLS if mirror_of(m).exists()]
    assert (gone, uncovered, mirrored) == ([], [], [])


def test_no_unit_test_outlives_its_module():
    here = {mirror_of(file.relative_to(PACKAGE).as_posix()) for file in PACKAGE.rglob("*.py")}
    strays = [p.relative_to(UNIT).as_posix() for p in sorted(UNIT.rglob("test_*.py")) if p not in here]
    assert strays == []


def test_no_file_has_a_name_that_invites_strangers():
    inviting = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    assert [p for p in PACKAGE.rglob("*.py") if inviting & {*p.parts, p.stem}] == []


# ---- the direction of imports ---------------------------------------------------------------------

CONTRACTS = (
    "Imports point down",
    "The hub decides; it never touches a device",
    "The simulator has wire code of its own",
    "Code that decides has no socket, no clock, no disk",
)
PLANTED = {
    "hub/planted.py": "import roomgate.xapi.client",
    "sim/planted.py": "import roomgate.xapi.jsonrpc",
    "ledger/planted.py": "import asyncio",
    "access/planted.py": "import roomgate.link",
    "stranger/__init__.py": "",
}


def lint_imports(where: Path) -> subprocess.CompletedProcess[str]:
    return run(BIN / "lint-imports", "--no-cache", cwd=where, source=where / "src")


def test_the_contracts_hold():
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout
    assert all(f"{name} KEPT" in done.stdout for name in CONTRACTS)


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """What import-linter says of a copy of the source with one violation of each contract."""
    where = tmp_path_factory.mktemp("broken")
    shutil.copy(ROOT / "pyproject.toml", where)
    shutil.copytree(PACKAGE, where / "src" / "roomgate", ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in PLANTED.items():
        file = where / "src" / "roomgate" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f'"""Planted."""\n\n{text}\n', "utf-8")
    return lint_imports(where)


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_violation_of_each_contract_is_caught(broken, name):
    assert broken.returncode == 1
    assert f"{name} BROKEN" in broken.stdout


@pytest.mark.parametrize(
    "said",
    [
        "roomgate.hub.planted -> roomgate.xapi.client",
        "roomgate.sim.planted -> roomgate.xapi.jsonrpc",
        "roomgate.ledger.planted -> asyncio",
        "roomgate.access.planted -> roomgate.link",
        "- roomgate.stranger",
    ],
)
def test_the_violation_is_named(broken, said):
    assert said in broken.stdout


# ---- banned calls ---------------------------------------------------------------------------------

BANNED = {
    "asyncio.create_task": "asyncio.create_task(work())",
    "asyncio.ensure_future": "asyncio.ensure_future(work())",
    "asyncio.gather": "asyncio.gather(work())",
    "os.environ": "os.environ['HOME']",
    "os.getenv": "os.getenv('HOME')",
    "datetime.datetime.now": "datetime.datetime.now()",
    "time.time": "time.time()",
    "time.sleep": "time.sleep(1)",
}


def ruff(name: str, text: str) -> list[dict[str, object]]:
    """What ruff finds in the text, were it the file of that name."""
    done = subprocess.run(
        [str(BIN / "ruff"), "check", "--no-cache", "--output-format=json", f"--stdin-filename={ROOT / name}", "-"],
        input=text,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def complaints():
    lines = "\n".join(f"    {call}" for call in BANNED.values())
    found = ruff(
        "src/roomgate/hub/planted.py",
        f"import asyncio\nimport datetime\nimport os\nimport time\n\n\ndef work():\n{lines}\n",
    )
    return [str(one["message"]) for one in found if one["code"] == "TID251"]


@pytest.mark.parametrize("name", sorted(BANNED))
def test_a_banned_call_is_reported(complaints, name):
    assert [said for said in complaints if f"`{name}`" in said]


def test_only_cli_may_read_the_environment():
    text = '"""Planted."""\n\nimport os\n\nHOME = os.environ["HOME"]\n'
    assert [one["code"] for one in ruff("src/roomgate/cli/planted.py", text)] == []
    assert [one["code"] for one in ruff("src/roomgate/connector/planted.py", text)] == ["TID251"]


# ---- what a program carries -----------------------------------------------------------------------

# Prints the top-level packages that a piece of work loads from where packages are installed.
LOADED = """
import io, json, sys, sysconfig
from contextlib import redirect_stdout

homes = tuple({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
before = set(sys.modules)
with redirect_stdout(io.StringIO()) as said:
    try:
        exec(sys.argv[1])
    except SystemExit as end:
        assert not end.code, said.getvalue()
files = {name: getattr(sys.modules[name], "__file__", None) or "" for name in set(sys.modules) - before}
print(json.dumps({
    "packages": sorted({name.partition(".")[0] for name, file in files.items() if file.startswith(homes)} - {"roomgate"}),
    "ours": sorted(name for name in files if name.startswith("roomgate.")),
    "said": said.getvalue(),
}))
"""


def loads(work: str, source: Path = ROOT / "src") -> dict[str, list[str]]:
    done = run(sys.executable, "-c", LOADED, work, source=source)
    assert done.returncode == 0, done.stderr
    report: dict[str, list[str]] = json.loads(done.stdout)
    return report


@pytest.fixture(scope="module")
def site_only(tmp_path_factory):
    """A copy of the source with the parts that a connector does not need removed."""
    where = tmp_path_factory.mktemp("site") / "src"
    shutil.copytree(
        PACKAGE, where / "roomgate", ignore=shutil.ignore_patterns("__pycache__", "hub", "sim", "witness", "checks")
    )
    return where


@pytest.fixture(scope="module")
def connector(site_only):
    return loads("import roomgate.connector.app", site_only)


def test_the_connector_starts_without_the_other_programs(connector, site_only):
    assert "roomgate.connector.app" in connector["ours"]
    said = loads("from roomgate.cli.main import main; main(['connector', '--help'])", site_only)["said"]
    assert "enrol" in said
    assert "serve" in said


def test_what_the_connector_imports_grows_only_on_purpose(connector):
    listed = (ROOT / "docs/reference/connector-imports.txt").read_text("utf-8").split()
    assert connector["packages"] == listed


# What httpx itself brings with it; of the last three it wants a command of its own, which nobody calls.
OF_HTTPX = {
    "anyio",
    "certifi",
    "click",
    "h11",
    "httpcore",
    "idna",
    "sniffio",
    "pygments",
    "rich",
    "markdown_it",
    "mdurl",
}


def test_a_calendar_on_the_web_brings_httpx_and_nothing_else(connector, site_only):
    work = """
import asyncio, random
import roomgate.connector.app
from roomgate.clock import SystemClock
from roomgate.meetings.calendars.http import Web
from roomgate.meetings.calendars.base import CalendarUnreachable

async def ask():
    async with Web(SystemClock(), random.Random(1)) as web:
        try:
            await web.ask("GET", "http://127.0.0.1:9/")
        except CalendarUnreachable:
            pass

asyncio.run(ask())
"""
    assert set(loads(work, site_only)["packages"]) - set(connector["packages"]) - OF_HTTPX == {"httpx"}


# What picows itself brings with it.
OF_PICOWS = {"aiofastnet", "multidict", "python_socks", "typing_extensions"}


def test_the_client_library_stands_alone():
    report = loads("import roomgate.xapi as x; [getattr(x, name) for name in x.__all__]")
    assert set(report["packages"]) - OF_PICOWS == {"picows", "msgspec", "h11"}  # asyncssh waits for an ssh:// address
    assert [name for name in report["ours"] if not name.startswith("roomgate.xapi")] == []


def test_help_is_quick_because_it_loads_little():
    report = loads("from roomgate.cli.main import main; main(['--help'])")
    assert "connector" in report["said"]
    assert {"litestar", "sqlalchemy", "cryptography", "msgspec", "picows"} & set(report["packages"]) == set()
    assert [n for n in report["ours"] if n.startswith(("roomgate.hub", "roomgate.connector", "roomgate.sim"))] == []


# ---- threads --------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["call_soon", "call_later"])
def test_a_loop_that_another_thread_gives_work_to_fails_the_test(way):
    """What ``conftest.py`` has every test watched for."""

    async def given() -> None:
        loop = asyncio.get_running_loop()
        more = () if way == "call_soon" else (0.0,)
        await asyncio.to_thread(getattr(loop, way), *more, print)

    with pytest.raises(RuntimeError, match="call_soon_threadsafe"):
        asyncio.run(given())


# ---- reference pages ------------------------------------------------------------------------------


def test_the_reference_pages_say_what_the_code_says():
    done = run(sys.executable, ROOT / "tools/reference.py", "--check")
    assert done.returncode == 0, done.stdout + done.stderr
