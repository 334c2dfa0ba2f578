"""All devices in one list: export, tags by file, kept filters."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from roomgate.cli.api import Api, at
from roomgate.cli.files import read_sheet
from roomgate.cli.output import Json, say, show_json, show_table, tell, tell_rows

app = App(name="inventory", help="All devices in one list: what they are, how they are, and their tags.")
view = App(name="view", help="Filters that you keep.")
app.command(view)

COLUMNS = ["name", "site", "state", "tags", "product", "software", "serial", "address"]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which devices are looked for."""

    find: Annotated[str, Parameter(help="words that must stand somewhere in the line")] = ""
    site: Annotated[str, Parameter(help="only at this site, by its id")] = ""
    tag: Annotated[str, Parameter(help="only rooms that bear this tag")] = ""
    product: Annotated[str, Parameter(help="only this model")] = ""
    software: Annotated[str, Parameter(help="only this software")] = ""
    state: Annotated[str, Parameter(help="only what is so: fine, call, warn, trouble or unknown")] = ""

    @property
    def words(self) -> dict[str, str]:
        """As the hub names them, without those that leave nothing out."""
        asked = {
            "q": self.find, "site": self.site, "tag": self.tag, "product": self.product, "software": self.software,
            "state": self.state,
        }  # fmt: skip
        return {name: text for name, text in asked.items() if text}


EVERYTHING = Sought()


@app.command(name="list")
def list_(*, sought: Sought = EVERYTHING, json: Json = False) -> None:
    """The devices of the rooms that you may see.

    Example: ``roomgate inventory list --tag boardroom``
    """
    rows = Api.from_profile().items(at("inventory", **sought.words))
    tell_rows(rows, COLUMNS, empty="No device fits.", json=json)


@app.command(name="tag")
def tag_(file: Path, /, *, dry_run: bool = False, json: Json = False) -> None:
    """Give rooms the tags that a CSV file says (columns name and tags), all or none of them.

    Example: ``roomgate inventory tag tags.csv --dry-run``

    Parameters
    ----------
    dry_run
        only say what would change
    """
    done = Api.from_profile().call("POST", at("inventory", "tags"), {"csv": read_sheet(file), "dry_run": dry_run})
    if json:
        show_json(done)
        return
    show_table(done["changed"], ["room", "before", "after"], empty="Nothing changes.")
    if done["changed"]:
        count = len(done["changed"])
        say(f"{count} {'room' if count == 1 else 'rooms'} {'would change' if dry_run else 'changed'}.")


@view.command(name="list")
def list_views(*, json: Json = False) -> None:
    """The filters that you keep.

    Example: ``roomgate inventory view list``
    """
    rows = Api.from_profile().call("GET", at("inventory", "views"))["items"]
    tell_rows(rows, ["id", "name", "href"], empty="You keep no view.", json=json)


@view.command
def keep(name: str, /, *, sought: Sought = EVERYTHING, json: Json = False) -> None:
    """Keep a filter under a name; the console shows it, too.

    Example: ``roomgate inventory view keep "Old boards" --software "RoomOS 11.1"``
    """
    kept = Api.from_profile().call("POST", at("inventory", "views"), {"name": name, "filter": sought.words})
    tell(kept, f"{kept['name']} is kept: {kept['href']}", json=json)


@view.command
def remove(id: str, /, *, json: Json = False) -> None:
    """Remove a filter that you keep.

    Example: ``roomgate inventory view remove view_3f2a``
    """
    Api.from_profile().call("DELETE", at("inventory", "views", id))
    tell({"removed": id}, f"The view {id} is removed.", json=json)
