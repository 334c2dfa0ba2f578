"""All devices in one list: export, tags by file, kept filters."""

from pathlib import Path

from cyclopts import App

from roomgate.cli.api import Api, at
from roomgate.cli.output import Json, say, show_json, show_table, tell, tell_rows
from roomgate.errors import BadInput

app = App(name="inventory", help="All devices in one list: what they are, how they are, and their tags.")
view = App(name="view", help="Filters that you keep.")
app.command(view)

COLUMNS = ["name", "site", "state", "tags", "product", "software", "serial", "address"]
_LARGEST = 2 * 1024 * 1024


@app.command(name="list")
def list_(
    *, find: str = "", site: str = "", tag: str = "", product: str = "", software: str = "", json: Json = False
) -> None:
    """The devices of the rooms that you may see.

    Example: ``roomgate inventory list --tag boardroom``

    Parameters
    ----------
    find
        words that must stand somewhere in the line
    site
        only at this site, by its id
    tag
        only rooms that bear this tag
    product
        only this model
    software
        only this software
    """
    asked = {"q": find, "site": site, "tag": tag, "product": product, "software": software}
    given = {name: text for name, text in asked.items() if text}
    rows = Api.from_profile().items(at("inventory", **given))
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
    try:
        raw = file.read_bytes()
    except OSError as bad:
        raise BadInput(f"{file} cannot be read: {bad.strerror}.") from bad
    if len(raw) > _LARGEST:
        raise BadInput(f"{file} is larger than 2 MiB.")
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as bad:
        raise BadInput(f"{file} is not UTF-8.", hint="Save it as “CSV UTF-8”.") from bad
    done = Api.from_profile().call("POST", at("inventory", "tags"), {"csv": text, "dry_run": dry_run})
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
    tell_rows(rows, ["id", "name", "filter", "href"], empty="You keep no view.", json=json)


@view.command
def keep(
    name: str,
    /,
    *,
    find: str = "",
    site: str = "",
    tag: str = "",
    product: str = "",
    software: str = "",
    json: Json = False,
) -> None:
    """Keep a filter under a name; the console shows it, too.

    Example: ``roomgate inventory view keep "Old boards" --software "RoomOS 11.1"``

    Parameters
    ----------
    find
        words that must stand somewhere in the line
    site
        only at this site, by its id
    tag
        only rooms that bear this tag
    product
        only this model
    software
        only this software
    """
    asked = {"q": find, "site": site, "tag": tag, "product": product, "software": software}
    wish = {"name": name, "filter": {key: text for key, text in asked.items() if text}}
    kept = Api.from_profile().call("POST", at("inventory", "views"), wish)
    tell(kept, f"{kept['name']} is kept: {kept['href']}", json=json)


@view.command
def remove(id: str, /, *, json: Json = False) -> None:
    """Remove a filter that you keep.

    Example: ``roomgate inventory view remove view_3f2a``
    """
    Api.from_profile().call("DELETE", at("inventory", "views", id))
    tell({"removed": id}, f"The view {id} is removed.", json=json)
