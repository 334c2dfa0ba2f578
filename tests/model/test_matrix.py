"""Every cause × every channel × every condition, on the real code and simulated time.

One case has all channels open at once, so a case is a row of cells. What is listed and has no cell is counted here,
each with its reason.
"""

import pytest
from sqlalchemy import Connection, text

from roomgate.clock import HandClock
from roomgate.hub.revocation import Cause as Word
from support.cutting.causes import CAUSES, WITHOUT, Cause, Fate
from support.cutting.database import MemoryDatabase
from support.cutting.loop import run
from support.cutting.matrix import WITHOUT_CHANNEL, Case, Condition


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_what_must_fall_falls_and_what_must_stay_stays(cause: Cause) -> None:
    cases = [Case(cause, condition).run() for condition in Condition]
    assert [complaint for case in cases for complaint in case.complaints] == []
    for case in cases:
        fates = {cell.fate for cell in case.cells}
        assert len(case.cells) >= 26, "every channel is there"
        assert len(fates) > 1 or cause.name == "hub restored", "something falls and something stays"


def test_every_listed_cause_and_channel_is_there_or_says_why_not() -> None:
    assert len(CAUSES) == 32
    assert sorted(WITHOUT) == ["connector cloned", "connector re-enrolled"]
    assert sorted(WITHOUT_CHANNEL) == ["/putxml", "ask waiting for approval", "download"]
    driven = " ".join(cause.name for cause in CAUSES)
    for word in Word:  # each word of the code has a cause that leads to it
        assert WORDS[word] in driven, word


WORDS = {
    Word.GRANT_REVOKED: "grant revoked", Word.GRANT_EXPIRED: "grant expired", Word.GRANT_NARROWED: "grant narrowed",
    Word.PERSON_DISABLED: "person disabled", Word.PERSON_DELETED: "person deleted",
    Word.PERSON_DEPROVISIONED: "person deprovisioned", Word.PASSWORD_CHANGED: "password reset",
    Word.FACTOR_CHANGED: "second factor reset", Word.ROLE_CHANGED: "role changed", Word.SIGNED_OUT: "signed out",
    Word.PROVIDER_SIGNED_OUT: "signed out by the provider", Word.TOKEN_REVOKED: "token revoked",
    Word.TOKEN_EXPIRED: "token expired", Word.LOCK: "lock on a person", Word.ROOM_REMOVED: "room removed",
    Word.DEVICE_CREDENTIAL: "device credential changed", Word.CONNECTOR_DISABLED: "connector disabled",
    Word.POLICY_CHANGED: "site policy changed", Word.SESSION_ENDED: "session ended", Word.HUB_RESTORED: "hub restored",
}  # fmt: skip


def test_a_fate_is_judged_for_both_sides() -> None:
    """The case itself complains when the expectation is turned round: nothing passes because nothing is looked at."""
    cause = next(one for one in CAUSES if one.name == "person disabled")
    turned = Cause("turned", cause.act, lambda c: Fate.STAYS if c.who == "mia" else Fate.FALLS)
    complaints = Case(turned, Condition.QUIET).run().complaints
    for word in (
        "room page mia",
        "/ws mia",
        "REST mia",
        "tunnel mia",
        "tunnel bob",
        "API stream bob",
        "call mia",
        "consent bob",
        "mia.tok1 has ended",
    ):
        assert any(word in complaint for complaint in complaints), (word, complaints)


def test_who_watches_the_disk_sees_each_commit() -> None:
    """A hub is killed right after its commit: a stale look would kill it somewhat later, and nobody would notice."""

    def pages(conn: Connection) -> int:
        return int(conn.execute(text("PRAGMA page_count")).scalar_one())

    async def watched() -> list[int]:
        db = MemoryDatabase()
        seen = [db.look(pages), db.look(pages)]
        for name in ("a", "b"):
            await db.write(lambda conn, name=name: conn.execute(text(f"CREATE TABLE {name} (id)")))
            seen.append(db.look(pages))
        db.close()
        return seen

    assert run(HandClock(), watched) == [0, 0, 2, 3]
