"""What holds over the whole tree: who opens connections, and that the list of planted breakages is in order.

The breakages themselves are planted by `make break`, which takes minutes; here only the list is looked at.
"""

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "roomgate"

# ---- who opens a connection, and to what (invariants 4 and 5) ----------------------------------------

# To the hub, to its witness, to its identity providers, to the site's calendars, to devices' xAPI endpoint, to the operator's own socket: nothing else, and no listener.
OPENS_CONNECTIONS = {
    "connector/enrol.py",  # the hub, once
    "connector/glance.py",  # a device, on the operator's word: its certificate, and whether it is one; no credential
    "connector/local.py",  # a Unix socket in the connector's own folder
    "connector/tunnel.py",  # a device's own page, for a tunnel's bytes, and to see its certificate
    "connector/wire.py",  # the hub
    "hub/alerts/sender.py",  # where an administrator sends alerts to: a public host, or one that the configuration names
    "hub/identity/oidc/fetching.py",  # the identity providers that the configuration names
    "meetings/calendars/http.py",  # the calendars that the site's configuration names
    "storage/witnessed.py",  # the witness
    "xapi/transports/http.py",  # a device's /getxml and /putxml: for users of the library, no program uses it
    "xapi/transports/plain_websocket.py",  # a device's /ws
    "xapi/transports/ssh.py",  # a device's terminal: as http.py
    "xapi/transports/websocket.py",  # a device's /ws
}
# The programs that listen, and the tools and simulated devices that are no part of a site or a hub.
# The receiver of feedback listens where a user of the library says; no program has one.
LISTENS = {"hub/app.py", "hub/http/reception.py", "listening.py", "metrics/listener.py", "witness/serve.py",
           "xapi/transports/feedback_receiver.py"}  # fmt: skip
APART = ("cli/", "sim/", "checks/")
MODULES = {"aiohttp", "asyncssh", "ftplib", "httpx", "http.client", "picows", "requests", "smtplib", "socket", "socketserver",
           "telnetlib", "urllib.request", "urllib3", "uvicorn", "websockets", "xmlrpc.client"}  # fmt: skip
CALLS = {"open_connection", "open_unix_connection", "create_connection", "start_server", "start_unix_server",
         "create_server", "create_datagram_endpoint"}  # fmt: skip


def opens(text: str) -> bool:
    """Whether a module has the means to open or take a connection."""
    for node in ast.walk(ast.parse(text)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Attribute) and node.attr in CALLS:
            return True
        if any(name == module or name.startswith(f"{module}.") for name in names for module in MODULES):
            return True
    return False


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import socket", True),
        ("from urllib.request import urlopen", True),
        ("from urllib import request", True),
        ("import websockets.asyncio.client as c", True),
        ("async def f(loop): await loop.create_connection(x)", True),
        ("from urllib.parse import urlsplit", False),
        ("import asyncio", False),
    ],
)
def test_a_connection_is_recognised(text, found):
    assert opens(text) is found


def test_only_these_open_connections():
    paths = {file.relative_to(PACKAGE).as_posix(): file for file in PACKAGE.rglob("*.py")}
    found = {path for path, file in paths.items() if not path.startswith(APART) and opens(file.read_text("utf-8"))}
    assert found == OPENS_CONNECTIONS | LISTENS


# ---- the planted breakages and the page about them ---------------------------------------------------


@pytest.fixture(scope="module")
def breaking():
    spec = importlib.util.spec_from_file_location("breaking", ROOT / "tools" / "break.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_planted_breakage_still_fits_and_every_invariant_has_some(breaking):
    listed = breaking.load()
    assert {one.invariant for one in listed} == set(range(1, 12))
    assert len({one.what for one in listed}) == len(listed)
    assert [one.invariant for one in listed] == sorted(one.invariant for one in listed)


@pytest.mark.parametrize(
    ("said", "failed"),
    [
        ("FAILED tests/a.py::test_b - assert 1 == 2", {"tests/a.py::test_b"}),
        ("FAILED tests/a.py::test_b[x - y] - KeyError: 'k'", {"tests/a.py::test_b"}),
        ("FAILED tests/a.py::test_b", {"tests/a.py::test_b"}),
        ("ERROR tests/a.py::test_b - OSError", set()),
        ("1 failed, 2 passed", set()),
    ],
)
def test_a_failed_test_is_read_from_what_pytest_says(breaking, said, failed):
    assert set(breaking._NOTICED.findall(said)) == failed


def test_a_breakage_counts_only_if_each_of_its_tests_failed(breaking):
    one = breaking.Breakage(1, "w", "hub/bus.py", (("a", "b"),), ("tests/a.py::test_a", "tests/a.py::test_b"))

    def said(*failed: str, code: int = 1, hung: bool = False) -> str:
        text: str = breaking.verdict(one, breaking.Run(frozenset(failed), code, "no tests ran", 1.0, hung))
        return text

    assert said(*one.tests) == ""
    assert said(one.tests[0]) == "not noticed by test_b"
    assert said(code=0) == "not noticed by test_a, test_b"
    assert said(*one.tests, hung=True).startswith("hangs")
    assert said(code=2).startswith("the tests could not run")


def mentioned(page: str) -> Iterator[tuple[str, str]]:
    """The files that a page names, and the test in each where it names one."""
    yield from re.findall(r"`((?:tests|src|tools|docs)/[\w/.-]+)(?:::(\w+))?`", page)


def test_the_page_names_only_what_is_there():
    page = (ROOT / "docs" / "invariants.md").read_text("utf-8")
    named = list(mentioned(page))
    missing = [path for path, _ in named if not (ROOT / path).exists()]
    untold = [n for p, n in named if n and f"def {n}(" not in (ROOT / p).read_text("utf-8")]
    assert (missing, untold) == ([], [])
    assert [n for n in range(1, 12) if f"\n## {n}. " not in page] == []


def test_each_fault_names_the_test_that_shows_it():
    page = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    faults = [line for line in page.partition("## The faults")[2].partition("\n## ")[0].splitlines() if "| " in line][
        2:
    ]
    assert len(faults) > 10
    assert [line for line in faults if not list(mentioned(line.rpartition("|")[0].rpartition("|")[2]))] == []
    assert [path for path, _ in mentioned(page) if not (ROOT / path).exists()] == []
