"""K03: access outlives a change of the administrator's, the person's own or the device's password."""

from roomgate.checks.cuts import judge_requests
from roomgate.checks.declared import Check, Weight
from roomgate.checks.looks import cutting
from roomgate.checks.outcome import Judgement, Outcome
from roomgate.checks.snapshot import Snapshot
from roomgate.checks.target import Target

KINDS = ("admin-password", "own-password", "device-password")


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    found = judge_requests(snapshot, target, KINDS, KINDS, "a password was changed")
    missing = [kind for kind in KINDS if not any(cause.kind == kind for cause in target.causes)]
    if found.outcome is Outcome.PASS and missing:
        return Judgement(
            found.outcome, f"{found.says} Not tried: {', '.join(missing)}.", found.points, found.vector, found.table
        )
    return found


CHECK = Check(
    id="K03",
    title="Access outlives a change of password",
    weight=Weight.FATAL,
    vector="CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:L/SC:H/SI:H/SA:N",
    cwe=(613,),
    asvs=("7.4.3",),
    sources=("https://cwe.mitre.org/data/definitions/613.html", "https://github.com/OWASP/ASVS"),
    procedure="Sign in with the test account (or take the link alone) and see that every request channel of the target "
    "file serves. Change the password. Ask each channel four times a second, with what was valid before, until it is "
    "refused twice in a row, at least for as long as the cause's within_s. Then sign in with the old password, and ask "
    "once more. The link is asked on its own as well, if it served on its own before. The time from the change to the "
    "last answer that served is what counts; it fails if that is later than within_s, or if it never ends.",
    remedy="End every session, token and link that came from a password when it changes, and have each request ask for "
    "its right anew. Notice when the device refuses the connector's credential, and end what relied on it.",
    mistaken="Cached pages that anybody gets prove nothing: let the channel be one that only the device can answer, and "
    "its expects a text of the device. Where people sign in with an identity provider, its password may rightly not "
    "matter to sessions that go on: test a local account, and declare the provider's own cause as kind other.",
    look=cutting.LOOK,
    judge=judge,
)
