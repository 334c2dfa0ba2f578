"""Where the check speaks, and where it must not."""

import json
import subprocess
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.extensions.lint import MOST_FINDINGS, lint_macro
from roomgate.hub.extensions.text import MOST_BYTES
from support.node import node_binary

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
if (take(quote)) /['"({]/.exec(half);
for (const one of other) /[/`]/.test(one);
for await (const one of other) /'/.test(one);
while (half) /"/.test(half);
const part = all.if(half) / 2, rest = (half) / 3 + "'" / other.for(1) / take(2);
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


# Says of each line, a text as JSON, whether it is a program; it is read, never run.
READER = """
const { Script } = require("vm");
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  try { new Script(JSON.parse(line)); console.log("yes"); } catch (error) { console.log(String(error)); }
});
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[Callable[[str], str]]:
    """A real engine's word on a program."""
    with subprocess.Popen([node_binary(), "-e", READER], stdin=-1, stdout=-1, text=True) as node:
        into, out = node.stdin, node.stdout
        assert into is not None
        assert out is not None

        def read(program: str) -> str:
            into.write(json.dumps(program) + "\n")
            into.flush()
            return out.readline().strip()

        yield read
        into.close()


PATTERN = st.sampled_from(["/x/", "/['\"]/g", "/[(/]/", "/`/", "/\\//", "/}{/", "/ 2 /"])
NAME = st.sampled_from(["a", "b.if", "b.while", "b?.for", "b.with", "b . /* ( */ if", "iffy", "$if"])
VALUE = st.recursive(
    st.one_of(st.sampled_from(["a", "1", "'/'", "`/`"]), PATTERN.map(lambda one: f"{one}.test(a)")),
    lambda value: st.one_of(
        st.tuples(NAME, value).map(lambda two: f"{two[0]}({two[1]})"),
        st.tuples(value, value).map(lambda two: f"({two[0]}) / {two[1]}"),
        st.tuples(NAME, value, value).map(lambda three: f"{three[0]}({three[1]}) / {three[2]}"),
    ),
    max_leaves=6,
)
SPACE = st.sampled_from(["", " ", "\n", "/* ( */", "// )\n"])
HEAD = st.one_of(
    st.tuples(st.sampled_from(["if", "while", "with"]), SPACE, VALUE).map(lambda one: f"{one[0]}{one[1]}({one[2]})"),
    VALUE.map(lambda value: f"for (const c of [{value}])"),
    VALUE.map(lambda value: f"for (;; {value})"),
)
STATEMENT = st.tuples(HEAD, SPACE, VALUE).map(lambda one: f"{one[0]}{one[1]}{one[2]};")


@given(st.lists(st.one_of(STATEMENT, VALUE.map(lambda value: f"{value};")), max_size=4).map("\n".join))
def test_what_an_engine_takes_is_called_bad_nowhere(engine: Callable[[str], str], program: str) -> None:
    assert engine(program) == "yes"
    assert [one for one in lint_macro(program) if one.kind == "bad"] == []
