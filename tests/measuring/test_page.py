"""The page says what was measured, and nothing of the machine but what it is."""

import platform
import re
from pathlib import Path

import msgspec

from bench import keeping, page
from bench.keeping import Kept
from bench.machine import Machine
from bench.measurements import ALL
from bench.result import Line, Plot, Result, Table, judged
from bench.samples import Spread

MACHINE = Machine("A processor", 2, 8192, "Linux 6", "3.11", "3.46", "OpenSSL 3.5 date", {"uvloop": "1"}, {"p50": 900.0, "p99": 2000.0}, [0.1], "abc1234")  # fmt: skip
PROFILE = "`read.tail`\n\n## What limits it\n\n## What comes next\n"


def kept(day: str = "2026-03-10", measured: float = 0.5, name: str = "read", machine: Machine = MACHINE) -> Kept:
    targets = [
        judged("read.p50", "a read | piped", "at most", 0.8, "ms", Spread(measured, measured, measured), "both"),
        judged("read.tail", "its tail", "at most", 5, "×", Spread(9, 8, 10)),
    ]
    tables = [Table("Times", ["", "p50"], [["ours", "1"], ["theirs", "2"]], "A note.")]
    plots = [Plot("read", "Reads", "ms", "%", [Line("ours", [(1, 2), (2, 3)])])]
    return Kept(day, machine, Result(name=name, judged=targets, tables=tables, plots=plots, notes=["Mind this."]))


TEMPLATE = "# T\n\n{{targets}}\n\n{{machine}}\n\n{{read}}\n\n{{cut}}\n"


def test_targets_are_said_with_verdict_and_ratio():
    text = page.build(TEMPLATE, [kept()], {})
    assert "| a read \\| piped | at most 0.800 ms | 0.500 ms (0.500–0.500) | 0.62 | met | both |" in text
    assert "| 1.80 | **missed** |" in text


def test_a_miss_that_is_explained_leads_to_its_profile():
    assert "[missed, explained](../bench/profiles/read.md)" in page.build(TEMPLATE, [kept()], {"read": PROFILE})


def test_a_section_has_plot_table_note_and_the_way_to_the_samples():
    text = page.build(TEMPLATE, [kept()], {})
    for part in ("(performance/read.svg)", "| ours | 1 |", "A note.", "Mind this.", "2026-03-10-read/result.json"):
        assert part in text


def test_what_was_not_measured_is_said():
    assert page.build(TEMPLATE, [], {}).count("Not measured yet") == 4
    assert page.build(TEMPLATE, [kept()], {}).count("Not measured yet") == 1


def test_figures_of_two_machines_are_told_apart():
    other = msgspec.structs.replace(MACHINE, processor="Another")
    text = page.build(TEMPLATE, [kept(), kept(name="cut", machine=other)], {})
    assert "A processor" in text
    assert "Another" in text
    assert "Measured there: `cut`." in text


def test_the_template_has_a_place_for_every_measurement_and_no_other():
    places = re.findall(r"\{\{([a-z-]+)\}\}", page.TEMPLATE.read_text("utf-8"))
    assert sorted(places) == sorted([*ALL, "targets", "machine"])


def test_nobody_wrote_a_figure_into_the_template():
    prose = re.sub(r"\{\{.*?\}\}|`[^`]*`", "", page.TEMPLATE.read_text("utf-8"))
    assert re.findall(r"\d+(?:\.\d+)? ?(?:ms|µs|s|MiB|KiB|kB|%)(?!\w)", prose) == []


def test_the_newest_of_each_is_taken(tmp_path: Path):
    for day, measured in (("2026-03-09", 0.1), ("2026-03-11", 0.3), ("2026-03-10", 0.2)):
        keeping.save(kept(day, measured), tmp_path)
    keeping.save(kept("2026-04-01", name="rooms-page"), tmp_path)  # ends in the name of another
    (found,) = keeping.load_newest(["read", "page"], tmp_path)
    assert (found.day, found.result.judged[0].measured) == ("2026-03-11", 0.3)


def test_what_was_kept_is_read_again_as_it_was(tmp_path: Path):
    file = keeping.save(kept(), tmp_path)
    assert msgspec.json.decode(file.read_bytes(), type=Kept) == kept()


def test_a_result_that_is_kept_names_no_path_and_no_host_and_is_small():
    files = list(keeping.RESULTS.glob("*/*.json"))
    for file in files:
        text = file.read_text("utf-8")
        assert not re.search(r"/(?:home|root|tmp|work|Users)/", text), file.parent.name
        assert platform.node() not in text, file.parent.name
    assert sum(file.stat().st_size for file in files) < 4_000_000


def test_the_page_is_what_the_results_say():
    built = page.build(page.TEMPLATE.read_text("utf-8"), keeping.load_newest(list(ALL)), keeping.load_profiles())
    assert page.PAGE.read_text("utf-8") == built
