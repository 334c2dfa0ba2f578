"""The record: verifying and exporting it from a data folder, without asking anybody; and looking into the hub's."""

from dataclasses import asdict
from pathlib import Path

from cyclopts import App

from roomgate.cli.api import Api, at
from roomgate.cli.exits import DONE, NO
from roomgate.cli.output import Json, say, show_json, show_table, tell, tell_rows

app = App(name="ledger", help="The record: verify, export, list, reconcile.")


@app.command
def verify(folder: Path, /, *, key: str | None = None, witness: list[str] | None = None, json: Json = False) -> int:
    """Recompute every entry, every hash and every signature of a ledger. Reads only, and asks nobody.

    Example: ``roomgate ledger verify /var/lib/roomgate/hub --witness witness.example+…``

    Parameters
    ----------
    folder
        a data folder of a hub or a connector, or an export
    key
        the ledger's own key, as you noted it down; without it the folder's own copy is believed
    witness
        the key of a witness whose signature must be there; may be repeated
    """
    from roomgate.ledger.checkpoint import VerifierKey
    from roomgate.ledger.witnessing import parse_witness_key
    from roomgate.storage.verify import verify as check

    witnesses = tuple(parse_witness_key(text) for text in witness or ())
    verdict = check(folder, key=VerifierKey.parse(key) if key else None, witnesses=witnesses)
    unwitnessed = bool(witnesses) and verdict.witnessed_size == 0
    ok = verdict.ok and not unwitnessed
    if json:
        show_json(asdict(verdict) | {"ok": ok})
    elif ok:
        seen = f", {verdict.witnessed_size} seen by a witness" if verdict.witnessed_size else ""
        say(f"{folder}: {verdict.size} entries, {verdict.signed_size} signed{seen}; every hash and signature holds.")
    else:
        say(f"{folder}: this record does NOT hold.")
        for problem in verdict.problems:
            say(f"  {problem}")
        if unwitnessed:
            print("  No checkpoint carries the witness's signature.")
        print("Keep a copy of the folder as it is, and look at the machine.")
    return DONE if ok else NO


@app.command
def export(folder: Path, to: Path, /, *, json: Json = False) -> None:
    """Copy the record of a data folder to a new folder that anyone can verify, on any machine, without a key.

    Example: ``roomgate ledger export /var/lib/roomgate/hub march-2027``

    Parameters
    ----------
    folder
        a data folder of a hub or a connector; it may be running
    to
        a folder that is not there yet, or is empty
    """
    from roomgate.storage.export import export as run

    size = run(folder, to)
    tell(
        {"entries": size, "folder": str(to)},
        f"{size} entries are in {to}. Anyone can check them: `roomgate ledger verify {to}`.",
        json=json,
    )


@app.command(name="list")
def list_(*, room: str | None = None, person: str | None = None, kind: str | None = None, json: Json = False) -> None:
    """The hub's ledger, newest first.

    Example: ``roomgate ledger list --room oslo``

    Parameters
    ----------
    room
        only what is about this room
    person
        only what is about this person, by id
    kind
        only entries of this kind, such as permit, denied, grant-made
    """
    rows = Api.from_profile().items(at("ledger", room=room, person=person, kind=kind))
    if json:
        show_json(rows)
    else:
        shown = [{"index": row["index"], **row["event"]} for row in rows]
        show_table(shown, ["index", "at", "kind", "room", "principal", "call"], empty="Nothing has happened yet.")


@app.command
def reconcile(*, json: Json = False) -> int:
    """What the hub's record and the connectors' records disagree about. The exit code is 1 if there is anything.

    Example: ``roomgate ledger reconcile``
    """
    rows = [one for one in Api.from_profile().items(at("findings")) if one["source"] == "reconciliation"]
    columns = ["severity", "title", "last_seen", "mend"]
    tell_rows(rows, columns, empty="The records agree in everything that both should have.", json=json)
    return NO if rows else DONE
