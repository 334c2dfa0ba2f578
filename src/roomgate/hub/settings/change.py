"""Pure: what somebody wants changed, compared with what the device has now."""

from collections.abc import Sequence
from dataclasses import dataclass

from roomgate.hub.settings.setting import (
    Scalar,
    Setting,
    is_secret,
    known_leaves,
    parse_change,
    shown_value,
    warnings,
)
from roomgate.xapi.call import Call
from roomgate.xapi.errors import XapiError
from roomgate.xapi.schema import Catalogue


@dataclass(frozen=True, slots=True)
class Edit:
    """``seen``: the value that the person had before them, as text; None where none was (a secret, a program)."""

    call: Call
    seen: str | None = None

    @property
    def value(self) -> Scalar:
        value = self.call.argument("Value")
        assert isinstance(value, str | int), "a configuration takes one value"
        return value


@dataclass(frozen=True, slots=True)
class Planned:
    """An edit beside the device's present value, which is None where this person is not told it."""

    edit: Edit
    setting: Setting | None
    secret: bool

    @property
    def name(self) -> str:
        return "/".join(map(str, self.edit.call.path.parts[1:]))

    @property
    def before(self) -> Scalar | None:
        return None if self.setting is None else self.setting.value

    @property
    def shown_before(self) -> str:
        return shown_value(self.before, self.secret)

    @property
    def shown_after(self) -> str:
        return shown_value(self.edit.value, self.secret)

    @property
    def conflict(self) -> bool:
        """Whether the device has another value by now than the one that was changed."""
        known = self.before is not None and not self.secret
        return known and self.edit.seen is not None and str(self.before) != self.edit.seen

    @property
    def idle(self) -> bool:
        """Whether the device has it already."""
        return not self.secret and str(self.before) == str(self.edit.value)

    @property
    def warnings(self) -> tuple[str, ...]:
        return warnings(self.edit.call)


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one change. ``outcome``: done, refused, failed, unknown, or untried behind an unknown one."""

    planned: Planned
    outcome: str
    rule: str = ""
    words: str = ""
    ask: str = ""


def plan_changes(edits: Sequence[Edit], settings: Sequence[Setting], catalogue: Catalogue) -> list[Planned]:
    """In the order of the edits."""
    by_path, known = {one.path: one for one in settings}, known_leaves(catalogue)
    planned = []
    for edit in edits:
        setting = by_path.get(edit.call.path)
        secret = is_secret(known[edit.call.path.words]) or (setting is not None and setting.secret)
        planned.append(Planned(edit, setting, secret))
    return planned


def plan_undo(steps: Sequence[Step], catalogue: Catalogue) -> list[Edit]:
    """The edits that take back what was done, the last first. What was secret before stays as it is now."""
    edits = []
    for step in reversed(steps):
        planned = step.planned
        if step.outcome != "done" or planned.secret or planned.idle or planned.before is None:
            continue
        try:
            back = parse_change(planned.name, planned.before, catalogue)
        except XapiError:
            continue  # a value of another generation's, which cannot be said
        edits.append(Edit(back, str(planned.edit.value)))
    return edits
