"""What is to be done in a room: its present state against what it should be, as steps in the order they are done in."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from roomgate.errors import BadInput
from roomgate.fleet.document import Branding, Layer, Macro, Panel, Upgrade, User
from roomgate.fleet.panel import read_panel, same_panel
from roomgate.fleet.reading import Present, equal
from roomgate.xapi.call import Call, Value, Verb
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

HIDDEN = "•••"
_LONGEST = 200  # characters of a value that are shown
Argument = str | int | list[str | int]


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One ask that changes something. ``what`` is its name within the room; two steps never share it.

    ``verdict`` is what would be said to it: allowed, consent (the room is asked), refused with ``rule`` and
    ``words``, or unasked where nobody could be asked. ``blind``: afterwards no reading tells whether it was done.
    """

    kind: str  # setting, macro, panel, branding, user, upgrade
    what: str
    verb: str
    path: str
    arguments: dict[str, Argument] = {}
    body: str | None = None
    before: str | None = None  # None: not known
    after: str = ""
    blind: bool = False
    verdict: str = "unasked"
    rule: str = ""
    words: str = ""

    @property
    def due(self) -> bool:
        """Whether it is to be asked for at all."""
        return self.verdict != "refused"

    def call(self, catalogue: Catalogue) -> Call:
        arguments = {name: tuple(one) if isinstance(one, list) else one for name, one in self.arguments.items()}
        return catalogue.canonical(Verb(self.verb), self.path, arguments, self.body)


def difference(wanted: Layer, present: Present, catalogue: Catalogue) -> list[Step]:
    """Settings first, then panels, branding and users; macros last, since they may use all of it."""
    return [
        *(step for key, value in wanted.settings.items() for step in _setting(key, value, present, catalogue)),
        *(step for name, panel in wanted.panels.items() for step in _panel(name, panel, present)),
        *(step for name, image in wanted.branding.items() for step in _branding(name, image)),
        *(step for name, user in wanted.users.items() for step in _user(name, user, present)),
        *(step for name, macro in wanted.macros.items() for step in _macro(name, macro, present)),
    ]


def upgrade_step(upgrade: Upgrade, software: str) -> list[Step]:
    """The one step of an upgrade; none where the room says that it has the version already."""
    if upgrade.version and upgrade.version in software:
        return []
    after = upgrade.version or upgrade.url
    return [
        Step(
            "upgrade", "software", Verb.COMMAND.value, "Command/SystemUnit/SoftwareUpgrade", {"URL": upgrade.url},
            before=software or None, after=after[:_LONGEST], blind=not upgrade.version,
        )
    ]  # fmt: skip


def _setting(key: str, value: Value, present: Present, catalogue: Catalogue) -> Iterator[Step]:
    there = present.settings.get(key)
    masked = _masked(key, catalogue)
    if not masked and there is not None and equal(there, value):
        return
    yield Step(
        "setting", key, Verb.SET.value, f"Configuration/{key}",
        {"Value": list(value) if isinstance(value, tuple) else value},
        before=None if there is None else HIDDEN if masked else _shown(there),
        after=HIDDEN if masked else _shown(value), blind=masked,
    )  # fmt: skip


@lru_cache(maxsize=8192)
def _masked(key: str, catalogue: Catalogue) -> bool:
    return any(leaf.masked for leaf in catalogue.leaves(Path.parse(f"Configuration/{key}")))


def _macro(name: str, macro: Macro, present: Present) -> Iterator[Step]:
    there = None if present.macros is None else present.macros.get(name)
    known = present.macros is not None
    if macro.absent:
        if there is not None or not known:
            yield _command("macro", name, "Macros/Macro/Remove", {"Name": name}, before="there", after="removed")
        return
    if macro.code is not None and (there is None or there.code != macro.code):
        before = None if not known else "not there" if there is None else _size(there.code)
        yield _command(
            "macro", name, "Macros/Macro/Save", {"Name": name, "Overwrite": "True"}, macro.code,
            before=before, after=_size(macro.code),
        )  # fmt: skip
    if macro.code is None and known and there is None:
        yield _refused(
            "macro", f"{name} active", "fleet.no-macro", "There is no macro of this name, and no code for one."
        )
    elif macro.active is not None and (there is None or there.active is not macro.active) and (
        macro.active or there is not None or not known
    ):  # fmt: skip
        verb, word = ("Activate", "on") if macro.active else ("Deactivate", "off")
        before = {True: "on", False: "off", None: None}[there.active if there else None]
        yield _command("macro", f"{name} active", f"Macros/Macro/{verb}", {"Name": name}, before=before, after=word)


def _panel(name: str, panel: Panel, present: Present) -> Iterator[Step]:
    there = None if present.panels is None else present.panels.get(name)
    known = present.panels is not None
    path = "UserInterface/Extensions/Panel"
    if panel.absent:
        if there is not None or not known:
            yield _command("panel", name, f"{path}/Remove", {"PanelId": name}, before="there", after="removed")
        return
    try:
        same = there is not None and same_panel(read_panel(panel.xml), there)
    except BadInput as bad:
        yield _refused("panel", name, "fleet.panel", f"{bad.message[:1].upper()}{bad.message[1:]}.")
        return
    if not same:
        before = None if not known else "not there" if there is None else "another"
        yield _command(
            "panel", name, f"{path}/Save", {"PanelId": name}, panel.xml, before=before, after=_size(panel.xml)
        )


def _branding(name: str, image: Branding) -> Iterator[Step]:
    """No reading tells which picture a device has, so it is sent each time."""
    path = "UserInterface/Branding"
    if image.absent:
        yield _command("branding", name, f"{path}/Delete", {"Type": name}, before=None, after="removed", blind=True)
    else:
        yield _command(
            "branding", name, f"{path}/Upload", {"Type": name}, image.image, before=None, after=_size(image.image),
            blind=True,
        )  # fmt: skip


def _user(name: str, user: User, present: Present) -> Iterator[Step]:
    if present.users is None:
        yield _refused("user", name, "fleet.users-unread", "The accounts of this room could not be read.")
        return
    there = present.users.get(name)
    path = "UserManagement/User"
    if user.absent:
        if there is not None:
            yield _command("user", name, f"{path}/Delete", {"Username": name}, before="there", after="removed")
        return
    if there is None:
        words = "There is no such account. A plan holds no passphrase: make the account at the device first."
        yield _refused("user", name, "fleet.no-user", words)
        return
    arguments: dict[str, Argument] = {"Username": name}
    wanted = there.roles if user.roles is None else frozenset(user.roles)
    if added := sorted(wanted - there.roles):
        arguments["AddRole"] = list(added)
    if removed := sorted(there.roles - wanted):
        arguments["RemoveRole"] = list(removed)
    if user.active is not None and there.active is not user.active:
        arguments["Active"] = str(user.active)
    if len(arguments) > 1:
        active = there.active if user.active is None else user.active
        yield _command(
            "user", name, f"{path}/Modify", arguments,
            before=_account(there.roles, there.active), after=_account(wanted, active),
        )  # fmt: skip


def _command(
    kind: str,
    what: str,
    path: str,
    arguments: dict[str, Argument],
    body: str | None = None,
    *,
    before: str | None,
    after: str,
    blind: bool = False,
) -> Step:
    return Step(kind, what, Verb.COMMAND.value, f"Command/{path}", arguments, body, before, after, blind)


def _refused(kind: str, what: str, rule: str, words: str) -> Step:
    return Step(kind, what, "", "", verdict="refused", rule=rule, words=words)


def _account(roles: frozenset[str], active: bool | None) -> str:
    return ", ".join(sorted(roles)) + {False: " (off)"}.get(bool(active) if active is not None else True, "")


def _size(text: str | None) -> str:
    return "unknown" if text is None else f"{len(text)} characters"


def _shown(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
