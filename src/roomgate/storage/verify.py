"""Is this record as it was signed? Reads a data folder or an export, recomputes everything, changes nothing.

What is checked: every entry against its kept hash; every kept tree node; the columns that entries are
looked up by; every kept checkpoint's signature, and that the entries give its root, so that all
checkpoints tell of one history; and witnesses' signatures, if a witness's key is known.

A folder can vouch for itself only as far as its own key goes: who can rewrite all of it and holds the
key can sign another history. That is what the witness is for; hand its key in from elsewhere.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from roomgate.errors import NotFound
from roomgate.ledger.checkpoint import BadNote, Checkpoint, Note, VerifierKey, earlier_name
from roomgate.ledger.event import BadEvent, Event, Unknown, filed_under, parse_event
from roomgate.ledger.tree import Frontier, leaf_hash

DATABASES = ("hub.db", "connector.db", "ledger.db")
_MOST_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. ``ok`` only if there is nothing in ``problems``.

    ``size`` counts entries, ``signed_size`` how many a checkpoint of the record's own key covers,
    ``witnessed_size`` how many a known witness signed for; 0 if none did.
    """

    size: int
    root: str
    problems: tuple[str, ...]
    signed_size: int = 0
    witnessed_size: int = 0
    origin: str = ""
    key: str = ""

    @property
    def ok(self) -> bool:
        return not self.problems


@dataclass(slots=True)
class _Row:
    """One entry as it is kept; ``leaf`` and ``columns`` are what stands beside it, to be compared."""

    index: int
    raw: bytes
    leaf: bytes | None
    columns: tuple[str | None, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Tree:
    """The tree as it is kept: it may end before the newest entries do."""

    size: int
    hashes: bytes
    nodes: dict[tuple[int, int], bytes]


@dataclass(slots=True)
class _Walk:
    """One pass over the entries: the tree as it should be, and what was wrong on the way."""

    frontier: Frontier = field(default_factory=Frontier)
    edge: Frontier = field(default_factory=Frontier)  # as far as the kept tree goes
    roots: dict[int, bytes] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def complain(self, problem: str) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(problem)


def verify(
    folder: Path, *, key: VerifierKey | None = None, witnesses: Sequence[VerifierKey] = (), database: str | None = None
) -> Verdict:
    """Verify a hub's or connector's data folder, or an export; raises NotFound if it is neither.

    ``key`` is the record's public key if you have it from elsewhere (else the folder's own is used);
    ``witnesses`` likewise (else the file ``witness.vkey`` in the folder, if there is one).
    """
    known = tuple(witnesses) or _witnesses(folder)
    names = (database,) if database else DATABASES
    for name in names:
        if (folder / name).is_file():
            return _verify_database(folder / name, key, known)
    if (folder / "entries.jsonl").is_file():
        return _verify_export(folder, key, known)
    raise NotFound(f"{folder} holds no record", hint="Name a data folder of a hub or connector, or an export.")


def _verify_database(path: Path, key: VerifierKey | None, witnesses: Sequence[VerifierKey]) -> Verdict:
    walk = _Walk()
    notes: list[str] = []
    own = ""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)) as db:
            db.text_factory = _text
            db.execute("BEGIN")
            notes = [str(note) for (note,) in db.execute("SELECT note FROM record_checkpoints ORDER BY size")]
            own = next((str(text) for (text,) in db.execute("SELECT key FROM record_about")), "")
            tree = _kept_tree(db)
            _follow(walk, _rows(db), _sizes(notes), tree)
            if tree.hashes != b"".join(walk.edge.hashes) or tree.size != walk.edge.size:
                walk.complain("the kept right edge of the tree is not that of the entries")
            if len(tree.nodes) != tree.size - tree.size.bit_count():
                walk.complain("the kept tree has nodes that it should not have, or lacks some")
    except sqlite3.Error as damage:
        walk.complain(f"{path.name} cannot be read: {damage}")
    return _judge(walk, notes, key, own, witnesses)


def _verify_export(folder: Path, key: VerifierKey | None, witnesses: Sequence[VerifierKey]) -> Verdict:
    walk = _Walk()
    notes: list[str] = []
    own = ""
    try:
        own = (folder / "key").read_text()
        kept = json.loads((folder / "checkpoints.json").read_bytes())
        notes = [*map(str, kept if isinstance(kept, list) else [])]
        if (folder / "checkpoint").read_bytes().decode() not in notes:
            walk.complain("the newest checkpoint is not among the kept ones")
    except (OSError, ValueError) as damage:
        walk.complain(f"the export is not complete: {damage}")
    leaves = _lines(folder / "leaves")
    raws = _lines(folder / "entries.jsonl")
    if len(leaves) != len(raws):
        walk.complain(f"there are {len(raws)} entries and {len(leaves)} hashes")
    rows = (_Row(i, raw, _hex(leaves[i]) if i < len(leaves) else b"") for i, raw in enumerate(raws))
    _follow(walk, rows, _sizes(notes), None)
    return _judge(walk, notes, key, own, witnesses)


def _follow(walk: _Walk, rows: Iterator[_Row], sizes: set[int], tree: _Tree | None) -> None:
    """Rebuild the tree from the entries, comparing each thing that stands beside them."""
    walk.roots[0] = walk.frontier.root()
    for row in rows:
        if row.index != walk.frontier.size:
            walk.complain(f"entry {walk.frontier.size} is missing")
            return
        leaf = leaf_hash(row.raw)
        if leaf != row.leaf:
            walk.complain(f"entry {row.index} is not what was recorded: its hash differs")
        try:
            event = parse_event(row.raw)
            if row.columns is not None and row.columns != _columns(event):
                walk.complain(f"entry {row.index} is filed under other names than it says")
        except BadEvent as bad:
            walk.complain(f"entry {row.index} cannot be read: {bad}")
        walk.frontier, full = walk.frontier.append(leaf)
        if tree is not None and walk.frontier.size <= tree.size:
            walk.edge = walk.frontier
        for node in full[1:] if walk.edge is walk.frontier else ():
            if tree is not None and tree.nodes.get((node.level, node.place)) != node.hash:
                walk.complain(f"the tree over entries {node.place << node.level} and on differs from what was kept")
        if walk.frontier.size in sizes:
            walk.roots[walk.frontier.size] = walk.frontier.root()


def _judge(
    walk: _Walk, notes: Sequence[str], key: VerifierKey | None, own: str, witnesses: Sequence[VerifierKey]
) -> Verdict:
    signed = witnessed = 0
    try:
        key = key or (VerifierKey.parse(own) if own else None)
    except BadNote as bad:
        walk.complain(f"the record's own key cannot be read: {bad}")
    if key is not None and own and own.strip() != str(key):
        walk.complain("the folder names another key than yours")
    if key is None and walk.frontier.size:
        walk.complain("nothing here is signed: no key, no checkpoint")

    for raw in notes if key is not None else ():
        assert key is not None
        try:
            note = Note.parse(raw)
            checkpoint = Checkpoint.parse(note.text)
            # Before a restoration the record had another name, under the same key.
            named = replace(key, name=checkpoint.origin) if earlier_name(checkpoint.origin, key.name) else key
            note.verify(named)
            if checkpoint.origin != named.name:
                raise BadNote(f"it is of {checkpoint.origin}")
        except BadNote as bad:
            walk.complain(f"a checkpoint cannot be trusted: {bad}")
            continue
        if checkpoint.size > walk.frontier.size:
            walk.complain(f"{checkpoint.size} entries were signed for, {walk.frontier.size} are here")
            continue
        if walk.roots.get(checkpoint.size) != checkpoint.root:
            walk.complain(f"the first {checkpoint.size} entries are not those that were signed for")
            continue
        signed = max(signed, checkpoint.size)
        for witness in witnesses:
            if not any(line.name == witness.name for line in note.signatures):
                continue
            try:
                note.cosigned_at(witness)
                witnessed = max(witnessed, checkpoint.size)
            except BadNote as bad:
                walk.complain(f"the checkpoint of {checkpoint.size} entries: {bad}")

    root = walk.frontier.root().hex()
    return Verdict(
        walk.frontier.size, root, tuple(walk.problems), signed, witnessed, key.name if key else "", own.strip()
    )


def _rows(db: sqlite3.Connection) -> Iterator[_Row]:
    query = 'SELECT "index", bytes, leaf, at, kind, "order", room, person FROM record_entries ORDER BY "index"'
    for index, raw, leaf, *columns in db.execute(query):
        yield _Row(index, raw if isinstance(raw, bytes) else b"", leaf, tuple(columns))


def _kept_tree(db: sqlite3.Connection) -> _Tree:
    size, hashes = next(db.execute("SELECT size, hashes FROM record_head"), (0, b""))
    kept = db.execute('SELECT level, "index", hash FROM record_nodes')
    return _Tree(int(size), hashes, {(level, index): node for level, index, node in kept})


def _columns(event: Event | Unknown) -> tuple[str | None, ...]:
    """What an entry is filed under, as `Record.append` writes it."""
    return (event.at, event.kind, *filed_under(event))


def _sizes(notes: Sequence[str]) -> set[int]:
    found = set()
    for raw in notes:
        try:
            found.add(Checkpoint.parse(Note.parse(raw).text).size)
        except BadNote:  # told once, where the signatures are judged
            continue
    return found


def _witnesses(folder: Path) -> tuple[VerifierKey, ...]:
    path = folder / "witness.vkey"
    return tuple(VerifierKey.parse(line) for line in path.read_text().split()) if path.is_file() else ()


def _lines(path: Path) -> list[bytes]:
    if not path.is_file():
        return []
    *lines, last = path.read_bytes().split(b"\n")
    return [*lines, last] if last else lines


def _hex(text: bytes) -> bytes:
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError:
        return b""


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
