"""The verbs that every resource of the hub has: list, show, remove."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cyclopts import App

from roomgate.cli.api import Api, at
from roomgate.cli.output import Json, say, show_facts, show_json, tell, tell_rows
from roomgate.errors import NotFound


@dataclass(frozen=True, slots=True)
class Resource:
    """One of the hub's lists, and how people see it. ``key`` names the facts by which one of it may be named."""

    noun: str  # as the command has it
    path: str  # as the API has it
    columns: Sequence[str]
    empty: str
    sample: str  # an id or name, for examples
    alone: bool = True  # whether the API gives one by itself
    keys: Sequence[str] = ("id", "name")


def show(answer: Any, words: str, *, json: bool) -> None:
    """What was made or changed: JSON as the hub gave it, or one sentence made of it."""
    if json:
        show_json(answer)
    else:
        say(words.format_map(answer))


def add_list(app: App, resource: Resource) -> None:
    @app.command(name="list", help=f"All that you may see.\n\nExample: ``roomgate {resource.noun} list``")
    def list_(*, json: Json = False) -> None:
        rows = Api.from_profile().items(at(resource.path))
        tell_rows(rows, resource.columns, empty=resource.empty, json=json)


def add_show(app: App, resource: Resource) -> None:
    example = f"roomgate {resource.noun} show {resource.sample}"

    @app.command(name="show", help=f"Everything about one of them.\n\nExample: ``{example}``")
    def show_(name: str, /, *, json: Json = False) -> None:
        api = Api.from_profile()
        found = api.call("GET", at(resource.path, name)) if resource.alone else _among(api, resource, name)
        if json:
            show_json(found)
        else:
            show_facts(found)


def add_remove(app: App, resource: Resource, words: str) -> None:
    example = f"roomgate {resource.noun} remove {resource.sample}"

    @app.command(name="remove", help=f"{words} Answers when the cut is done.\n\nExample: ``{example}``")
    def remove(id: str, /, *, json: Json = False) -> None:
        Api.from_profile().call("DELETE", at(resource.path, id))
        tell({"removed": id}, f"{id} is gone, and what it opened is cut.", json=json)


def _among(api: Api, resource: Resource, name: str) -> dict[str, Any]:
    """One of a list that the API gives only whole; raises NotFound."""
    for one in api.items(at(resource.path)):
        if name in (one.get(key) for key in resource.keys):
            return one
    raise NotFound(f"There is no {resource.noun} {name}.", hint=f"`roomgate {resource.noun} list` shows them all.")
