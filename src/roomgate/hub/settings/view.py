"""Pure: what the pages of a room's settings show."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from roomgate.hub.console.words import Words
from roomgate.hub.settings.change import Edit, Planned, Step
from roomgate.hub.settings.groups import changed, group_settings, settings_in
from roomgate.hub.settings.service import Verdict
from roomgate.hub.settings.setting import Control, Setting, matches, name_of, reset_value
from roomgate.xapi.call import Call
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

MOST = 30  # settings on a page: two screens full, and half as long until the first is painted as with twice as many


@dataclass(frozen=True, slots=True)
class Row:
    """``value`` is what the control holds: the draft's, where there is one. ``was`` is the device's."""

    name: str
    text: str  # for the search as you type
    value: str
    was: str
    control: Control
    writable: bool
    secret: bool
    drafted: bool
    note: str
    reset: str | None  # the default, where there is a way back to it
    history: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A part of the settings: of a group, found by words, or else those that differ from their defaults."""

    rows: list[Row]
    groups: dict[str, int]  # how many each has
    group: str
    find: str
    total: int
    found: int
    first: int  # of those that were found, counted from 0
    after: str  # the address of the following page
    before: str


@dataclass(frozen=True, slots=True)
class Line:
    """One change, before it is made or afterwards. ``sign`` is its mark's kind."""

    name: str
    before: str
    after: str
    kind: str
    sign: str
    word: str
    notes: list[str]
    conflict: bool
    idle: bool


def build_list(
    settings: Sequence[Setting],
    edits: Mapping[Path, Edit],
    catalogue: Catalogue,
    t: Words,
    *,
    base: str,
    find: str = "",
    group: str = "",
    first: int = 0,
) -> Listed:
    groups = group_settings(settings)
    if find.strip():
        chosen = [one for one in settings if matches(one, find)]
    elif group:
        chosen = settings_in(groups, group)
    else:
        chosen = changed(settings)
    first = first if 0 <= first < len(chosen) else 0
    rows = [build_row(one, edits.get(one.path), catalogue, t, base) for one in chosen[first : first + MOST]]

    def at(number: int) -> str:
        query = {"q": find.strip(), "group": group, "first": str(number) if number else ""}
        said = urlencode({key: value for key, value in query.items() if value})
        return f"{base}?{said}" if said else base

    return Listed(
        rows,
        {name: len(held) for name, held in groups.items()},
        "" if find.strip() else group,
        find.strip(),
        len(settings),
        len(chosen),
        first,
        at(first + MOST) if first + MOST < len(chosen) else "",
        at(max(0, first - MOST)) if first else "",
    )


def build_row(setting: Setting, edit: Edit | None, catalogue: Catalogue, t: Words, base: str) -> Row:
    was = "" if setting.secret else str(setting.value)
    value = was if edit is None or setting.secret else str(edit.value)
    control = setting.control
    if control.kind == "select" and was not in control.options:
        control = Control("select", (was, *control.options))  # another generation's word
    reset = None
    if setting.writable and not setting.at_default:
        reset = reset_value(setting, catalogue)
    notes = [t(f"can-short.{setting.kind.value}")]
    if setting.missing:
        notes.append(t("conf.needs", what=classes_words(setting.missing, t)))
    elif not setting.addressable:
        notes.append(t("conf.fixed"))
    if setting.secret:
        notes.append(t("conf.secret"))
    elif setting.default is not None:
        at_it = str(setting.value) == setting.default
        notes.append(t("conf.at-default") if at_it else t("conf.default", value=setting.default or t("conf.empty")))
    return Row(
        setting.name,
        setting.searched,
        value,
        setting.shown if setting.secret else was,
        control,
        setting.writable,
        setting.secret,
        edit is not None,
        " · ".join(notes),
        reset,
        f"{base}/history?{urlencode({'setting': setting.name})}",
    )


def classes_words(classes: Iterable[object], t: Words) -> str:
    return ", ".join(t(f"can-short.{one}") for one in classes)


_VERDICTS = {"allowed": "ok", "consent": "warn", "refused": "bad", "unasked": "void"}


def build_review(
    planned: Sequence[Planned], verdicts: Sequence[Verdict], t: Words, others: Mapping[str, str]
) -> list[Line]:
    """``others``: who gave a setting the value that it has by now."""
    lines = []
    for one, verdict in zip(planned, verdicts, strict=True):
        notes = [t(f"conf.warn.{word}") for word in one.warnings]
        if one.conflict:
            if one.name in others:
                notes.insert(0, t("conf.by", name=others[one.name]))
            notes.insert(0, t("conf.changed-meanwhile", seen=one.edit.seen or t("conf.empty"), now=one.shown_before))
        if verdict.words:
            notes.append(verdict.words)
        known = verdict.verdict if verdict.verdict in _VERDICTS else "unasked"
        lines.append(
            Line(
                one.name, one.shown_before, one.shown_after, _kind(one, t), _VERDICTS[known],
                t(f"conf.verdict.{known}"), notes, one.conflict, one.idle,
            )
        )  # fmt: skip
    return lines


_OUTCOMES = {"done": "ok", "refused": "bad", "failed": "bad", "unknown": "warn", "untried": "void"}


def build_result(steps: Sequence[Step], t: Words) -> list[Line]:
    return [
        Line(
            step.planned.name, step.planned.shown_before, step.planned.shown_after, _kind(step.planned, t),
            _OUTCOMES.get(step.outcome, "warn"), t(f"conf.outcome.{step.outcome}"),
            [said for said in (t.said(step.words), step.rule if step.outcome != "done" else "") if said],
            False, False,
        )
        for step in steps
    ]  # fmt: skip


def _kind(planned: Planned, t: Words) -> str:
    return "" if planned.setting is None else t(f"can-short.{planned.setting.kind.value}")


@dataclass(frozen=True, slots=True)
class Sent:
    """One field of the form that came back: what it was when it was shown, and what it is."""

    name: str
    was: str
    value: str


def read_sent(fields: Mapping[str, Sequence[str]]) -> list[Sent]:
    """What was changed, in the order of the page. A blank field does not come at all, and a secret's blank is no edit."""
    names = dict.fromkeys(key[2:] for key in fields if key.startswith(("v:", "w:")))
    sent = []
    for name in names:
        was, value = (next(iter(fields.get(f"{mark}:{name}", ())), "") for mark in "wv")
        if was != value and not (was == UNSEEN and not value):
            sent.append(Sent(name, was, value))
    return sent


UNSEEN = "•"  # stands for the present value of what nobody may read


def seen_of(sent: Sent) -> str | None:
    return None if sent.was == UNSEEN else sent.was


def href(room: str, *words: str) -> str:
    return "/".join(["/rooms", quote(room, safe=""), "settings", *words])


def name_of_call(call: Call) -> str:
    return name_of(call.path)
