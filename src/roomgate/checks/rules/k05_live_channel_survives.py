"""K05: what was open when access ended goes on serving: a socket, a stream, a download."""

import msgspec

from roomgate.checks.cuts import Cut, cuts_of, late_of, not_undone, open_questions, point, row
from roomgate.checks.declared import Check, Weight
from roomgate.checks.looks import causes, cutting
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, not_applicable, passed
from roomgate.checks.snapshot import Snapshot
from roomgate.checks.target import Cause, Target


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """``none``: the target has no live channel at all, by its vendor's word."""

    none: bool = False


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    options = target.option("K05", Options)
    declared = [channel.name for channel in target.channels if channel.kind != "request"]
    if not declared:
        if options is not None and options.none:
            return not_applicable("The target file says that there is no live channel.")
        return inconclusive(
            "Not tried: give the live channels ([[channels]] of kind websocket, events, long-poll or download) in the "
            "target file, or say none = true in its table [K05]."
        )
    cuts = cuts_of(snapshot)
    # Where requests go on too, access was not ended at all, and a channel that was closed is let in again: that is
    # K03's, K04's or K20's to say. Here it counts how long it served as the cause met it.
    whole = {cut.cause for cut, _ in late_of([(cut, n) for cut, n in cuts if not cut.live and not cut.anew])}
    live = [(_as_met(cut) if cut.cause in whole else cut, number) for cut, number in cuts if cut.live]
    notes = [Point(cause, "requests went on as well, see K03, K04 or K20") for cause in sorted(whole)]
    notes += not_undone(snapshot)
    table = [row(cut) for cut, _ in live]
    if late := late_of(live):
        names = ", ".join(dict.fromkeys(cut.channel for cut, _ in late))
        says = f"What was open when access ended went on serving: {names}."
        return failed(says, [*(point(cut, number) for cut, number in late), *notes], table=table)
    causes = [cause.name for cause in target.causes if _has_live(target, cause)]
    if not causes:
        return inconclusive("No cause of the target file is watched on a live channel.", notes)
    if asked := open_questions(live, causes):
        return inconclusive("Whether live channels are cut could not be seen everywhere.", [*asked, *notes])
    return passed("Every live channel was cut when access ended.", [*(point(c, n) for c, n in live), *notes], table)


def _as_met(cut: Cut) -> Cut:
    if cut.held_cut_s is None:
        return cut
    if cut.channel_kind == "long-poll" and cut.held_s is not None:
        why = (
            "it answered once more and ended, as every answer of a long-poll does, and was let in again like a request"
        )
        return msgspec.structs.replace(cut, proven=False, why=why)
    how = f"closed; opened again afterwards: {cut.how}" if cut.how else "closed"
    return msgspec.structs.replace(cut, last_s=cut.held_s, cut_s=cut.held_cut_s, unclear_s=None, how=how)


def _has_live(target: Target, cause: Cause) -> bool:
    return any(channel.kind != "request" for channel in causes.channels_of(target, cause))


CHECK = Check(
    id="K05",
    title="A live channel goes on after access has ended",
    weight=Weight.REQUIRED,
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    cwe=(613,),
    asvs=("7.4.1", "7.4.2"),
    sources=("https://cwe.mitre.org/data/definitions/613.html", "https://www.rfc-editor.org/rfc/rfc6455"),
    procedure="Sign in and open every live channel of the target file: WebSocket, server-sent events, long-poll, slow "
    "download. See that each serves. Let a cause end access, and go on listening; a WebSocket is sent the channel's "
    "text twice a second. What ended is opened again, as a browser would. It fails if data is served later than the "
    "cause's within_s, while plain requests are refused.",
    remedy="When a right ends, close what it opened: every socket, stream and transfer has an owner and a right, and is "
    "found by both. Checking only when a channel is opened is not enough.",
    mistaken="A connection that is open and silent is no authority: only data that is served and commands that are "
    "accepted count, and heartbeats do not. Data that was already on its way when access ended may still arrive. Give "
    "each channel an expects, so that a refusal in its own words is not taken for data.",
    look=cutting.LOOK,
    judge=judge,
    options=Options,
)
