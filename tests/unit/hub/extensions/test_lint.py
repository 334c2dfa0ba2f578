"""Where the check speaks, and where it must not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.extensions.lint import MOST_FINDINGS, lint_macro
from roomgate.hub.extensions.text import MOST_BYTES

GOOD = r"""#!/usr/bin/env roomos
import xapi from 'xapi';
import { scene as scenes, other } from './scenes';
import * as all from "./scenes.js";
export { scenes } from './scenes';
export default async function main() {}
/* a comment with ' and ` and ( */
const quote = /['"`({[/]/g.test("it's") ? 'a' : `b ${all.x({ y: `in ${1 + 1}` })} c`;
const half = (4 / 2) / other.window.document;
const from = { process: 1, fetch: 2 }.process, slash = 'a\
b';
function handle(document) { return document?.title ?? typeof window; }
const take = (fetch, n = 1) => fetch(n), arrow = navigator => navigator.x;
try { xapi.Command.Dial({ Number: 'a@example.com' }); } catch { return; }
if (quote) /x/.exec('x'); else { await take(); }
const global = 1; x = global / 2;
"""


def codes(text: str, *others: str) -> list[tuple[int, str, str, str]]:
    return [(one.line, one.kind, one.code, one.about) for one in lint_macro(text, others)]


def test_ordinary_code_is_left_alone() -> None:
    assert codes(GOOD, "scenes") == []


@pytest.mark.parametrize(
    ("text", "line", "kind", "code", "about"),
    [
        ("let a = (1;\n", 1, "bad", "lint.unclosed", "("),
        ("f(\n[1,\n2)\n)", 3, "bad", "lint.mismatch", ") ([ 2)"),
        ("a()\n}", 2, "bad", "lint.stray", "}"),
        ("let a = 'b\n;", 1, "bad", "lint.string", ""),
        ("a\n/* b", 2, "bad", "lint.comment", ""),
        ("a = `b ${c} d", 1, "bad", "lint.template", ""),
        ("a = /b", 1, "bad", "lint.pattern", ""),
        ("const fs = require('fs');", 1, "bad", "lint.require", ""),
        ("import a from '../a.js';", 1, "bad", "lint.module", "../a.js"),
        ("import 'https://example.com/a.js';", 1, "bad", "lint.module", "https://example.com/a.js"),
        ("const a = await import('fs');", 1, "bad", "lint.module", "fs"),
        ("import a from './lost';", 1, "warn", "lint.sibling", "lost"),
        ("x = 1;\nfetch('https://example.com');", 2, "warn", "lint.absent", "fetch"),
        ("window.title = 1;", 1, "warn", "lint.absent", "window"),
        ("eval(text)", 1, "warn", "lint.eval", ""),
        ("a ??= 1", 1, "warn", "lint.newer", "??="),
        ("class A { #own = 1 }", 1, "warn", "lint.newer", "#own"),
        ("a = 1_000", 1, "warn", "lint.newer", "1_000"),
        ("a\r\nb\nc", 1, "warn", "lint.line-ends", ""),
        ("a\rb", 1, "warn", "lint.line-ends", ""),
        ("a\n\0", 2, "bad", "lint.control", ""),
        (" \n", 1, "warn", "lint.empty", ""),
    ],
)
def test_what_cannot_work_is_told_with_its_line(text: str, line: int, kind: str, code: str, about: str) -> None:
    assert (line, kind, code, about) in codes(text, "scenes")


def test_size_and_number_of_findings_are_bounded() -> None:
    assert "lint.size" in {one.code for one in lint_macro("x;\n" * (MOST_BYTES // 3 + 1))}
    assert len(lint_macro(")" * 5000)) == MOST_FINDINGS


@given(st.text(alphabet="a('\"`/*${}[]).;\n\\#=>?0 ", max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    lines = text.count("\n") + 1
    assert all(1 <= one.line <= lines and one.column >= 1 for one in lint_macro(text))
