"""What jsxapi 6, xows 1 and `roomgate.xapi` can do, found out by doing it: the page `docs/xapi/parity.md`.

Each client is a program of its own that tries its features on the same simulated room and prints what came of each.
A feature that a program does not name is one that its client does not have. `make parity` writes the page.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.cli import program
from support.node import node_binary, node_modules

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "xapi" / "parity.md"
E2E = ROOT / "tests" / "e2e"
CLIENTS = ("jsxapi", "xows", "roomgate.xapi")
PANEL_XML = """<Extensions><Version>1.11</Version><Panel><Order>1</Order><PanelId>parity</PanelId><Origin>local</Origin>
<Location>HomeScreen</Location><Icon>Info</Icon><Color>#1170CF</Color><Name>Parity</Name>
<ActivityType>Custom</ActivityType></Panel></Extensions>"""


@dataclass(frozen=True, slots=True)
class Feature:
    """``answer`` is what every client that has it must come to. ``how`` says how ours is written."""

    id: str
    title: str
    answer: Any
    how: str


FEATURES = (
    Feature("wss", "WebSocket, Basic account", 50, '`connect("wss://…")`'),
    Feature("subprotocol", "WebSocket, account as sub-protocol", 50, "`subprotocol=True`"),
    Feature("https", "HTTP", 50, '`connect("https://…")`'),
    Feature("ssh", "SSH", 50, '`connect("ssh://…")`'),
    Feature("verified", "another certificate is refused before the account is sent", "refused", "`pin`, `ca`"),
    Feature("refused", "a refused account is an error of its own kind", "refused", "`AuthenticationFailed`"),
    Feature("blocks", "without awaiting", 50, "`blocking.connect`"),
    Feature("closed", "the end of the connection is told", "told", "`wait_closed`"),
    Feature(
        "comes_back", "comes back after a cut, subscriptions restored, the gap told with what is there now",
        [True, {"Status": {"Audio": {"Volume": 50}}}, 50], "`reconnecting`",
    ),
    Feature("get_leaf", "read a value", 50, "`get`"),
    Feature("get_tree", "read a subtree", 50, "`get`"),
    Feature("get_member", "read a list's member", "LAN", '`get("Status/Network/1/…")`'),
    Feature("nothing", "what is not there reads the same from every release", None, "`get` gives `None`"),
    Feature("query", "read by pattern", {"Status": {"Audio": {"VolumeMute": "Off"}}}, "`query`"),
    Feature("spelling", "paths in several spellings", [50, 50, 50], "any"),
    Feature("attributes", "paths as attributes", [50, "Oslo"], "`room.status.Audio.Volume()`"),
    Feature("typed", "values in the type that one names", 50.0, "`get(…, type=…)`"),
    Feature("set_one", "write a setting", 61, "`set`"),
    Feature("set_many", "write many settings, all checked before the first", 62, "`set_many`"),
    Feature("command", "run a command", 50, "`command`"),
    Feature("repeated", "a repeated argument", True, "a list"),
    Feature("body", "text of many lines", "OK", "`body`"),
    Feature("checked", "checked before it is sent", "Level takes 0–100, got 400", "`BadArgument`"),
    Feature("any_method", "any method by its name", 50, "`execute`"),
    Feature("feedback", "hear of changes, and know from when on", 24, "`subscribe`, `watch`, `hear`"),
    Feature("current", "the present value first", {"Status": {"Audio": {"Volume": 50}}}, "`current=True`"),
    Feature("event", "hear of events", "parity", "`subscribe`"),
    Feature("member", "hear of one member of a list", [1, "Off"], "`subscribe`"),
    Feature("ghost", "hear of a member that went away", True, "`ghost`, `tree.merge`"),
    Feature("once", "hear once", 25, "`anext`"),
    Feature("unsubscribe", "hear no more", [], "`aclose`, or the block's end"),
    Feature("group", "end several subscriptions together", [], "`AsyncExitStack`"),
    Feature("overlapping", "overlapping subscriptions each hear once", [[28, 50], [28, 50]], "by the device's number"),
    Feature("doc", "what the device says that it offers", "Integer", "`doc`, `learn`"),
    Feature("catalogue", "what there is, without a device", ["Status/Audio/VolumeMute"], "`Catalogue`"),
    Feature("unknown", "an unknown command is told apart", "unknown", "`UnknownPath`"),
    Feature("argument", "a missing argument is told apart", "argument", "`BadArgument`"),
    Feature("denied", "a missing role is told apart", "denied", "`PermissionDenied`"),
    Feature("failed", "a command that could not be done is told apart", "failed", "`CommandFailed`"),
    Feature("command_line", "from a shell", "50", "`roomgate xapi`"),
)  # fmt: skip


def tried(folder: Path) -> dict[str, dict[str, Any]]:
    """What each client came to, by its name and the feature's id."""
    with program("sim", "serve", "--name", "Oslo", "--data", str(folder / "sim"), "--json") as said:
        (room,) = said["rooms"]
        environment = {**os.environ, "ROOM": json.dumps(room), "PANEL_XML": PANEL_XML, "XDG_CACHE_HOME": str(folder)}
        return {
            "jsxapi": _run(
                [node_binary(), str(E2E / "parity_jsxapi.js")],
                environment | {"NODE_PATH": str(node_modules("jsxapi", "ws")), "NODE_TLS_REJECT_UNAUTHORIZED": "0"},
            ),
            "xows": _run([sys.executable, "-W", "ignore", str(E2E / "parity_xows.py")], environment),
            "roomgate.xapi": _run([sys.executable, str(E2E / "parity_ours.py")], environment),
        }


def _run(words: list[str], environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def differing(told: dict[str, dict[str, Any]]) -> list[str]:
    """Features whose answer was not the expected one, in words."""
    return [
        f"{client}, {one.id}: {told[client][one.id]!r} is not {one.answer!r}"
        for client in CLIENTS
        for one in FEATURES
        if one.id in told[client] and told[client][one.id] != one.answer
    ]


def build(told: dict[str, dict[str, Any]]) -> str:
    """The page. A client that names a feature and comes to another answer has a ✗."""
    rows = []
    for one in FEATURES:
        marks = [
            "–" if one.id not in told[client] else "✓" if told[client][one.id] == one.answer else "✗"
            for client in CLIENTS
        ]
        rows.append(f"| {one.title} | {' | '.join(marks)} | {one.how} |")
    return "\n".join(
        [
            "# Parity with jsxapi and xows",
            "",
            "*Written by `make parity`, which tries every row on one simulated room with each client, unmodified: npm's "
            "`jsxapi` 6 on Node, PyPI's `xows` 1, and ours. A test compares this page with what it finds.*",
            "",
            "✓ tried, and came to the expected answer · ✗ tried, and did not · – the client does not offer it",
            "",
            "| | jsxapi 6 | xows 1 | roomgate.xapi | ours is written |",
            "| --- | :-: | :-: | :-: | --- |",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        found = tried(Path(place))
    print("\n".join(differing(found)) or "All came to the expected answers.")
    PAGE.write_text(build(found), "utf-8")
