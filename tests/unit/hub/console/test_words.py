"""The catalogue of messages: the same in both languages, and every message used."""

import json
import re
import string
from importlib import resources
from pathlib import Path

import pytest

import roomgate.hub
from roomgate.access.capability import Capability
from roomgate.access.principal import ROLES, Right
from roomgate.fleet.restoring import Left
from roomgate.hub.alerts.rules import Kind as AlertKind
from roomgate.hub.approvals.request import State
from roomgate.hub.channels import Kind
from roomgate.hub.console.words import LANGUAGES, Words, choose
from roomgate.hub.extensions.panel import LOCATIONS
from roomgate.hub.extensions.text import Kind as TextKind
from roomgate.hub.findings.filter import SEVERITIES
from roomgate.hub.fleet.pages import WAVES
from roomgate.hub.fleet.plan import Mark, RoomState
from roomgate.hub.fleet.plan import State as PlanState
from roomgate.hub.grants.answer import AGAINST, COLUMNS
from roomgate.hub.identity.token_pages import SCOPES
from roomgate.hub.meetings.filter import DAYS, STATES
from roomgate.hub.meetings.told import HOWS, TROUBLES
from roomgate.hub.relay.cut import WORDS
from roomgate.hub.revocation import Cause
from roomgate.hub.rooms.actions import ACTIONS, JOIN
from roomgate.hub.rooms.tabs import TABS
from roomgate.hub.rooms.view import KINDS
from roomgate.hub.security.advice import Severity
from roomgate.hub.security.log_pages import FILTERS
from roomgate.hub.status.advice import ADVICE
from roomgate.hub.status.series import PLOTS
from roomgate.meetings.rules.catalogue import shipped
from roomgate.meetings.rules.change import Kind as RuleChange

HUB = Path(roomgate.hub.__file__).parent
MESSAGES = {
    language: json.loads(resources.files("roomgate.hub.console").joinpath(f"messages/{language}.json").read_text("utf-8"))
    for language in LANGUAGES
}  # fmt: skip
EN = Words.of("en")


def fields(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name}


def sources() -> str:
    """All code and templates in which a key can be named, or a sentence said that the hub passes on."""
    files = [*HUB.parent.rglob("*.py"), *HUB.rglob("*.html")]
    return "\n".join(file.read_text("utf-8") for file in files)


def built() -> set[str]:
    """The keys that are put together from a word: one for each word that there is."""
    endings = {
        "state.": set(KINDS.values()),
        "kind.": {kind.value for kind in Kind},
        "can.": {one.value for one in Capability},
        "can-short.": {one.value for one in Capability},
        "do.": {one.value for one in Capability},
        "approvals.state-": {one.value for one in State} - {State.WAITING, State.TAKEN},
        "column.": set(COLUMNS),
        "role.": set(ROLES),
        "done.": {*ACTIONS, JOIN},
        "self.": {"off", "on", "full", "show-off", "show-on", "show-full"},
        "answer.": set(AGAINST),
        "right.": {one.value for one in Right},
        "lock.": {"person", "room", "site", "connector", "session"},
        "line.became.": {"done", "waiting", "refused", "failed", "unknown"},
        "nav.": {"rooms", "access", "fleet", "findings"},
        "rules.kind-": {kind.value for kind in RuleChange if kind is not RuleChange.SAME},
        "meetings.how-": set(HOWS) - {"none"},
        "meetings.state-": set(STATES),
        "meetings.ahead-": set(map(str, DAYS)),
        "meetings.service-": {pack.service for pack in shipped().packs},
        "meetings.registered-": {"unknown", "yes", "no"},
        "meetings.trouble-": set(TROUBLES),
        "meetings.next-": set(TROUBLES),
        "alerts.kind-": {one.value for one in AlertKind},
        "alerts.next-": {one.value for one in AlertKind},
        "findings.sev-": set(SEVERITIES),
        "findings.source-": {"check", "reconciliation", "rooms", "scim", "break-glass"},
        "tab.": {key or "room" for key in TABS},
        "time.days-hours.": {"one", "other"},
        "settings.how.": {"password", "totp", "passkey", "recovery", "invitation", "oidc"},
        "settings.scope.": {"rooms", "read", "hub", "scim"},
        "settings.scope-long.": set(SCOPES),
        "settings.factors.": {"totp", "passkey"},
        "restoration.": {"people", "tokens", "grants"},
        "fleet.state-": {one.value for one in PlanState},
        "fleet.room-": {one.value for one in RoomState},
        "fleet.step-": {one.value for one in Mark} - {Mark.TO_DO, Mark.LEFT},
        "fleet.verdict-": {"allowed", "consent", "refused", "unasked"},
        "fleet.kind-": {"setting", "macro", "panel", "branding", "user", "upgrade", "room"},
        "fleet.waves-": set(WAVES),
        "cause.": {cause.value for cause in Cause},
        "security.sev-": {one.value for one in Severity},
        "security.outcome-": {"off", "refused", "failed", "late"},
        "logs.only-": set(FILTERS),
        "logs.side-": {"hub", "site"},
        "restoration.cause-": {"backup", "witness", "connector"},
        "backups.kind-": {"setting", "panel", "branding", "macro"},
        "backups.left-": {one.value for one in Left},
        "conf.verdict.": {"allowed", "consent", "refused", "unasked"},
        "conf.outcome.": {"done", "refused", "failed", "unknown", "untried"},
        "conf.warn.": {"ends", "fence", "restart"},
        "status.type-": {"Audio", "Video", "Data"},
        "status.way-": {"Incoming", "Outgoing"},
        "status.quality-": {"good", "fair", "poor"},
        "status.level-": {"Critical", "Error", "Warning", "Info"},
        "status.": {
            "volume",
            "standby",
            "product",
            "software",
            "serial",
            "interface",
            "ipv4",
            "gateway",
            "ipv6",
            "mac",
            "speed",
            "vlan",
            "wifi",
            "dot1x",
        },
        "plot.": set(PLOTS),
        "diag.": set(ADVICE),
        **{
            f"code.{word}-": {kind.value for kind in TextKind}
            for word in ("about", "new", "here", "unread", "edit", "name", "text")
        },
        "code.none-": {"macro", "panel", "macro-text", "panel-text"},
        "code.place-": set(LOCATIONS),
        "code.how-": {"saved", "seen", "removed"},
        "code.": {f"{do}-{end}" for do in ("activate", "deactivate") for end in ("done", "idle")}
        | {f"{do}-done" for do in ("start", "stop", "restart", "clear-log")}
        | {"bad", "warn"},
    }
    return {start + end for start, ends in endings.items() for end in ends}


def test_both_languages_have_the_same_messages_with_the_same_fields() -> None:
    english, chinese = MESSAGES["en"], MESSAGES["zh-Hans"]
    assert list(english) == list(chinese)
    assert [key for key in english if fields(english[key]) != fields(chinese[key])] == []


def test_every_message_says_something() -> None:
    assert [key for messages in MESSAGES.values() for key, text in messages.items() if not text.strip()] == []


def test_every_message_is_used() -> None:
    text, words = sources(), built()

    def named(key: str) -> bool:
        forms = (key, re.sub(r"[.](one|other)$", "", key))
        return key in words or any(f'"{form}"' in text or f"'{form}'" in text for form in forms)

    assert [key for key in MESSAGES["en"] if not key.startswith("said: ") and not named(key)] == []


def test_every_sentence_of_the_hubs_that_is_translated_is_still_said() -> None:
    text = sources()
    said = [key.removeprefix("said: ") for key in MESSAGES["en"] if key.startswith("said: ")]
    assert [sentence for sentence in said if sentence not in text] == []
    assert [
        key for key in MESSAGES["en"] if key.startswith("said: ") and MESSAGES["en"][key] != key.removeprefix("said: ")
    ] == []


def test_every_key_that_is_named_is_there() -> None:
    named = set(re.findall(r"""\bt(?:\.raw|\.count)?\(\s*["']([a-z][a-z.-]*[a-z])["']""", sources()))
    known = {*MESSAGES["en"], *(re.sub(r"\.(one|other)$", "", key) for key in MESSAGES["en"])}
    assert named - known == set()
    assert built() - {*MESSAGES["en"]} == set()


def test_whoever_is_cut_is_told_why_in_their_language() -> None:
    chinese = Words.of("zh-Hans")
    assert [words for words in WORDS.values() if chinese.said(words) == words] == []


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (3660, "1 h 1 min"),
        (86400, "1 day"), (90000, "1 day 1 h"), (180000, "2 days 2 h"), (86400 * 5 + 3600, "5 days"),
    ],
)  # fmt: skip
def test_durations_are_in_words(seconds: float, said: str) -> None:
    assert EN.duration(seconds) == said


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        ("", "", "en"), ("zh-Hans", "en", "zh-Hans"), ("xx", "zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("", "en;q=0.1,zh;q=0.9", "zh-Hans"), ("", "zh;q=0,en", "en"), ("", "de,fr", "en"), ("", ";q=x,,", "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_chosen_one_or_the_browsers(chosen: str, accepted: str, language: str) -> None:
    assert choose(chosen, accepted).language == language


def test_a_missing_message_or_field_is_an_error() -> None:
    with pytest.raises(KeyError):
        EN("no-such-key")
    with pytest.raises(KeyError):
        EN("ends.left")
    assert EN.raw("ends.left") == MESSAGES["en"]["ends.left"]
    assert EN.said("Nobody ever wrote this.") == "Nobody ever wrote this."
