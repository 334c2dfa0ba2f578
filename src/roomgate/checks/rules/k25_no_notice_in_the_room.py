"""K25: a camera, a microphone or a call is used from afar, and nobody in the room is told."""

import msgspec

from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.inside import Reach, lacks_device, reach_device, read_value, value_of
from roomgate.checks.kit import Kit
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, passed
from roomgate.checks.snapshot import Act, Exchange, Snapshot, Told
from roomgate.checks.target import Ask, Deed, Target
from roomgate.checks.tester import NobodyToAsk, NotDone

BEFORE, ACT, AFTER, EYES = "before", "act", "after", "eyes"
YES, NO, CANNOT = "yes", "no", "cannot see"
LOOK_EVERY_S = 1.0


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``act`` uses the room from afar through the connector; ``undo`` ends that.

    What the room shows is read by ``panel``, whose answer holds its ``expects`` only while there is a notice; or seen by
    the tester. ``effect``: a path of the device that the act changes, so that it is known to have been done.
    """

    act: Deed = Deed()
    undo: Deed | None = None
    panel: Ask | None = None
    effect: str = ""
    within_s: float = 10.0
    what: str = "that its camera, microphone or a call is used from afar"


def _needs(target: Target) -> str:
    options = target.option("K25", Options)
    if options is None:
        return "the target file does not say how the room is used from afar ([K25] act)."
    if options.panel is not None and not options.panel.expects:
        return "[K25] panel has no expects, so its answer says nothing."
    return lacks_device(target) if options.effect else ""


async def look(kit: Kit, reach: Reach = reach_device) -> None:
    """The room before and after somebody outside does something in it. It is undone whatever happens."""
    options = kit.target.option("K25", Options)
    assert options is not None
    if options.panel is None and not kit.tester.present:
        raise NobodyToAsk("Nobody is there to see what the room shows, and the file has no [K25] panel.")
    if options.panel is not None:
        await kit.web.send(options.panel, BEFORE, declared=True)
    await _effect(kit, options, BEFORE, reach)
    try:
        await kit.tester.do(options.act, ACT, say="From outside, use the room's camera, microphone, or place a call.")
        if options.panel is None:
            question = f"Does the room, on a screen or by a sound, tell people {options.what}?"
            await kit.tester.choose(question, (YES, NO, CANNOT), EYES)
        else:
            await _watch(kit, options.panel, options.within_s)
        await _effect(kit, options, AFTER, reach)
    finally:
        if options.undo is not None:
            try:
                await kit.tester.do(options.undo, "undo")
            except (NotDone, NobodyToAsk):
                kit.recorder.fact("undo", "undo", fault="it did not work: look at the room")


async def _watch(kit: Kit, panel: Ask, within_s: float) -> None:
    until = kit.time.monotonic() + within_s
    while True:
        step = await kit.web.send(panel, AFTER, declared=True)
        if (step.succeeded and panel.expects in step.body) or kit.time.monotonic() >= until:
            return
        await kit.time.sleep(LOOK_EVERY_S)


async def _effect(kit: Kit, options: Options, when: str, reach: Reach) -> None:
    if options.effect:
        async with reach(kit) as room:
            await read_value(kit, room, when, options.effect)


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    options = target.option("K25", Options)
    acts = [act for act in snapshot.of(Act, ACT) if act.ok]
    if options is None or not acts:
        return inconclusive("Nothing was done in the room from afar.")
    if options.effect:
        before, after = (value_of(snapshot, when, options.effect) for when in (BEFORE, AFTER))
        if before is None or after is None or before == after:
            return inconclusive(
                f"The act changed nothing at the device ({options.effect}), so there was nothing to tell."
            )
    done = snapshot.number(acts[-1])
    told = snapshot.of(Told, EYES)
    if options.panel is None:
        answer = told[-1].answer if told else ""
        if answer == YES:
            return passed("The room told the people in it, as the tester saw.")
        if answer == NO:
            point = Point("the room", "told nobody, as the tester saw", (done, snapshot.number(told[-1])))
            return failed("The room was used from afar, and the people in it were not told.", [point])
        return inconclusive("Nobody could see what the room showed.")
    return _by_panel(snapshot, options.panel, done)


def _by_panel(snapshot: Snapshot, panel: Ask, done: int) -> Judgement:
    before, after = snapshot.of(Exchange, BEFORE), snapshot.of(Exchange, AFTER)
    if not panel.expects or not before or not before[-1].succeeded:
        return inconclusive("What the room showed before is not known.")
    if panel.expects in before[-1].body:
        return inconclusive("The room showed such a notice before anything was done.")
    if any(step.succeeded and panel.expects in step.body for step in after):
        return passed("The room told the people in it.")
    if not after or not all(step.succeeded and not step.truncated for step in after):
        return inconclusive("What the room showed afterwards is not known.")
    point = Point(after[-1].url, f"does not show “{panel.expects}”", (done, snapshot.number(after[-1])))
    return failed("The room was used from afar, and the people in it were not told.", [point])


LOOK = Look("notice", Tier.SITE, look, _needs, intrusive=True)

CHECK = Check(
    id="K25",
    title="The room is not told that it is used from afar",
    weight=Weight.COUNTED,
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
    cwe=(359, 451),
    asvs=("7.5.3",),
    sources=("https://cwe.mitre.org/data/definitions/359.html",),
    procedure="In the named test room, from outside and as somebody who may, turn the camera, open the microphone or place "
    "a call. See within ten seconds whether the room tells the people in it, on its screen, its touch panel or by a "
    "sound. Undo it.",
    remedy="Announce each use from afar in the room, by name, for as long as it lasts, and let the room end it.",
    mistaken="An act that the device refused needs no notice: name a path that it changes (effect). A notice may be on a "
    "screen that the tester does not see, or a little light on the camera: look at all of them before you say no.",
    look=LOOK,
    judge=judge,
    options=Options,
)
