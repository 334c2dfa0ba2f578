"""`docs/performance.md`, written from what was measured: nobody writes its numbers by hand.

The prose is in `bench/performance.md`, with a place for each measurement: ``{{targets}}``, ``{{machine}}`` and
``{{read}}``, ``{{command}}`` … by name.
"""

import re
from collections.abc import Mapping, Sequence

from bench import ROOT, svg
from bench.keeping import Kept
from bench.machine import Machine
from bench.result import Result, Table, Verdict, verdict
from bench.words import number

TEMPLATE = ROOT / "bench" / "performance.md"
PAGE = ROOT / "docs" / "performance.md"
PICTURES = ROOT / "docs" / "performance"
_PLACE = re.compile(r"\{\{([a-z-]+)\}\}")
_NOT_YET = "*Not measured yet.*"


def build(template: str, kept: Sequence[Kept], profiles: Mapping[str, str]) -> str:
    """The page. Pure. Raises KeyError for a place in the template that no measurement is called."""
    by_name = {one.result.name: one for one in kept}

    def fill(place: re.Match[str]) -> str:
        match place[1]:
            case "targets":
                return _targets(kept, profiles)
            case "machine":
                return _machines(kept)
            case name if name in by_name:
                return _section(by_name[name])
            case _:
                return _NOT_YET

    return _PLACE.sub(fill, template)


def save(kept: Sequence[Kept], profiles: Mapping[str, str]) -> None:
    """Write the page and its drawings; a drawing that no measurement makes any more is taken away."""
    PAGE.write_text(build(TEMPLATE.read_text("utf-8"), kept, profiles), "utf-8")
    PICTURES.mkdir(exist_ok=True)
    drawn = {plot.name: svg.draw(plot) for one in kept for plot in one.result.plots}
    for name, text in drawn.items():
        (PICTURES / f"{name}.svg").write_text(text, "utf-8")
    for file in PICTURES.glob("*.svg"):
        if file.stem not in drawn:
            file.unlink()


def _targets(kept: Sequence[Kept], profiles: Mapping[str, str]) -> str:
    rows = []
    for one in kept:
        for target in one.result.judged:
            said = verdict(target, profiles.get(one.result.name))
            rows.append(
                [
                    target.what,
                    f"{target.sense} {number(target.limit)} {target.unit}",
                    f"{number(target.measured)} {target.unit} ({number(target.low)}–{number(target.high)})",
                    f"{target.ratio:.2f}",
                    _shown(said, one.result.name),
                    target.how,
                ]
            )
    columns = ["what", "target", "measured: median (least–most)", "of the target", "", "how"]
    return markdown(Table("", columns, rows)) if rows else _NOT_YET


def _shown(said: Verdict, name: str) -> str:
    link = f"[missed, explained](../bench/profiles/{name}.md)"
    return {"met": "met", "missed": "**missed**", "missed, explained": link}[said]


def _section(kept: Kept) -> str:
    result: Result = kept.result
    parts = []
    for plot in result.plots:
        parts.append(f"![{plot.title}: {plot.y} over {plot.x}](performance/{plot.name}.svg)")
    for table in result.tables:
        parts.append(f"**{table.title}**\n\n{markdown(table)}" + (f"\n\n{table.note}" if table.note else ""))
    parts += result.notes
    parts.append(f"Samples: [{kept.day}-{result.name}](../bench/results/{kept.day}-{result.name}/result.json).")
    return "\n\n".join(parts)


def markdown(table: Table) -> str:
    """A table of GitHub's Markdown; what stands in a cell cannot break it."""
    rows = [table.columns, ["---"] * len(table.columns), *table.rows]
    return "\n".join(
        "| " + " | ".join(word.replace("|", "\\|").replace("\n", " ") for word in row) + " |" for row in rows
    )


def _machines(kept: Sequence[Kept]) -> str:
    """The machines that the figures on the page are from, each once, with what was measured there."""
    found: dict[str, list[str]] = {}
    for one in kept:
        found.setdefault(_machine(one.machine, one.day), []).append(f"`{one.result.name}`")
    if len(found) == 1:
        return next(iter(found))
    return "\n\n".join(f"{words}\n\nMeasured there: {', '.join(names)}." for words, names in found.items()) or _NOT_YET


def _machine(it: Machine, day: str) -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in it.libraries.items())
    return (
        f"{day}, commit `{it.commit}`: {it.processor}, {it.cores} cores, {number(it.memory_mib / 1024)} GiB; "
        f"{it.kernel}; Python {it.python}, SQLite {it.sqlite}, {it.openssl.split('  ')[0]}; {libraries}. "
        f"One durable commit of SQLite on its disk: p50 {number(it.flush_us['p50'])} µs, p99 {number(it.flush_us['p99'])} µs."
    )
