"""What the verbs of macros and of panels have in common: texts between files and a room."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from roomgate.cli.api import Api, at
from roomgate.cli.exits import DONE, NO
from roomgate.cli.files import read_text
from roomgate.cli.output import Json, say, show_json, tell, tell_rows
from roomgate.errors import BadInput
from roomgate.redact import foreign

File = Annotated[Path, Parameter(help="the file that holds the text, in UTF-8")]
Over = Annotated[
    str, Parameter(help="the digest of the text that it is to replace; if the device has another, nothing is done")
]
Anyway = Annotated[bool, Parameter(help="save it although the check says that it cannot work")]
_LONGEST_LINE = 2000


def write(file: Path, raw: bytes) -> None:
    """Whole or not at all. Raises BadInput."""
    beside = file.with_name(f".{file.name}.new")
    try:
        beside.write_bytes(raw)
        os.replace(beside, file)
    except OSError as bad:
        raise BadInput(
            f"{file} cannot be written: {bad.strerror}.", hint="Check the path and its permissions."
        ) from bad


def _told(text: str) -> None:
    """A device's text: as it is for a program, with nothing that steers a terminal for a person."""
    if sys.stdout.isatty():
        text = "".join(f"{foreign(line, _LONGEST_LINE)}\n" for line in text.replace("\t", "    ").splitlines())
    sys.stdout.write(text if text.endswith("\n") or not text else text + "\n")


def place(room: str, word: str, name: str, *more: str, **query: str) -> str:
    """The path of a text. Raises BadInput for a name that has none."""
    if "/" in name:
        raise BadInput("No name of a macro or panel has a “/”.", hint="Give its name, not a path of it.")
    return at("rooms", room, word, name, *more, **query)


def save(word: str, room: str, name: str, file: Path, over: str, anyway: bool, json: bool) -> None:
    text = read_text(file)
    headers = {"If-Match": f'"{over}"'} if over else {}
    found = Api.from_profile().call("PUT", place(room, word, name), {"text": text, "anyway": anyway}, headers)
    if not json:
        _findings(found["findings"])
    tell(found, f"{name} is saved on {room}.", json=json)


def add_verbs(app: App, word: str, thing: str, form: str) -> None:
    """The verbs that macros and panels have alike. ``form``: what it is written in, as ``show`` says it."""
    example, ending = f"roomgate room {word}", {"macro": "js", "panel": "xml"}[thing]

    def verb(words: str, ask: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
        return app.command(help=f"{words}\n\nExample: ``{example} {ask}``")

    @verb(f"The {form} of a {thing}, as the device has it now.", f"show oslo lights --file lights.{ending}")
    def show(
        room: str,
        name: str,
        /,
        *,
        file: Annotated[Path | None, Parameter(help="write it there instead; a file that is there is replaced")] = None,
        json: Json = False,
    ) -> None:
        found = Api.from_profile().call("GET", place(room, word, name))
        if file is not None:
            write(file, found["text"].encode())
            tell({"file": str(file), "digest": found["digest"]}, f"{name} is in {file}.", json=json)
        elif json:
            show_json(found)
        else:
            _told(found["text"])

    @verb(
        f"Take a {thing} off the device. What it was is kept: `roomgate room {word} rollback` puts it back.",
        "remove oslo lights",
    )
    def remove(room: str, name: str, /, *, json: Json = False) -> None:
        found = Api.from_profile().call("DELETE", place(room, word, name))
        back = f"`roomgate room {word} rollback {room} {name} {found['version']}` puts it back."
        tell(found, f"{name} is removed from {room}; {back}", json=json)

    @verb("What was saved from here, and seen on the device: the newest first.", "versions oslo lights")
    def versions(room: str, name: str, /, *, json: Json = False) -> None:
        rows = Api.from_profile().call("GET", place(room, word, name, "versions"))["items"]
        tell_rows(rows, ["number", "how", "by", "at", "digest"], empty="Nothing was kept.", json=json)

    @verb("What changed from one version to another.", "diff oslo lights 1 2")
    def diff(room: str, name: str, old: int, new: int, /, *, json: Json = False) -> None:
        path = place(room, word, name, "difference", old=str(old), new=str(new))
        found = Api.from_profile().call("GET", path)
        if json:
            show_json(found)
        elif found["difference"]:
            _told(found["difference"])
        else:
            say("Both are the same.")

    @verb("Save an earlier version again.", "rollback oslo lights 1")
    def rollback(room: str, name: str, version: int, /, *, json: Json = False) -> None:
        found = Api.from_profile().call("POST", place(room, word, name, "rollback"), {"version": version})
        tell(found, f"{name} on {room} is as it was in version {version}.", json=json)


def lint(kind: str, file: Path, json: bool) -> int:
    """Gives NO where something cannot work."""
    found = Api.from_profile().call("POST", at("text-checks"), {"kind": kind, "text": read_text(file)})["findings"]
    if json:
        show_json(found)
    elif not found:
        say("Our checks find nothing.")
    else:
        _findings(found)
    return NO if any(one["kind"] == "bad" for one in found) else DONE


def _findings(found: list[dict[str, Any]]) -> None:
    for one in found:
        say(f"line {one['line']}: {one['kind']}: {one['words']}")
