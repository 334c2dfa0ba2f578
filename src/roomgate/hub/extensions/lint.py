"""Pure: a light check of a macro for the engine that runs it on a device.

No parser, and it runs nothing: a scan of the words that knows strings, templates, comments and patterns. What it
calls bad cannot work on any device; what it warns of may be meant. It stays silent where it is not sure.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from roomgate.hub.extensions.text import MOST_BYTES, Finding

MOST_FINDINGS = 100
_CLOSES = {")": "(", "]": "[", "}": "{"}
# A possessive quantifier wherever something repeats: the time follows the length, whatever stands there.
_SPACE = re.compile(r"[ \t\r\n\v\f\u00a0\ufeff\u2028\u2029]++")
_COMMENT = re.compile(r"//[^\r\n]*+|/\*(?:[^*]|\*(?!/))*+\*/")
_STRING = re.compile(r"'(?:[^'\\\r\n]|\\(?:\r\n|[\s\S]))*+'|\"(?:[^\"\\\r\n]|\\(?:\r\n|[\s\S]))*+\"")
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\[\s\S]|\$(?!\{))*+")
_PATTERN = re.compile(r"/(?:[^/\\\[\r\n]|\\[^\r\n]|\[(?:[^\]\\\r\n]|\\[^\r\n])*+\])++/[A-Za-z]*+")
_NUMBER = re.compile(r"\.?[0-9][0-9A-Za-z_.]*+")
_WORD = re.compile(r"[#@]?[^\W\d][\w$]*+|[#]?\$[\w$]*+|#[\w$]++")
_MARK = re.compile(r"\?\?=|\|\|=|&&=|=>|\?\.|\.\.\.|[-+]{2}|[^\w\s]")
# After these a slash begins a pattern; after any other word or a value it divides.
_BEFORE_PATTERN = frozenset(
    [
        "return",
        "typeof",
        "instanceof",
        "in",
        "of",
        "new",
        "delete",
        "void",
        "throw",
        "case",
        "do",
        "else",
        "yield",
        "await",
        "default",
    ]
)
_HEADS = frozenset({"if", "while", "for", "with"})  # behind what stands in their brackets a statement begins
_DECLARES = frozenset({"const", "let", "var", "function", "class", "import", "catch"})
# What people know from browsers and Node, and no device has.
_ABSENT = frozenset(
    {
        "window", "document", "process", "localStorage", "sessionStorage", "fetch", "XMLHttpRequest", "WebSocket",
        "Buffer", "navigator", "alert", "__dirname", "__filename", "global",
    }
)  # fmt: skip
_NEWER = frozenset({"??=", "||=", "&&="})


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # word, string, number, pattern, template, mark
    text: str
    at: int
    ends_head: bool = False  # the bracket that ends what stands behind an if, a while, a for, a with


class _Scan:
    """Tokens of a text; what cannot be scanned is a finding."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[tuple[int, str, str, str]] = []  # where, kind, code, about
        self._open: list[tuple[str, int]] = []
        self._heads: set[int] = set()  # where the open brackets of heads stand

    def tokens(self) -> Iterator[_Token]:
        text, at = self.text, 0
        before = earlier = _Token("mark", ";", 0)
        while at < len(text) and len(self.found) < MOST_FINDINGS:
            token, at = self._next(at, before)
            if token is not None:
                if token.text == "(" and _begins_head(before, earlier):
                    self._heads.add(token.at)
                if before.text != "for" or token.text != "await":  # for await (…) is a head as well
                    earlier, before = before, token
                yield token
        for bracket, where in self._open[-10:]:
            code = "lint.template" if bracket == "`" else "lint.unclosed"
            self.found.append((where, "bad", code, "${" if bracket == "${" else bracket))

    def _next(self, at: int, before: _Token) -> tuple[_Token | None, int]:
        text = self.text
        if found := _SPACE.match(text, at):
            return None, found.end()
        if text.startswith("#!", at) and at == 0:
            return None, _line_end(text, at)
        if text.startswith(("//", "/*"), at):
            if found := _COMMENT.match(text, at):
                return None, found.end()
            self.found.append((at, "bad", "lint.comment", ""))
            return None, len(text)
        one = text[at]
        if one in "'\"":
            return self._value("string", _STRING, at, "lint.string")
        if one == "/" and _may_be_pattern(before):
            return self._value("pattern", _PATTERN, at, "lint.pattern")
        if one == "`":
            return self._template(at + 1, at)
        if one == "}" and self._open and self._open[-1][0] == "${":
            _, began = self._open.pop()
            return self._template(at + 1, began)
        if found := _NUMBER.match(text, at):
            return _Token("number", found[0], at), found.end()
        if found := _WORD.match(text, at):
            return _Token("word", found[0], at), found.end()
        mark = _MARK.match(text, at)
        word = mark[0] if mark else one
        opened = self._bracket(word, at)
        return _Token("mark", word, at, word == ")" and opened in self._heads), at + len(word)

    def _value(self, kind: str, form: "re.Pattern[str]", at: int, code: str) -> tuple[_Token, int]:
        found = form.match(self.text, at)
        if found is None:
            self.found.append((at, "bad", code, ""))
            return _Token(kind, "", at), _line_end(self.text, at)
        return _Token(kind, found[0], at), found.end()

    def _template(self, at: int, began: int) -> tuple[_Token, int]:
        """On in a template, from behind its beginning or behind an expression in it."""
        found = _TEMPLATE.match(self.text, at)
        end = found.end() if found else at
        if end >= len(self.text):
            self.found.append((began, "bad", "lint.template", ""))
            return _Token("template", "", at), end
        if self.text[end] == "`":
            return _Token("template", "", at), end + 1
        self._open.append(("${", began))
        return _Token("mark", "${", end), end + 2

    def _bracket(self, mark: str, at: int) -> int | None:
        """Where the bracket stands that this one closes, if it is its own."""
        if mark in ("(", "[", "{"):
            self._open.append((mark, at))
        elif mark in _CLOSES:
            if self._open and self._open[-1][0] == _CLOSES[mark]:
                return self._open.pop()[1]
            if self._open:
                wanted, where = self._open.pop()
                about = f"{mark} ({wanted} {self.text.count(chr(10), 0, where) + 1})"
                self.found.append((at, "bad", "lint.mismatch", about))
            else:
                self.found.append((at, "bad", "lint.stray", mark))
        return None


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _begins_head(word: _Token, before: _Token) -> bool:
    """Is a bracket behind this word a head's? A member may be called so as well."""
    return word.kind == "word" and word.text in _HEADS and before.text not in (".", "?.")


def _may_be_pattern(before: _Token) -> bool:
    if before.kind == "word":
        return before.text in _BEFORE_PATTERN
    return before.ends_head or (before.kind == "mark" and before.text not in (")", "]", "}", "++", "--"))


def lint_macro(text: str, macros: Iterable[str] = ()) -> list[Finding]:
    """What is amiss, by line. ``macros``: the others of the device, if known: what may be imported."""
    scan = _Scan(text)
    tokens = list(scan.tokens())
    found = scan.found + _words(tokens, frozenset(macros))
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        found.append((0, "bad", "lint.size", str(MOST_BYTES // 1024)))
    if (nul := text.find("\0")) >= 0:
        found.append((nul, "bad", "lint.control", ""))
    lone = re.search(r"\r(?!\n)", text)
    if lone or ("\r\n" in text and re.search(r"(?<!\r)\n", text)):
        found.append((lone.start() if lone else text.index("\r\n"), "warn", "lint.line-ends", ""))
    if not text.strip():
        found.append((0, "warn", "lint.empty", ""))
    starts = [0, *(one.end() for one in re.finditer("\n", text))]

    def place(at: int) -> tuple[int, int]:
        line = bisect_right(starts, at)
        return line, at - starts[line - 1] + 1

    return sorted(
        (Finding(*place(at), kind, code, about[:80]) for at, kind, code, about in found),
        key=lambda one: (one.line, one.column, one.code),
    )[:MOST_FINDINGS]


def _words(tokens: list[_Token], macros: frozenset[str]) -> list[tuple[int, str, str, str]]:
    found: list[tuple[int, str, str, str]] = []
    own = _declared(tokens)
    nothing = _Token("mark", "", 0)
    for n, token in enumerate(tokens):
        before = tokens[n - 1] if n else nothing
        after = tokens[n + 1] if n + 1 < len(tokens) else nothing
        if (
            (token.kind == "mark" and token.text in _NEWER)
            or (token.kind == "number" and "_" in token.text)
            or (token.kind == "word" and token.text.startswith("#"))
        ):
            found.append((token.at, "warn", "lint.newer", token.text))
        elif token.kind == "word" and before.text not in (".", "?."):
            found += _word(token, before, after, own)
            if token.text in ("import", "export"):
                found += _source(tokens, n, macros)
    return found


def _word(token: _Token, before: _Token, after: _Token, own: set[str]) -> list[tuple[int, str, str, str]]:
    word = token.text
    if word in own or after.text == ":":  # ours, or the name of a member
        return []
    if word == "require" and after.text == "(":
        return [(token.at, "bad", "lint.require", "")]
    if word in _ABSENT and before.text not in ("typeof", *_DECLARES):
        return [(token.at, "warn", "lint.absent", word)]
    if word == "eval" and after.text == "(":
        return [(token.at, "warn", "lint.eval", "")]
    return []


def _declared(tokens: list[_Token]) -> set[str]:
    """Names that the text itself gives a meaning: declared, imported, or a parameter."""
    names: set[str] = set()
    for n, token in enumerate(tokens[:-1]):
        after = tokens[n + 1]
        if token.kind == "word" and token.text in _DECLARES:
            if after.kind == "word":
                names.add(after.text)
            elif after.text in ("{", "[", "("):
                names |= {one.text for one in tokens[n + 2 : n + 40] if one.kind == "word"} & _ABSENT
        elif token.kind == "word" and after.text == "=>":
            names.add(token.text)
        elif token.text == ")" and after.text in ("=>", "{"):
            names |= _parameters(tokens, n)
    return names


def _parameters(tokens: list[_Token], close: int) -> set[str]:
    """The words between a closing bracket and its opening one, where it is near."""
    depth, names = 0, set[str]()
    for token in reversed(tokens[max(0, close - 60) : close + 1]):
        depth += (token.text == ")") - (token.text == "(")
        if depth == 0:
            break
        if token.kind == "word" and token.text in _ABSENT:
            names.add(token.text)
    # `if (document) {` gives no meaning; a word that is all of a condition is rare enough to stay silent about.
    return names


def _source(tokens: list[_Token], n: int, macros: frozenset[str]) -> list[tuple[int, str, str, str]]:
    """Where a module comes from, of an import or export that names one."""
    for token in tokens[n + 1 : n + 200]:
        if token.kind == "string":
            return _module(token, macros)
        if token.text in (";", "=", "=>") or (token.kind == "word" and token.text in ("import", "export", "const")):
            return []
        if tokens[n].text == "export" and token.text in ("default", "function", "class", "let", "var", "async"):
            return []
    return []


def _module(token: _Token, macros: frozenset[str]) -> list[tuple[int, str, str, str]]:
    source = token.text[1:-1]
    if source == "xapi":
        return []
    if not source.startswith("./") or "/" in source[2:]:
        return [(token.at, "bad", "lint.module", source)]
    name = source[2:].removesuffix(".js")
    if macros and name not in macros:
        return [(token.at, "warn", "lint.sibling", name)]
    return []
