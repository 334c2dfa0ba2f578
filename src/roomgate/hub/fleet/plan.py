"""A plan and its rooms, as they are kept. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import msgspec

from roomgate.fleet.difference import Step
from roomgate.fleet.waves import Options


class State(StrEnum):
    """Of a plan. It is made, and looks at its rooms; from there on somebody starts it."""

    PLANNING = "planning"
    PLANNED = "planned"
    RUNNING = "running"
    HALTED = "halted"
    DONE = "done"
    CANCELLED = "cancelled"


OVER = frozenset({State.DONE, State.CANCELLED})


class RoomState(StrEnum):
    """Of a room in a plan."""

    READING = "reading"  # to be looked at
    OFFLINE = "offline"  # it did not answer; tried again when the plan is applied
    WAITING = "waiting"
    DOING = "doing"
    DONE = "done"
    FAILED = "failed"  # something of it was not done; its words say how much
    SKIPPED = "skipped"  # nothing is asked for: all of it is refused, or it is left out whole
    UNCHANGED = "unchanged"


OPEN = frozenset({RoomState.READING, RoomState.OFFLINE, RoomState.WAITING, RoomState.DOING})


class Mark(StrEnum):
    """What became of a step."""

    TO_DO = ""
    DOING = "doing"  # about to be asked, or asked: what became of it is read from the device before anything else
    DONE = "done"
    FAILED = "failed"  # the device said no
    REFUSED = "refused"  # the hub or the site said no, though it was not foreseen
    UNKNOWN = "unknown"  # it was asked, and no reading tells what became of it
    LEFT = "left"  # refused beforehand: never asked


@dataclass(frozen=True, slots=True)
class Plan:
    """``credential``: by which it was made or started last; its asks are asked by it. ``started``: last."""

    id: str
    kind: str  # document, upgrade, restore
    name: str
    digest: str
    options: Options
    state: State
    words: str
    person: str
    credential: str
    created: str
    started: str | None
    ended: str | None
    version: int


@dataclass(frozen=True, slots=True)
class PlanRoom:
    """One room of a plan. ``told`` says by a step's number what was said to it: a rule, and words."""

    plan: str
    room: str  # its id
    wave: int
    state: RoomState
    steps: tuple[Step, ...] = ()
    marks: tuple[Mark, ...] = ()
    told: dict[int, tuple[str, str]] = field(default_factory=dict)
    tries: int = 0
    words: str = ""
    at: str | None = None

    @property
    def due(self) -> int:
        """How many steps are asked for."""
        return sum(one is not Mark.LEFT for one in self.marks)

    @property
    def done(self) -> int:
        return sum(one is Mark.DONE for one in self.marks)

    @property
    def left(self) -> int:
        """How many are refused beforehand."""
        return len(self.marks) - self.due

    def marked(self, number: int, mark: Mark, rule: str = "", words: str = "") -> "PlanRoom":
        marks = (*self.marks[:number], mark, *self.marks[number + 1 :])
        told = {**self.told, number: (rule, words)} if rule or words else self.told
        return replace(self, marks=marks, told=told)

    def next(self) -> int | None:
        """The number of the next step to be asked for."""
        return next((n for n, one in enumerate(self.marks) if one is Mark.TO_DO), None)

    def open_question(self) -> bool:
        """Whether a step was asked, and nobody knows what became of it."""
        return Mark.DOING in self.marks


def planned(row: PlanRoom, steps: Sequence[Step], *, strict: bool) -> PlanRoom:
    """The room with its steps, as they were found and judged."""
    marks = tuple(Mark.TO_DO if one.due else Mark.LEFT for one in steps)
    made = replace(row, steps=tuple(steps), marks=marks, told={}, words="")
    if not steps:
        return replace(made, state=RoomState.UNCHANGED)
    if made.left and (strict or not made.due):
        first = next(one for one in steps if not one.due)
        return replace(made, state=RoomState.SKIPPED, words=first.words)
    return replace(made, state=RoomState.WAITING)


def looked_again(row: PlanRoom, fresh: Sequence[Step]) -> PlanRoom:
    """After a reading: what is as it should be now is done, and what is not is still to do.

    A step that no reading can tell of, and that may have been asked, stays unknown: it is not sent a second time.
    """
    missing = {one.kind + " " + one.what for one in fresh}
    made = replace(row, state=RoomState.WAITING, words="")
    for number, (step, mark) in enumerate(zip(row.steps, row.marks, strict=True)):
        if mark is Mark.DOING and step.blind:
            made = made.marked(number, Mark.UNKNOWN, "outcome.unknown", "It may have been done; nothing tells.")
        elif mark in (Mark.TO_DO, Mark.DOING):
            still = step.kind + " " + step.what in missing
            made = made.marked(number, Mark.TO_DO if still else Mark.DONE)
    return made


def unless_changed(row: PlanRoom, fresh: Sequence[Step], at: str) -> PlanRoom:
    """The room after a look at it, some time after it was planned: what others changed meanwhile is not overwritten
    unseen. What they made right is done."""
    now = {(one.kind, one.what): one.before for one in fresh}
    row = looked_again(row, fresh)
    for step, mark in zip(row.steps, row.marks, strict=True):
        if mark is Mark.TO_DO and now[step.kind, step.what] != step.before:
            words = f"{step.what} was changed since the plan looked at it. Plan again, or go on with it once more."
            return replace(row, state=RoomState.FAILED, words=words[:500], at=at)
    return row


def ended(row: PlanRoom, at: str) -> PlanRoom:
    """The room after its last step."""
    if row.done == row.due:
        return replace(row, state=RoomState.DONE, words="", at=at)
    number = next(n for n, mark in enumerate(row.marks) if mark not in (Mark.DONE, Mark.LEFT))
    _, why = row.told.get(number, ("", ""))
    words = f"{row.done} of {row.due} done. {row.steps[number].what}: {why}"
    return replace(row, state=RoomState.FAILED, words=words[:500], at=at)


def rests_on(row: PlanRoom, number: int) -> str | None:
    """Why a macro is not switched on: its new text was not saved, and the old one is not what was meant."""
    step = row.steps[number]
    if step.kind == "macro" and step.what.endswith(" active") and number:
        before = row.steps[number - 1]
        saved = before.kind == "macro" and f"{before.what} active" == step.what
        if saved and row.marks[number - 1] is not Mark.DONE:
            return "Its text was not saved."
    return None


class Progress(msgspec.Struct, frozen=True):
    """What became of each step, as it is kept; nothing of it is a value."""

    marks: list[str]
    told: dict[str, tuple[str, str]] = {}


def pack(row: PlanRoom) -> dict[str, Any]:
    told = {str(number): said for number, said in row.told.items()}
    made = msgspec.to_builtins(Progress([one.value for one in row.marks], told))
    assert isinstance(made, dict)
    return made


def unpack(kept: Any) -> tuple[tuple[Mark, ...], dict[int, tuple[str, str]]]:
    progress = msgspec.convert(kept, Progress)
    return tuple(map(Mark, progress.marks)), {int(number): said for number, said in progress.told.items()}


_steps = msgspec.msgpack.Decoder(list[Step])
encode_steps = msgspec.msgpack.Encoder().encode


def decode_steps(raw: bytes) -> tuple[Step, ...]:
    return tuple(_steps.decode(raw))
