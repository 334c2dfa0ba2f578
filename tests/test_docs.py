"""The pages that people write say what is there: links, files, tests, commands, settings and examples."""

import ast
import importlib
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
import pytest
from cyclopts import App

from roomgate.access.offered import offered
from roomgate.checks.catalogue import all_checks
from roomgate.checks.target import parse_target, secret_files
from roomgate.cli.fleet import read_document
from roomgate.cli.main import app
from roomgate.connector import config as connector_config
from roomgate.connector.devices import parse_devices
from roomgate.connector.site_policy import SitePolicy, SiteRules
from roomgate.fleet.document import parse_document
from roomgate.hub import config as hub_config
from roomgate.meetings.rules.folder import build_rules

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "roomgate"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
NAMED_FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)+\.(?:py|md|txt|sh|json|tsv|cedar|cedarschema)")
NAMED_MODULE = re.compile(r"roomgate(?:\.[a-z_]\w*)+")
CLAIM = re.compile(r"\]\((tests/[\w/.-]+\.py)\) `(test_\w+)`")
MADE_BY_THE_DEMO = ".demo/"


@cache
def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def prose(name: str) -> str:
    return FENCE.sub("", text_of(name))


def blocks(language: str) -> list[tuple[str, str]]:
    """(page, text) of every block in this language."""
    return [(name, body) for name in NAMES for kind, body in FENCE.findall(text_of(name)) if kind == language]


@cache
def anchors(page: Path) -> set[str]:
    """A page's headings, as links name them."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


# ---- links and names ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name):
    broken = []
    for link in LINK.findall(prose(name)):
        target, _, anchor = link.partition("#")
        if target.startswith("https://"):
            continue
        file = (ROOT / name).parent / target if target else ROOT / name
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("name", NAMES)
def test_every_file_and_module_that_is_named_is_there(name):
    gone = []
    for code in CODE.findall(prose(name)):
        if NAMED_FILE.fullmatch(code) and not code.startswith(MADE_BY_THE_DEMO):
            found = (ROOT / code).exists() or (PACKAGE / code).exists()
        elif NAMED_MODULE.fullmatch(code):
            path = ROOT / "src" / code.replace(".", "/")
            found = path.is_dir() or path.with_suffix(".py").exists()
        else:
            continue
        if not found:
            gone.append(code)
    assert gone == []


@cache
def names_in(file: str) -> set[str]:
    body = ast.parse((ROOT / file).read_text("utf-8")).body
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_promise_names_tests_that_are_there():
    rows = re.findall(r"^\| (?!promise|---)(.+) \|$", text_of("README.md"), re.MULTILINE)
    claims = {row.split(" | ")[0]: CLAIM.findall(row) for row in rows}
    assert len(claims) >= 11  # one for each of the invariants
    assert [promise for promise, tests in claims.items() if not tests] == []
    assert [test for tests in claims.values() for file, test in tests if test not in names_in(file)] == []


# ---- commands -------------------------------------------------------------------------------------


def shell_lines() -> Iterator[tuple[str, str]]:
    """(page, line) of every shell block; a line that goes on in the next is one."""
    for name, body in blocks("sh"):
        for line in body.replace("\\\n", " ").splitlines():
            yield name, line.strip()


ROOMGATE = [(name, line) for name, line in shell_lines() if re.match(r"(\.venv/bin/)?roomgate ", line)]
INLINE = [(name, code) for name in NAMES for code in CODE.findall(prose(name)) if code.startswith("roomgate ")]
REDIRECTED = re.compile(r"\s[<>|&].*$")


@pytest.mark.parametrize(("name", "line"), ROOMGATE)
def test_a_command_in_a_block_can_be_typed_as_it_stands(name, line):
    words = shlex.split(REDIRECTED.sub("", line), comments=True)[1:]
    app.parse_args(words, exit_on_error=False, print_error=False)  # raises what is wrong with it; runs nothing


def verb_of(words: list[str]) -> tuple[App, list[str]]:
    """The innermost verb or group that these words name, and what is left of them."""
    here = app
    while words and not words[0].startswith("-") and words[0] in here:
        here, words = here[words[0]], words[1:]
    return here, words


@pytest.mark.parametrize(("name", "code"), INLINE)
def test_a_command_in_a_sentence_exists_with_its_options(name, code):
    words = [word for word in shlex.split(REDIRECTED.sub("", code))[1:] if word != "…"]
    verb, rest = verb_of(words)
    options = {word for word in rest if word.startswith("--")}
    if verb is app:
        assert options <= {"--help", "--version", "--install-completion"}
        assert options == set(rest)
    elif verb.default_command is None:
        assert rest == []
    else:
        known = {name for argument in verb.assemble_argument_collection() for name in argument.names}
        assert options <= known | {"--help"}


def test_every_make_target_that_is_named_is_there():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {code for name in NAMES for code in CODE.findall(prose(name))} | {line for _, line in shell_lines()}
    wanted = {found[1] for line in named if (found := re.match(r"make ([a-z-]+)", line))}
    assert wanted >= {"demo", "test"}
    assert wanted - targets == set()


# ---- examples -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "body"), blocks("python"))
def test_a_python_example_compiles_and_what_it_imports_is_there(name, body):
    compile(body, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)  # as `python -m asyncio` takes it
    for node in ast.walk(ast.parse(body)):
        if isinstance(node, ast.Import):
            for one in node.names:
                importlib.import_module(one.name)
        elif isinstance(node, ast.ImportFrom):
            module = importlib.import_module(str(node.module))
            for one in node.names:
                assert hasattr(module, one.name) or importlib.import_module(f"{node.module}.{one.name}")


@pytest.mark.parametrize(("name", "body"), blocks("toml"))
def test_a_settings_example_is_taken_by_its_program(name, body, tmp_path):
    values = tomllib.loads(body)
    if "everything" in values:
        (tmp_path / "document.toml").write_text(body)
        for named in re.findall(r'file = "([^"]+)"', body):
            (tmp_path / named).write_text("x")
        parse_document(json.loads(read_document(tmp_path / "document.toml")), offered())
    elif "room" in values:
        parse_devices(re.sub(r'"sha256:…"', f'"{"0" * 64}"', body), tmp_path)
    elif "cedar" in values:
        msgspec.convert(values, SiteRules)
    elif "sample" in values:
        assert build_rules([(name, body.encode())]).own  # its samples too come out as they say
    elif "authorisation" in values:
        options = {one.id: one.options for one in all_checks() if one.options is not None}
        parse_target(body, tmp_path, options, dict.fromkeys(secret_files(body), "a password"))
    elif "listen_port" in values:
        hub_config.parse_config(values)
    else:
        connector_config.parse_config({"data": "connector", "devices": "devices.toml"} | values, tmp_path)


@pytest.mark.parametrize(("name", "body"), blocks("cedar"))
def test_a_policy_example_validates(name, body):
    SitePolicy.build(SiteRules(name="an example", cedar="example.cedar"), body)
