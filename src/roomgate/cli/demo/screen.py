"""The story on the screen: one line a step, with its time; colours only where a person reads."""

import os
import sys
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Step:
    name: str
    ok: bool
    ms: int
    detail: str

    def json(self) -> dict[str, Any]:
        return {"name": self.name, "ok": self.ok, "ms": self.ms, "detail": self.detail}


@dataclass(slots=True)
class Screen:
    """Prints for people, or keeps silent and collects for ``--json``."""

    silent: bool
    told: bool = False  # the story came to its end
    steps: list[Step] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)
    _colours: bool = field(default_factory=lambda: sys.stdout.isatty() and not os.environ.get("NO_COLOR"))

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colours else text

    def title(self, text: str) -> None:
        if not self.silent:
            print(f"\n{self._paint(text, '1')}", flush=True)

    def say(self, text: str) -> None:
        if not self.silent:
            print(text, flush=True)

    def step(self, name: str, ok: bool, ms: float, detail: str) -> None:
        """One step of the story and how it ended."""
        step = Step(name, ok, round(ms), detail)
        self.steps.append(step)
        if self.silent:
            return
        mark = self._paint("✓", "32") if ok else self._paint("✗", "31;1")
        since = time.monotonic() - self._began
        took = f"{step.ms / 1000:.1f} s" if step.ms >= 1000 else f"{step.ms} ms"
        print(f" {self._paint(f'{since:5.1f} s', '2')} {mark} {detail} {self._paint(f'({took})', '2')}", flush=True)

    def note(self, text: str) -> None:
        """A line that belongs to the last step."""
        if not self.silent:
            print(f"         {self._paint(text, '2')}", flush=True)

    @property
    def ok(self) -> bool:
        return bool(self.steps) and all(step.ok for step in self.steps)

    def json(self) -> dict[str, Any]:
        return {"ok": self.ok, "steps": [step.json() for step in self.steps], "figures": self.figures}
