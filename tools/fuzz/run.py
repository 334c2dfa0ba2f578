"""Coverage-guided fuzzing of the pure cores: ``python tools/fuzz/run.py CORE SECONDS [FOLDER]``.

The cores, their seeds and what they may raise are those of `tests/support/cores.py`. Anything else that comes out is
written to FOLDER as ``crash-…``, and ends the run with exit 1. FOLDER also keeps what was learnt, for the next run.
"""

import sys
import time
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

with atheris.instrument_imports(include=["roomgate", "icalendar", "recurring_ical_events"]):
    from support.cores import CORES

LONGEST = 16 * 1024
SLOW_S = 25  # one input that takes longer is a finding too


def main(name: str, seconds: int, folder: Path) -> None:
    core = CORES[name]
    corpus = folder / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(core.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = [
        f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-timeout={SLOW_S}", "-rss_limit_mb=2048",
        f"-artifact_prefix={folder}/{name}-", "-print_final_stats=1", "-verbosity=0", str(corpus),
    ]  # fmt: skip
    began = time.monotonic()
    atheris.Setup([sys.argv[0], *words], core.feed)
    print(f"{name}: {seconds} s from {len(core.seeds)} seeds, begun at {began:.0f}", flush=True)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3] if len(sys.argv) > 3 else ".fuzz").absolute())
