"""Writes docs/cut-off.md from what was measured: the simulated matrix here, and real figures where they are kept.

tools/cut_off.py              the page, from bench/results/cut-matrix.json as it is kept
tools/cut_off.py --measure    runs the simulated matrix first and keeps its result
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from cut_off_real import BOUNDS, FALLS, NOT_PROMISED, measured  # noqa: E402

KEPT = ROOT / "bench" / "results" / "cut-matrix.json"
PAGE = ROOT / "docs" / "cut-off.md"

HEAD = """# How fast access ends

Written by `tools/cut_off.py` from what was measured. Every ordinary administrative act ends what it should end at once: open pages, streams, sockets, orders on their way, questions in a room, and the calls that were started. This page says what is promised, what falls with what, and what was tried.
"""

SIMULATED = """## Every cause × every channel × every condition, simulated

The real hub and connector in one process, on simulated time and wires in memory (`tests/support/cutting`, `tests/model`): {cells} cells from {cases} cases. In each, everything that had to fall fell within its bound and nothing of it came back; everything else stayed, or came back by itself. `falls`: it ends and cannot be opened again. `closed`: it ends and may be opened again, judged anew. `stays`: it is not concerned.

| cause | falls | closed | stays | slowest, reachable | slowest, parted or restarted |
|---|---|---|---|---|---|
{rows}

"Slowest" is the last frame or command after the cut was answered, of what had to fall; a dash means that nothing at all came after that. Conditions: {conditions}.

Two exceptions are known. After a *held-up* link, what was on its way arrives late, within its bound. And a device that the site takes out of its file is spoken to no more: if the connector is killed in that very moment, a call there is left to the room.

What is listed and has no row or column of its own:
{without}
"""

LIVES = """## Random lives

`tests/model/test_machine.py` plays 1,000 random lives (people, grants, tokens, locks, calls, consent, kill -9 of either side, links that part, slow down and break) against a naïve reckoning of who was entitled when; `make soak` plays 100,000. Faults planted on purpose, and found: `tools/breakages.toml`, "random lives".
"""


def measure() -> dict[str, Any]:
    """Run the matrix; raises SystemExit with what failed."""
    sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]
    from support.cutting.causes import CAUSES, WITHOUT
    from support.cutting.matrix import WITHOUT_CHANNEL, Case, Condition

    cases = [Case(cause, condition).run() for cause in CAUSES for condition in Condition]
    if complaints := [one for case in cases for one in case.complaints]:
        raise SystemExit("\n".join(complaints))
    rows: dict[tuple[str, str, str], dict[str, float | None]] = {}
    for cell in (cell for case in cases for cell in case.cells):
        fell = None if cell.fell_s is None else round(cell.fell_s, 3)
        rows.setdefault((cell.cause, cell.channel, cell.fate), {})[cell.condition] = fell
    return {
        "cases": len(cases),
        "without": WITHOUT | WITHOUT_CHANNEL,
        "rows": [{"cause": c, "channel": ch, "fate": f, "fell_s": fell} for (c, ch, f), fell in rows.items()],
    }


def build(kept: dict[str, Any]) -> str:
    """The page."""
    rows = kept["rows"]
    causes = list(dict.fromkeys(row["cause"] for row in rows))
    table = [_line(cause, [row for row in rows if row["cause"] == cause]) for cause in causes]
    conditions = ", ".join(dict.fromkeys(condition for row in rows for condition in row["fell_s"]))
    cells = sum(len(row["fell_s"]) for row in rows)
    without = "\n".join(f"- {name}: {why}." for name, why in kept["without"].items())
    parts = [
        HEAD,
        f"{BOUNDS}\n",
        f"{FALLS}\n",
        SIMULATED.format(
            cells=f"{cells:,}", cases=kept["cases"], rows="\n".join(table), conditions=conditions, without=without
        ),
        LIVES,
        "\n\n".join(["## With real processes and clients", *measured(), NOT_PROMISED, ""]),
    ]
    return "\n".join(parts)


_REACHABLE = ("quiet", "clock an hour on", "clock an hour back")


def _line(cause: str, rows: list[dict[str, Any]]) -> str:
    fates = Counter(row["fate"] for row in rows if "quiet" in row["fell_s"])
    fell = [(condition, at) for row in rows if row["fate"] == "falls" for condition, at in row["fell_s"].items()]
    near = _slowest(at for condition, at in fell if condition in _REACHABLE)
    far = _slowest(at for condition, at in fell if condition not in _REACHABLE)
    return f"| {cause} | {fates['falls']} | {fates['closed']} | {fates['stays']} | {near} | {far} |"


def _slowest(times: Iterable[float | None]) -> str:
    known = [at for at in times if at is not None]
    return f"{max(known):.2f} s" if known else "–"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", action="store_true", help="run the simulated matrix and keep its result")
    if parser.parse_args().measure:
        kept = measure()
        rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in kept.pop("rows"))
        KEPT.write_text(json.dumps(kept, ensure_ascii=False)[:-1] + f', "rows": [\n{rows}\n]}}\n', "utf-8")
    PAGE.write_text(build(json.loads(KEPT.read_text("utf-8"))), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
