"""What is to be done in a room: its present state against what it should be, as steps in the order they are done in."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from roomgate.errors import BadInput
from roomgate.fleet.document import Branding, Layer, Macro, Panel, Upgrade, User
from roomgate.fleet.panel import read_panel, same_panel
from roomgate.fleet.reading import NAMED, OURS, USERS, Present, UserThere, equal
from roomgate.xapi.call import Call, Value, Verb
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

HIDDEN = "•••"
ADMIN = "Admin"
_LONGEST = 200  # characters of a value that are shown
_ADMINS = "Administrators are changed at the device: it asks them for their own passphrase, and no plan has one."
Argument = str | int | list[str | int]


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One ask that changes something. ``what`` is its name within the room; two steps never share it.

    ``verdict`` is what would be said to it: allowed, consent (the room is asked), refused with ``rule`` and
    ``words``, or unasked where nobody could be asked. ``blind``: afterwards no reading tells whether it was done.
    ``body`` is the digest of what is sent along, by which the document has it. ``troubles``: what the device
    complained of just before other software was sent to it.
    """

    kind: str  # setting, macro, panel, branding, user, upgrade
    what: str
    verb: str
    path: str
    arguments: dict[str, Argument] = {}
    body: str = ""
    before: str | None = None  # None: not known
    after: str = ""
    blind: bool = False
    verdict: str = "unasked"
    rule: str = ""
    words: str = ""
    troubles: tuple[str, ...] = ()

    @property
    def due(self) -> bool:
        """Whether it is to be asked for at all."""
        return self.verdict != "refused"

    def call(self, catalogue: Catalogue, bodies: Mapping[str, str]) -> Call:
        arguments = {name: tuple(one) if isinstance(one, list) else one for name, one in self.arguments.items()}
        return catalogue.canonical(Verb(self.verb), self.path, arguments, bodies[self.body] if self.body else None)


def difference(wanted: Layer, present: Present, catalogue: Catalogue) -> list[Step]:
    """Settings first, then panels, branding and users; macros last, since they may use all of it."""
    return [
        *(step for key, value in wanted.settings.items() for step in _setting(key, value, present, catalogue)),
        *(step for name, panel in wanted.panels.items() for step in _panel(name, panel, present)),
        *(step for name, image in wanted.branding.items() for step in _branding(name, image, present)),
        *(step for name, user in wanted.users.items() for step in _user(name, user, present)),
        *(_others(wanted, present) if wanted.others.get("users") == "remove" else ()),
        *(step for name, macro in wanted.macros.items() for step in _macro(name, macro, present)),
    ]


def upgrade_step(upgrade: Upgrade, software: str) -> list[Step]:
    """The one step of an upgrade; none where the room says that it has the version already."""
    if upgrade.version and has_version(software, upgrade.version):
        return []
    after = upgrade.version or upgrade.url
    return [
        Step(
            "upgrade", "software", Verb.COMMAND.value, "Command/SystemUnit/SoftwareUpgrade", {"URL": upgrade.url},
            before=software or None, after=after[:_LONGEST], blind=not upgrade.version,
        )
    ]  # fmt: skip


def has_version(software: str, version: str) -> bool:
    """Whether it is this version or begins with it: ce12.1.0 has ce12.1, and ce12.10 has not."""
    return re.search(rf"(?<![0-9.]){re.escape(version)}(?![0-9])", software) is not None


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
            "macro", name, "Macros/Macro/Save", {"Name": name, "Overwrite": "True"}, macro.digest,
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
            "panel", name, f"{path}/Save", {"PanelId": name}, panel.digest, before=before, after=_size(panel.xml)
        )


def _branding(name: str, image: Branding, present: Present) -> Iterator[Step]:
    """A device may make a picture anew, so it is known by the name that it got from us: its own hash."""
    path = "UserInterface/Branding"
    there = present.branding.get(name)
    if image.absent:
        if there is not None:
            yield _command("branding", name, f"{path}/Delete", {"Type": name}, before="there", after="removed")
    elif there != image.digest:
        before = {None: None, "": "another, or none"}.get(there, f"picture {there[:12]}" if there else None)
        arguments: dict[str, Argument] = {"Type": name, "CustomId": f"{OURS}{image.digest}"}
        yield _command(
            "branding", name, f"{path}/Upload", arguments, image.digest, before=before,
            after=f"picture {image.digest[:12]}, {image.size_bytes // 1024 or 1} KiB",
            blind=there is None and name in NAMED,
        )  # fmt: skip


def _user(name: str, user: User, present: Present) -> Iterator[Step]:
    if present.users is None:
        yield _refused("user", name, "fleet.users-unread", "The accounts of this room could not be read.")
        return
    if present.own is not None and name.casefold() in present.own:
        words = "This is the site's own account on the device: it is changed at the site alone."
        yield _refused("user", name, "fleet.own-account", words)
        return
    there = present.users.get(name)
    path = "UserManagement/User"
    if user.absent:
        if there is not None:
            yield from _deleted(name, there)
        return
    if there is None:
        yield _added(name, user)
        return
    arguments: dict[str, Argument] = {"Username": name}
    wanted = there.roles if user.roles is None else frozenset(user.roles)
    if added := sorted(wanted - there.roles):
        arguments["AddRole"] = list(added)
    if removed := sorted(there.roles - wanted):
        arguments["RemoveRole"] = list(removed)
    if user.active is not None and there.active is not user.active:
        arguments["Active"] = str(user.active)
    if len(arguments) == 1:
        return
    before = _account(there.roles, there.active)
    after = _account(wanted, there.active if user.active is None else user.active)
    if ADMIN in wanted | there.roles:
        yield _admins(name, before, after)
    else:
        yield _command("user", name, f"{path}/Modify", arguments, before=before, after=after)


def _added(name: str, user: User) -> Step:
    """Nobody knows the new account's passphrase: the connector makes one for the empty one, and keeps it from all."""
    if not user.roles:
        return _refused("user", name, "fleet.no-user", "There is no such account; give its roles to have it made.")
    after = _account(frozenset(user.roles), user.active)
    if ADMIN in user.roles:
        return _admins(name, "not there", after)
    arguments: dict[str, Argument] = {
        "Username": name, "Role": list(user.roles), "Passphrase": "", "PassphraseChangeRequired": "True",
        "ShellLogin": "False", "Active": str(user.active is not False),
    }  # fmt: skip
    return _command("user", name, "UserManagement/User/Add", arguments, before="not there", after=after)


def _deleted(name: str, there: UserThere) -> Iterator[Step]:
    before = _account(there.roles, there.active)
    if ADMIN in there.roles:
        yield _admins(name, before, "removed")
    else:
        yield _command("user", name, "UserManagement/User/Delete", {"Username": name}, before=before, after="removed")


def _admins(name: str, before: str, after: str) -> Step:
    return _refused("user", name, "fleet.admin", _ADMINS, "Command/UserManagement/User/Modify", before, after)


def _others(wanted: Layer, present: Present) -> Iterator[Step]:
    """Accounts that nobody named, to be removed."""
    if present.own is None or present.users is None:
        words = "Which accounts are the site's own could not be read: that takes security."
        yield _refused("user", "others", "fleet.own-unread", words)
        return
    for name in others(wanted, present):
        yield from _deleted(name, present.users[name])


def others(wanted: Layer, present: Present) -> list[str]:
    """The accounts that are there, are not the site's own, and are in no layer that counts here."""
    named = {name.casefold() for name in wanted.users} | (present.own or frozenset())
    return sorted(name for name in present.users or () if name.casefold() not in named)


def noted(wanted: Layer, present: Present) -> list[Step]:
    """What is not to be changed, and yet not as the document says: accounts that it does not name."""
    if (
        not (wanted.users or wanted.others)
        or wanted.others.get("users") == "remove"
        or present.own is None
        or present.users is None
    ):
        return []
    words = "This account is not in the document."
    found = [(name, present.users[name]) for name in others(wanted, present)]
    return [
        _refused("user", name, "fleet.other-account", words, USERS, _account(there.roles, there.active), "not named")
        for name, there in found
    ]


def _command(
    kind: str,
    what: str,
    path: str,
    arguments: dict[str, Argument],
    body: str = "",
    *,
    before: str | None,
    after: str,
    blind: bool = False,
) -> Step:
    return Step(kind, what, Verb.COMMAND.value, f"Command/{path}", arguments, body, before, after, blind)


def _refused(
    kind: str, what: str, rule: str, words: str, path: str = "", before: str | None = None, after: str = ""
) -> Step:
    """Nothing that is ever asked for. ``path``: by whose class somebody may see what is there."""
    return Step(kind, what, "", path, before=before, after=after, verdict="refused", rule=rule, words=words)


def _account(roles: frozenset[str], active: bool | None) -> str:
    return ", ".join(sorted(roles)) + {False: " (off)"}.get(bool(active) if active is not None else True, "")


def _size(text: str | None) -> str:
    return "unknown" if text is None else f"{len(text)} characters"


def _shown(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
