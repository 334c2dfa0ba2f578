"""The site's own limit: Cedar policy, the never-list, argument validators and rate caps. It is final.

Theory: the policy is asked once for every class of capability that the call needs, first as things stand and
then as they would stand with the room's consent. The least consent with which every class is allowed is what
the call needs; if none suffices, it is refused. Cedar's Allow counts only when no policy failed to evaluate
(a failed `forbid` would otherwise be skipped), and only validated policies are loaded.

Cedar is asked once for each distinct question, then the answer is remembered with the policy: it follows from
policy and question alone, since Cedar knows no clock, no chance and no past. What depends on time (the caps)
is counted apart, every time.
"""

import hashlib
import html
import ipaddress
import re
import unicodedata
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path as File
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

import cedarpy
import msgspec

from roomgate.access.branch import ends
from roomgate.access.capability import Capability, Classes, Words
from roomgate.errors import RoomgateError
from roomgate.meetings.controls_panel import PREFIX as OURS
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.schema import Catalogue

SHIPPED = ("meetings-only", "service-desk", "managed")
# What takes more than a glance: once it is open, the rest of the policy does not see what is done.
DANGEROUS = {"Roomgate Tunnel": "Inside a tunnel neither this policy nor the never-list sees what is done."}
REMEMBERED = 4096  # answers of Cedar; the oldest make way
_LONGEST_NAME = 256  # people with longer names are judged as well, but not remembered: a hub chooses the names


class BadPolicy(RoomgateError):
    """The site's policy cannot be read or does not validate: the connector does not start with it."""

    code = "policy.bad"
    hint = "`roomgate connector policy check FILE` shows every complaint."


class PolicyRefused(RoomgateError):
    """This site does not allow it. ``rule``: never, policy, validator, fence, cap, unknown."""

    code = "policy.refused"
    hint = "The site's own policy decides this; the people who run the site can change it there."

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


class SiteRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The site's file ``policy.toml``."""

    name: str = "meetings-only"  # what people read when the policy says no
    cedar: str = "meetings-only"  # a shipped policy's name, or a file beside this one
    open: list[str] = []  # entries of the never-list that this site opens, by name
    commands_per_minute: int = 120  # for each room
    intrusive_per_minute: int = 6  # for each room: dials, unmuting, cameras
    upgrade_hosts: list[str] = []  # from where devices may fetch other software, where the never-list is open for it


def parse_rules(raw: bytes) -> SiteRules:
    """The site's ``policy.toml``; raises BadPolicy."""
    try:
        return msgspec.toml.decode(raw, type=SiteRules)
    except (msgspec.MsgspecError, ValueError, RecursionError) as bad:
        raise BadPolicy(f"The site's policy cannot be read: {bad}"[:500]) from bad


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the policy may know about an order, beside the call."""

    person: str
    person_name: str
    service: bool
    room: str
    reason: str
    booked: bool


@dataclass(frozen=True, slots=True)
class Leave:
    """The site allows it: with the room's Yes, or without."""

    needs_consent: bool
    intrusive: bool
    readable: frozenset[Capability]  # classes of leaves that may go into the answer of a read


class _Question(NamedTuple):
    """All that Cedar is told, and so all that its answer can depend on."""

    person: str
    action: str
    room: str
    verb: str
    path: str
    name: str
    service: bool
    reason: bool
    intrusive: bool
    relieving: bool
    booked: bool
    consent: str

    def request(self) -> dict[str, Any]:
        return {
            "principal": f"Person::{_quoted(self.person)}",
            "action": f"Action::{_quoted(self.action)}",
            "resource": f"Room::{_quoted(self.room)}",
            "context": {
                "verb": self.verb,
                "path": self.path,
                "person": self.name,
                "service": self.service,
                "reason": self.reason,
                "intrusive": self.intrusive,
                "relieving": self.relieving,
                "booked": self.booked,
                "consent": self.consent,
            },
        }


@dataclass(slots=True)
class SitePolicy:
    """The policy in force. Rebuilt, never changed, when the site's file changes."""

    rules: SiteRules
    digest: str
    _policies: Any
    _schema: Any
    _entities: Any
    _opened: frozenset[Words]
    _commands: dict[str, "Cap"] = field(default_factory=dict)
    _intrusive: dict[str, "Cap"] = field(default_factory=dict)
    _answer: Any = field(init=False)  # `_ask`, remembered

    def __post_init__(self) -> None:
        self._answer = lru_cache(maxsize=REMEMBERED)(self._ask)

    @property
    def dangerous(self) -> dict[str, str]:
        """What this site has opened that the rest of its policy cannot see into, with the reason."""
        return {entry: why for entry, why in DANGEROUS.items() if tuple(entry.split()) in self._opened}

    @property
    def remembered(self) -> int:
        """How many answers of Cedar are kept."""
        return int(self._answer.cache_info().currsize)

    @classmethod
    def load(cls, file: File | None) -> Self:
        """Read ``policy.toml`` (or the shipped *meetings only* when there is none); raises BadPolicy."""
        try:
            rules = parse_rules(file.read_bytes()) if file else SiteRules()
            if rules.cedar in SHIPPED:
                text = cls.shipped_text(rules.cedar)
            else:
                text = ((file.parent if file else File()) / rules.cedar).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as bad:
            raise BadPolicy(f"The site's policy cannot be read: {bad}") from bad
        return cls.build(rules, text)

    @classmethod
    def build(cls, rules: SiteRules, text: str) -> Self:
        """From the rules and the Cedar text; raises BadPolicy with every complaint."""
        opened = frozenset(tuple(entry.split()) for entry in rules.open)
        if unknown := [entry for entry in rules.open if tuple(entry.split()) not in Classes.shipped().sets["never"]]:
            raise BadPolicy(f"Not an entry of the never-list: {', '.join(unknown)}.")
        schema_text = _shipped("schema.cedarschema")
        checked = cedarpy.validate_policies(text, schema_text)
        if not checked.validation_passed or not text.strip():
            raise BadPolicy("; ".join(str(e) for e in checked.errors) or "The policy is empty: it would allow nothing.")
        return cls(
            rules,
            hashlib.sha256(msgspec.json.encode([rules, text])).hexdigest(),
            cedarpy.PolicySet.from_str(text),
            cedarpy.Schema.from_str(schema_text),
            cedarpy.Entities.from_json_str("[]"),
            opened,
        )

    @staticmethod
    def shipped_text(name: str) -> str:
        """The Cedar text of a shipped policy."""
        return _shipped(f"{name}.cedar")

    def judge(self, call: Call, about: Circumstances, catalogue: Catalogue) -> Leave:
        """What this site says to the call; raises PolicyRefused. Pure but for nothing: caps are `count`ed apart."""
        classes = Classes.shipped()
        if (entry := classes.never(call)) and entry not in self._opened:
            raise PolicyRefused("never", f"{' '.join(entry)} is never done for somebody outside.")
        if _hides_web(call) and _WEB not in self._opened:
            raise PolicyRefused("never", f"{' '.join(_WEB)} is never done for somebody outside.")
        _validate(call, self.rules.upgrade_hosts)
        need = classes.need(call, catalogue)
        if not need.every and not need.some:
            raise PolicyRefused("unknown", f"No rule classifies {call.path}.")

        if call.verb in (Verb.GET, Verb.SUBSCRIBE):
            readable = frozenset(c for c in need.some if self._allows(c, call, about, "none"))
            if not readable:
                raise PolicyRefused("policy", f"The policy “{self.rules.name}” of this site keeps {call.path} inside.")
            return Leave(False, False, readable)

        intrusive = classes.intrusive(call)
        for consent in ("none", "room"):
            if all(self._allows(c, call, about, consent) for c in need.every):
                return Leave(consent == "room" and not classes.relieving(call), intrusive, frozenset())
        raise PolicyRefused("policy", f"The policy “{self.rules.name}” of this site does not allow {call.path}.")

    def count(self, call: Call, room: str, now: float) -> None:
        """One more command in this room; raises PolicyRefused above the cap. Relieving calls are never held up."""
        if not call.acts or Classes.shipped().relieving(call):
            return
        caps = [self._commands.setdefault(room, Cap(self.rules.commands_per_minute))]
        if Classes.shipped().intrusive(call):
            caps.append(self._intrusive.setdefault(room, Cap(self.rules.intrusive_per_minute)))
        for cap in caps:
            if not cap.admit(now):
                raise PolicyRefused("cap", f"More than {cap.per_minute} such calls a minute in this room.")

    def _allows(self, capability: Capability, call: Call, about: Circumstances, consent: str) -> bool:
        classes = Classes.shipped()
        question = _Question(
            about.person,
            capability.value,
            about.room,
            call.verb.value,
            "/".join((call.path.root, *call.path.words)),
            about.person_name,
            about.service,
            bool(about.reason.strip()),
            classes.intrusive(call),
            classes.relieving(call),
            about.booked,
            consent,
        )
        if len(about.person) + len(about.person_name) > _LONGEST_NAME:
            return self._ask(question)
        return bool(self._answer(question))

    def _ask(self, question: _Question) -> bool:
        answer = cedarpy.is_authorized(question.request(), self._policies, self._entities, schema=self._schema)
        return answer.decision is cedarpy.Decision.Allow and not answer.diagnostics.errors


@dataclass(slots=True)
class Cap:
    """At most so many in any minute."""

    per_minute: int
    _at: deque[float] = field(default_factory=deque)

    def admit(self, now: float) -> bool:
        while self._at and self._at[0] <= now - 60.0:
            self._at.popleft()
        if len(self._at) >= self.per_minute:
            return False
        self._at.append(now)
        return True


def _shipped(name: str) -> str:
    return resources.files("roomgate.connector").joinpath("policies", name).read_text("utf-8")


def _quoted(text: str) -> str:
    """A Cedar string. What could end it early is escaped; control characters never get this far."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_NUMBERS = ("Number", "MeetingID", "Url")


_UPGRADE: Words = ("SystemUnit", "SoftwareUpgrade")


def _validate(call: Call, upgrade_hosts: Sequence[str] = ()) -> None:
    """Arguments that no policy should have to think of; raises PolicyRefused."""
    for name, value in call.arguments:
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in text):
                raise PolicyRefused("validator", f"{name} holds control characters.")
    if why := ends(call):
        raise PolicyRefused("fence", f"{call.path} is changed at the site alone: {why}.")
    if call.path.root != "Command":
        return
    if _meddles(call):
        raise PolicyRefused("validator", "That is the panel with the room's own meeting controls.")
    if call.path.words[:2] == _UPGRADE and not _listed(str(call.argument("URL") or ""), upgrade_hosts):
        raise PolicyRefused("validator", "URL is at no host from which this site allows software (upgrade_hosts).")
    for name in _NUMBERS:
        number = call.argument(name)
        if isinstance(number, str) and _inside(number):
            raise PolicyRefused("validator", f"{name} points into a private network.")


def _listed(url: str, hosts: Sequence[str]) -> bool:
    """Whether it is https at one of these hosts. What two readers could read in two ways is refused."""
    if not url.isascii() or any(c in url for c in " \\@#") or not url.startswith("https://"):
        return False
    try:
        parts = urlsplit(url)
        return parts.port in (None, 443) and (parts.hostname or "") in {host.lower() for host in hosts}
    except ValueError:
        return False


def _inside(number: str) -> bool:
    """Whether the address to dial is a private, loopback or link-local one (or not a global address at all)."""
    host = number.rsplit("@", 1)[-1].split("##")[0].split(";")[0].removeprefix("sip:").removeprefix("sips:")
    host = host.strip("[]") if host.startswith("[") else host.split(":")[0] if host.count(":") == 1 else host
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith((".localhost", ".local", ".internal"))


_EXTENSIONS: Words = ("UserInterface", "Extensions")


def _meddles(call: Call) -> bool:
    """Whether somebody outside would replace, open or imitate the panel that the connector puts up in a call.

    A press on it sends tones into the call, so nobody else may say what its buttons are called. The document's
    character references are undone first: they spell the same id.
    """
    if call.path.words[:2] != _EXTENSIONS:
        return False
    texts = [value for _, value in call.arguments if isinstance(value, str)]
    return any(OURS in text.lower() for text in [*texts, html.unescape(call.body or "")])


_WEB = ("UserInterface", "Extensions", "WebApp")
_PANELS = (("UserInterface", "Extensions", "Panel", "Save"), ("UserInterface", "Extensions", "Set"))
_PLAIN_ACTIVITY = re.compile(r"<ActivityType>\s*Custom\s*</ActivityType>")
_PROLOGUE = re.compile(r"\A\s*<\?xml version=\"1\.0\"( encoding=\"(utf|UTF)-8\")?\s*\?>")


def _hides_web(call: Call) -> bool:
    """Whether a panel's document may show a web page: that is an entry of the never-list, whatever way it comes.

    Only what is plainly no such thing passes; a document type could spell anything.
    """
    if call.path.words not in _PANELS:
        return False
    body = _PLAIN_ACTIVITY.sub("", _PROLOGUE.sub("", call.body or ""))
    lower = body.lower()
    return any(word in lower for word in ("activitytype", "activitydata", "<!doctype", "<!entity", "<![", "<?"))
