"""What was done to the target for a check is undone, also after the run that did it was stopped or killed."""

import asyncio
from contextlib import suppress

import msgspec

from roomgate.checks.kit import Kit
from roomgate.checks.looks.causes import by_hand as done_by_hand
from roomgate.checks.looks.causes import said_of, values_of
from roomgate.checks.snapshot import Act
from roomgate.checks.target import Cause, filled
from roomgate.checks.web import CannotSignIn
from roomgate.errors import RoomgateError

UNDO_S = 60.0
UNDO = "put this back as it was, if it can be: you were asked to {deed}"


async def mend(kit: Kit, done: set[str]) -> None:
    """A try that was killed between a deed and its undoing left the target changed."""
    for cause in kit.target.causes:
        acts = {step.name: step for step in kit.earlier if isinstance(step, Act)}
        deed = acts.get(cause.name)
        if cause.name not in done and deed is not None and undone(cause) not in acts:
            kit.recorder.keep(msgspec.structs.replace(deed, label=f"{cause.name}: earlier"))
            await undo(kit, cause, by_hand=deed.how == "by hand")


def undone(cause: Cause) -> str:
    return f"{cause.name}: undone"


async def undo(kit: Kit, cause: Cause, *, by_hand: bool, cancelled: bool = False) -> None:
    """Never raises an error of ours: that it is not undone is told, loudly."""
    deed = cause.undo
    if deed is None and not by_hand:
        return
    hand = deed is None or done_by_hand(deed)
    values = values_of(kit.target, cause)
    say = filled(UNDO.format(deed=said_of(cause)), values)
    try:
        if hand and (cancelled or not kit.tester.present):
            raise RoomgateError("nobody was asked, for the run was stopped")
        if deed is not None and deed.request is not None:
            await signed_in_anew(kit, deed.request.account)
        async with asyncio.timeout(None if hand else UNDO_S + (deed.within_s if deed is not None else 0.0)):
            await kit.tester.do(deed, undone(cause), say=say, label=cause.name, values=values)
    except (RoomgateError, TimeoutError) as broken:
        why = str(broken) or "it took too long"
        kit.recorder.fact(cause.name, "not-undone", say, fault=why)
        done = any(isinstance(step, Act) and step.name == cause.name for step in kit.recorder.steps)
        kit.progress(f"NOT UNDONE: {cause.name} ({why}). {'Please' if done else 'If you have done it:'} {say}", 0.0)


async def signed_in_anew(kit: Kit, account: str) -> None:
    """Whoever does the deed signs in anew: an earlier cause may have ended that sign-in."""
    if account:
        with suppress(CannotSignIn):
            await kit.web.sign_in(account, again=True)
