"""Where a look writes down what it does: each step with its time, and without the secrets that are known."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from roomgate.checks.snapshot import AnyStep, Exchange, Fact
from roomgate.clock import Clock, iso

K = TypeVar("K", bound=AnyStep)
Made = Callable[..., AnyStep]
DEEPEST = 60  # deeper than this nests nothing that is meant to be read


class Masks:
    """The secrets that are known, each with its name; text is shown without them."""

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self._known = dict(known or {})

    def add(self, secret: str, name: str) -> None:
        """Short ones would hide half of every page, and prove nothing."""
        if len(secret) >= 8:
            self._known[secret] = name

    def clean(self, text: str) -> str:
        if not text.isascii():
            text = text.encode("utf-8", "replace").decode("utf-8")  # half a pair of surrogates cannot be kept
        for secret, name in self._known.items():
            if secret in text:
                text = text.replace(secret, f"‹{name}›")
        return text

    def clean_all(self, value: Any, deep: int = 0) -> Any:
        """The same through lists and tables. What cannot be kept as JSON (a peer sent it) becomes text."""
        match value:
            case str():
                return self.clean(value)
            case list() | tuple() | dict() if deep >= DEEPEST:
                return "…"
            case list() | tuple():
                made = [self.clean_all(one, deep + 1) for one in value]
                return made if isinstance(value, list) else tuple(made)
            case dict():
                return {self.clean_all(key, deep + 1): self.clean_all(one, deep + 1) for key, one in value.items()}
            case int() if not -(2**63) <= value < 2**63:
                return f"{value:.6e}" if value.bit_length() < 1000 else "…"
            case _:
                return value


class Recorder:
    """The steps of one look. ``keep`` is called with each, so that a kill loses none."""

    def __init__(self, clock: Clock, masks: Masks, keep: Callable[[AnyStep], None] = lambda step: None) -> None:
        self._clock = clock
        self._began = clock.monotonic()
        self._keep = keep
        self.masks = masks
        self.steps: list[AnyStep] = []

    @property
    def t(self) -> float:
        """Seconds since the look began."""
        return round(self._clock.monotonic() - self._began, 4)

    def now(self) -> datetime:
        return self._clock.now()

    def add(self, make: Made, *, t: float | None = None, **fields: Any) -> Any:
        """Make a step of this kind, now or as of ``t``, with every known secret masked; gives it back."""
        return self.keep(self.make(make, t=t, **fields))

    def make(self, make: Made, *, t: float | None = None, **fields: Any) -> Any:
        """The same, but not kept: for what is asked so often that only some of it is evidence."""
        at = iso(self._clock.now())
        return make(t=self.t if t is None else t, at=at, **{k: self.masks.clean_all(v) for k, v in fields.items()})

    def keep(self, step: K) -> K:
        self.steps.append(step)
        self._keep(step)
        return step

    def fact(self, label: str, name: str, value: Any = None, *, subject: str = "", fault: str = "") -> Fact:
        made: Fact = self.add(Fact, label=label, subject=subject, name=name, value=value, fault=fault)
        return made

    def hide(self, secret: str, name: str) -> None:
        """Mask what only now is known to be a secret, in the steps made so far too. A killed look's file may have it."""
        self.masks.add(secret, name)
        self.steps[:] = [
            msgspec.convert(self.masks.clean_all(msgspec.to_builtins(step)), type=AnyStep) for step in self.steps
        ]

    def exchanges(self, label: str) -> list[Exchange]:
        return [one for one in self.steps if isinstance(one, Exchange) and one.label == label]
