"""What Roomgate costs, measured: `make bench`. A tool of this repository, not a part of the package."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]
