"""Secrets are compared in constant time: `==` on something that is named like one is a finding."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "roomgate"
SECRET = {"secret", "token", "cookie", "csrf", "password", "passcode", "proof", "mac"}
# What is compared there is no secret that somebody guesses at, and why.
HARMLESS = {
    "hub/identity/service.py": "two stored hashes of one row; a bearer's kind of sign-in",
    "hub/identity/signin.py": "two stored hashes of one row",
    "hub/http/asgi.py": "a header's name",
    "meetings": "what an invitation says, for the people in the room",
    "sim": "a simulated device: its accounts are printed on the screen",
    "checks/doubles": "wrong on purpose",
    "cli": "compares nothing that a stranger sends",
}


def name_of(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=ast.Attribute(value=inner, attr="reveal" | "encode")):
            return name_of(inner) or "secret"
        case _:
            return ""


def findings(source: str) -> Iterator[int]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            sides = [node.left, *node.comparators]
            if any(isinstance(side, ast.Constant) for side in sides):
                continue  # with a word of our own
            if any(set(name_of(side).lower().strip("_").split("_")) & SECRET for side in sides):
                yield node.lineno


def test_it_finds_what_it_looks_for():
    found = "def f(given, row):\n    return given == row.csrf or row.token.reveal() != given or given == 'x'\n"
    assert list(findings(found)) == [2, 2]


def test_no_secret_is_compared_with_an_equals_sign():
    seen = {
        f"{file.relative_to(PACKAGE)}:{line}"
        for file in PACKAGE.rglob("*.py")
        for line in findings(file.read_text("utf-8"))
        if not str(file.relative_to(PACKAGE)).startswith(tuple(HARMLESS))
    }
    assert seen == set()
