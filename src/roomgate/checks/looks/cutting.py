"""Whether access ends when it must: for each cause, everything is opened, the cause comes, and all is watched.

What was changed is undone, also when the run is stopped meanwhile, and at the beginning of the next if it was killed.
"""

from roomgate.checks.declared import Look, Tier
from roomgate.checks.kit import Kit
from roomgate.checks.looks.undoing import mend
from roomgate.checks.looks.watching import Watch
from roomgate.checks.snapshot import Fact
from roomgate.checks.target import Target


async def _run(kit: Kit) -> None:
    done = _replay(kit)
    await mend(kit, done)
    todo = [cause for cause in kit.target.causes if cause.name not in done]
    for number, cause in enumerate(todo):
        await Watch(kit, cause, number / len(todo), 1 / len(todo)).run()


def needs(target: Target) -> str:
    if not target.causes:
        return "the target file has no [[causes]]: what ends access, and how that is done."
    if not target.channels and not target.links:
        return "the target file has neither [[channels]] nor [[links]]: there is nothing that could be cut."
    return ""


LOOK = Look("cutting", Tier.ACCOUNTS, _run, needs, quick=False)


def _replay(kit: Kit) -> set[str]:
    """What a try that was broken off had seen whole is kept: nobody changes a password twice for it."""
    ended = {step.label for step in kit.earlier if isinstance(step, Fact) and step.name == "ended"}
    for step in kit.earlier:
        if step.label in ended:
            kit.recorder.keep(step)
    return ended
