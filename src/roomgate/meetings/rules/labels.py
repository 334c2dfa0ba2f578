"""A label of an invitation, in its languages, becomes a pattern that finds the value behind it.

Layouts differ in what no reader notices: spaces or hyphens in a label, a word in brackets after it, an ASCII or
a full-width colon or none, the value on the same line or the next. A pack lists words only; all this is here.
"""

from collections.abc import Iterable

MOST_LABELS = 200
MOST_LABEL = 60

_UNSPACED = 0x2E80  # from here on, scripts that put no spaces between words
_SPECIAL = frozenset("\\.+*?()[]{}^$|/")
_ASIDE = r"(?:[ \t]?[(（][^()（）\n]{0,60}[)）])?"
_GAP = r"[ \t]*"
_COLON = r"(?:[:：]|\x{FE55})"
# A value on the next line needs no colon, and neither does one that is a number.
_CLEAR = rf"{_GAP}(?:{_COLON}{_GAP}\n?{_GAP}|\n{_GAP})"
_LOOSE = rf"{_GAP}(?:{_COLON}{_GAP}\n?{_GAP}|\n{_GAP}|[ \t](?:is|ist|lautet|est|es)[ \t:]{{1,3}}|[ \t=#]{{1,4}})"
# A full stop ends a sentence, or goes on as a host's name; a # ends a number, or begins a code to be keyed in.
_END = r"(?:[\s<>)\]},;|）、。，；]|[.#](?:\s|$)|$)"
_START = r"(?:^|[^\pL\pN]|=0A)"  # the last one is what a mailer's quoted-printable leaves of a line end


def build_label_pattern(labels: Iterable[str], value: str, *, loose: bool) -> str:
    """One RE2 pattern: any of the labels, then the value. ``loose``: the colon may be missing."""
    words = sorted(dict.fromkeys(labels), key=len, reverse=True)
    latin = [_spelt(word) for word in words if ord(word[0]) < _UNSPACED]
    others = [_spelt(word) for word in words if ord(word[0]) >= _UNSPACED]
    heads = []
    if latin:
        heads.append(rf"{_START}(?:{'|'.join(latin)})")
    if others:
        heads.append(f"(?:{'|'.join(others)})")
    return f"(?im)(?:{'|'.join(heads)}){_ASIDE}{_LOOSE if loose else _CLEAR}[*_]{{0,2}}(?:{value})[*_]{{0,2}}{_END}"


def _spelt(word: str) -> str:
    made: list[str] = []
    for sign in word.strip():
        if sign in " -":
            made.append(r"[ \t\-]{0,3}")
        elif sign in "'’":
            made.append("['’]")
        elif sign in _SPECIAL:
            made.append("\\" + sign)
        else:
            made.append(sign)
    return "".join(made)
