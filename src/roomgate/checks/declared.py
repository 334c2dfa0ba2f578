"""How a check is declared: what it is, what it looks at, how it judges. A check is one file in ``rules``.

Several checks may share one look, which is then taken once in a run: they judge the same snapshot.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

import msgspec

from roomgate.checks.outcome import Judgement
from roomgate.checks.snapshot import Snapshot
from roomgate.checks.target import Target

if TYPE_CHECKING:
    from roomgate.checks.kit import Kit


class Tier(IntEnum):
    """What a check has to be let into. A run does all tiers up to the one that was asked for."""

    OUTSIDE = 0  # addresses and links, no account
    ACCOUNTS = 1  # test accounts
    SITE = 2  # the site's own network: device, connector

    @property
    def words(self) -> str:
        return ("outside only", "with test accounts", "with site access")[self]


class Weight(StrEnum):
    """What a check counts for in the grade."""

    FATAL = "fatal"  # a fail is an F, whatever else
    REQUIRED = "required"  # no A without a pass
    COUNTED = "counted"
    INFO = "info"


Needs = Callable[[Target], str]


@dataclass(frozen=True, slots=True)
class Look:
    """How something is looked at. ``needs`` gives the sentence that says what the target file lacks, or nothing.

    ``run`` sees only what the kit gives, and everything that the kit does is recorded. What it raises of ours ends
    the look as failed; the steps until then are kept. ``quick``: whether it belongs to a quick check. ``last``: it may
    get the tester locked out, so it is taken after all others. ``beside``: it waits for this machine more than for the
    target, and disturbs nobody, so a quick look from outside takes it while others wait for their turn.
    """

    id: str
    tier: Tier
    run: Callable[[Kit], Awaitable[None]]
    needs: Needs = lambda target: ""
    intrusive: bool = False
    quick: bool = True
    last: bool = False
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One check. The texts are shown as they are: on its own page, in reports, in `roomgate check explain`."""

    id: str
    title: str  # what is wrong if it fails: "A device link opens without signing in"
    weight: Weight
    vector: str  # CVSS 4.0, the usual case
    cwe: tuple[int, ...]
    asvs: tuple[str, ...]  # OWASP ASVS 5.0
    sources: tuple[str, ...]
    procedure: str  # what is done, so that a vendor can repeat it
    remedy: str
    mistaken: str  # how a false positive would look, and what guards against it
    look: Look
    judge: Callable[[Snapshot, Target], Judgement]
    options: type[msgspec.Struct] | None = None  # its own table in the target file, under its id

    @property
    def tier(self) -> Tier:
        return self.look.tier
