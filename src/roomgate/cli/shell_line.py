"""One line of `roomgate xapi shell`: what it asks for, and what could come next. Pure.

It takes the spelling of the library (``Audio.Volume.Set Level=40``) and that of a device's own terminal
(``xCommand Audio Volume Set Level: 40``), since that is what manuals show.
"""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from roomgate.cli.room import parse_arguments
from roomgate.errors import BadInput
from roomgate.xapi.call import SECRET_ARGUMENTS
from roomgate.xapi.errors import XapiError
from roomgate.xapi.schema import Catalogue, Command
from roomgate.xapi.values import ListOf, Literals, ValueSpace

WORDS = ("watch", "schema", "help", "exit")
_ROOT = re.compile(r"x?(status|configuration|command|event)\b", re.IGNORECASE)
_COLON = re.compile(r"^([A-Za-z][A-Za-z0-9_.]*):$")
_SECRETS = {name.lower() for name in SECRET_ARGUMENTS}


@dataclass(frozen=True, slots=True)
class Get:
    path: str


@dataclass(frozen=True, slots=True)
class Set:
    path: str
    value: str


@dataclass(frozen=True, slots=True)
class Run:
    """``body_file`` is a file whose text is the command's body (``body=@FILE``)."""

    command: str
    arguments: dict[str, Any]
    body_file: str | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    path: str


@dataclass(frozen=True, slots=True)
class Schema:
    prefix: str


@dataclass(frozen=True, slots=True)
class Help:
    pass


@dataclass(frozen=True, slots=True)
class Exit:
    pass


Line = Get | Set | Run | Watch | Schema | Help | Exit | None


def parse_line(text: str) -> Line:
    """What a line asks for; None for an empty one or a comment. Raises BadInput with what to write instead."""
    try:
        words = shlex.split(text, comments=False)
    except ValueError as bad:
        raise BadInput(f"A quote is open: {bad}.", hint='Close it, or write \\" for a quote itself.') from bad
    if not words or words[0].startswith("#"):
        return None
    verb, rest = words[0].lower(), words[1:]
    match verb:
        case "exit" | "quit" | "bye":
            return Exit()
        case "help" | "?":
            return Help()
        case "schema":
            return Schema(" ".join(rest))
        case "watch":
            if not rest:
                raise BadInput("Watch what?", hint="For example: watch Status/Call")
            return Watch(" ".join(rest))
    root = _ROOT.match(words[0])
    if root is None or root[1].lower() == "command":
        return _run(words)
    if root[1].lower() == "event":
        return Watch(" ".join(words))
    if root[1].lower() == "configuration":
        path, value = _setting(words)
        if value is not None:
            return Set(path, value)
    return Get(" ".join(words))


def _setting(words: list[str]) -> tuple[str, str | None]:
    """``Configuration/A/B = v``, ``Configuration/A/B=v`` and ``xConfiguration A B: v``."""
    for position, word in enumerate(words):
        if word == "=" and position:
            return " ".join(words[:position]), " ".join(words[position + 1 :])
        name, equals, value = word.partition("=")
        if equals and name:
            return " ".join([*words[:position], name]), " ".join([value, *words[position + 1 :]])
        if word.endswith(":") and position:
            return " ".join([*words[:position], word[:-1]]), " ".join(words[position + 1 :])
    return " ".join(words), None


def _run(words: list[str]) -> Run:
    path: list[str] = []
    given: list[str] = []
    waiting = ""
    for word in words:
        colon = _COLON.match(word)
        if waiting and not colon:
            given.append(f"{waiting}={word}")
            waiting = ""
        elif colon:
            waiting = colon[1]
        elif "=" in word:
            given.append(word)
        elif given:
            raise BadInput(f"{word!r} is no argument.", hint="Write it as Name=value; text with spaces in quotes.")
        else:
            path.append(word)
    if waiting:
        raise BadInput(f"{waiting} has no value.", hint=f"Write {waiting}=value.")
    arguments = parse_arguments(given)
    body = next((arguments.pop(name) for name in list(arguments) if name.lower() == "body"), None)
    if body is not None and (not isinstance(body, str) or not body.startswith("@") or len(body) < 2):
        raise BadInput("A body is many lines: it comes from a file.", hint="Write body=@FILE.")
    return Run(" ".join(path), arguments, body[1:] if body is not None else None)


def is_secret(text: str) -> bool:
    """Whether a line holds a value that no history may keep."""
    names = re.findall(r"([A-Za-z][A-Za-z0-9_.]*)\s*[=:]", text)
    return any(name.lower() in _SECRETS or "password" in name.lower() for name in names)


def complete(text: str, catalogue: Catalogue) -> list[str]:
    """What the last word of a line may become, in the catalogue's spelling; sorted."""
    parts = text.split()
    last = "" if not parts or text[-1].isspace() else parts.pop()
    if not parts:
        return sorted({*_names(last, catalogue), *(word for word in WORDS if word.startswith(last.lower()))})
    if parts[0].lower() in ("watch", "schema"):
        return _names(last, catalogue) if len(parts) == 1 else []
    command = _command(parts, catalogue)
    if command is not None:
        return _arguments(command, parts, last)
    return _next_words(parts, last, catalogue)


def _names(typed: str, catalogue: Catalogue) -> list[str]:
    """Paths, and commands also without their root."""
    found = catalogue.completions(typed)
    if not _ROOT.match(typed):
        separator = "." if "." in typed else "/"
        below = [one.removeprefix("Command/") for one in catalogue.completions("Command/" + typed)]
        found += [one.replace("/", separator) for one in below]
    elif "." in typed:
        found = [one.replace("/", ".") for one in found]
    return sorted(found)


def _next_words(parts: list[str], last: str, catalogue: Catalogue) -> list[str]:
    """A path that is written with spaces, as terminals do."""
    start = " ".join(parts)
    if not _ROOT.match(start):
        start = "Command " + start
    found = catalogue.completions(f"{start} {last}")
    return sorted({one.rpartition("/")[2] for one in found})


def _command(parts: Iterable[str], catalogue: Catalogue) -> Command | None:
    named = [part for part in parts if "=" not in part]
    try:
        return catalogue.command(" ".join(named)) if named else None
    except XapiError:
        return None


def _arguments(command: Command, parts: list[str], last: str) -> list[str]:
    name, equals, typed = last.partition("=")
    if equals:
        parameter = command.parameter(name)
        words = _words(parameter.space) if parameter is not None else ()
        return [f"{name}={word}" for word in words if word.lower().startswith(typed.lower())]
    given = {part.partition("=")[0].lower() for part in parts if "=" in part}
    names = [one.name for one in command.parameters if isinstance(one.space, ListOf) or one.name.lower() not in given]
    if command.multiline:
        names.append("body")
    found = [f"{one}=" for one in names if one.lower().startswith(last.lower())]
    return [f"{one}@" if one == "body=" else one for one in found]


def _words(space: ValueSpace) -> tuple[str, ...]:
    match space:
        case Literals(words=words):
            return words
        case ListOf(item=item):
            return _words(item)
        case _:
            return ()
