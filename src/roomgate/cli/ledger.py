"""The record: verifying it, from a data folder or an export, without asking anybody."""

from dataclasses import asdict
from pathlib import Path

from cyclopts import App

from roomgate.cli.api import Api
from roomgate.cli.exits import DONE, NO
from roomgate.cli.output import show_json, show_table

app = App(name="ledger", help="The record: verify, list.")


@app.command
def verify(folder: Path, *, key: str | None = None, witness: list[str] | None = None, json: bool = False) -> int:
    """Recompute every entry, every hash and every signature of a ledger. Reads only, and asks nobody.

    Example: ``roomgate ledger verify /var/lib/roomgate/hub --witness witness.example+…``

    Parameters
    ----------
    folder: a data folder of a hub or a connector, or an export
    key: the ledger's own key, as you noted it down; without it the folder's own copy is believed
    witness: the key of a witness whose signature must be there
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
        signed = f"{verdict.signed_size} signed"
        seen = f", {verdict.witnessed_size} seen by a witness" if witnesses else ""
        print(f"{folder}: {verdict.size} entries, {signed}{seen}; every hash and signature holds.")
    else:
        print(f"{folder}: this record does NOT hold.")
        for problem in verdict.problems:
            print(f"  {problem}")
        if unwitnessed:
            print("  No checkpoint carries the witness's signature.")
    return DONE if ok else NO


@app.command(name="list")
def list_(*, room: str | None = None, json: bool = False) -> None:
    """The hub's ledger, newest first."""
    rows = Api.from_profile().items("/api/v1/ledger" + (f"?room={room}" if room else ""))
    if json:
        show_json(rows)
    else:
        shown = [{"index": row["index"], **row["event"]} for row in rows]
        show_table(shown, ["index", "at", "kind", "room"], empty="Nothing has happened yet.")
