"""A Roomgate with weaknesses planted in it, in a copy of the source: what its own checks must find.

Most of the weaknesses are acts of sabotage that `tools/break.py` knows already, which are planted there to see that a
test notices. Here they are planted together, and looked at from outside.
"""

import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Weakness:
    """``check`` must fail because of it. ``file`` is below src/roomgate; each ``old`` stands in it exactly once.

    What is guarded twice takes more than one edit: a weakness behind another wall is none that is seen from outside.
    """

    check: str
    what: str
    file: str
    edits: tuple[tuple[str, str], ...]


# The check, and how tools/breakages.toml calls it.
KNOWN = {
    "K12": "the cookie goes over plain HTTP",
    "K22": "an enrolment code is good twice",
}
OWN = (
    Weakness(
        "K03", "a new password ends nothing that is open or signed in", "hub/identity/service.py",
        (
            ("        self._end_credentials(change, person, cause, spared)\n        change.revoke(",
             "        if cause is Cause.PASSWORD_CHANGED:\n            return\n"
             "        self._end_credentials(change, person, cause, spared)\n        change.revoke("),
        ),
    ),
    Weakness(
        "K04", "a grant that was taken back goes on", "hub/grants/service.py",
        (
            ('            self._end(change, record, cause, by.person.id, reason or "The grant was revoked.")\n\n'
             "        await self._changes.write(unit)\n        self._forget(id)\n",
             "            return\n\n        await self._changes.write(unit)\n"),
        ),
    ),
    Weakness(
        "K05", "the registry forgets the streams of pages", "hub/relay/cut.py",
        (("[*self._channels.of(ended), *self._channels.pages_matching(revocation)]", "[*self._channels.of(ended)]"),),
    ),
    Weakness(
        "K10", "browsers may come back by plain HTTP", "hub/http/door.py",
        (('            b"strict-transport-security": b"max-age=63072000",\n', ""),),
    ),
    Weakness(
        "K19", "passwords may be guessed without end", "hub/identity/guessing.py",
        (("        if wait > 0:\n            raise", "        if wait > 1e9:\n            raise"),),
    ),
    Weakness(
        "K21", "any certificate is the pinned one", "xapi/transports/trust.py",
        (("        if not hmac.compare_digest(hashlib.sha256(shown).hexdigest(), self.pin):\n", "        if not shown:\n"),),
    ),
    Weakness(
        "K23", "a denial is not written down", "hub/relay/service.py",
        (("            self._refused(id, principal, room.name if room else foreign(room_name, 80), call, no)\n", ""),),
    ),
    Weakness(
        "K25", "the room is told nothing that anybody would understand", "connector/consent.py",
        (('title: str = "Started from outside",', 'title: str = " ",'),),
    ),
    Weakness(
        "K28", "the accounts stay on the devices", "connector/leaving.py",
        (("                    if accounts:\n", "                    if accounts and not left.room:\n"),),
    ),
)  # fmt: skip


def weaknesses() -> Iterator[Weakness]:
    """All of them; raises KeyError for one that tools/breakages.toml does not know any more."""
    listed = tomllib.loads((ROOT / "tools/breakages.toml").read_text("utf-8"))["breakage"]
    known = {one["what"]: one for one in listed}
    for check, what in KNOWN.items():
        one = known[what]
        yield Weakness(check, what, one["file"], ((one["old"], one["new"]),))
    yield from OWN


def plant(folder: Path) -> Path:
    """A copy of the source with all of them in it; gives the folder that goes onto the path."""
    source = folder / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    for one in weaknesses():
        file = source / "roomgate" / one.file
        text = file.read_text("utf-8")
        for old, new in one.edits:
            if text.count(old) != 1:
                raise ValueError(f"{one.what}: its place is found {text.count(old)} times in {one.file}")
            text = text.replace(old, new)
        file.write_text(text, "utf-8")
    return source
