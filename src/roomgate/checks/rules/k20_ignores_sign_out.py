"""K20: a sign-out, at the identity provider or by the person, does not end access."""

from roomgate.checks.cuts import judge_requests
from roomgate.checks.declared import Check, Weight
from roomgate.checks.looks import cutting
from roomgate.checks.outcome import Judgement
from roomgate.checks.snapshot import Snapshot
from roomgate.checks.target import Target

KINDS = ("signed-out",)


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    return judge_requests(snapshot, target, KINDS, KINDS, "a sign-out")


CHECK = Check(
    id="K20",
    title="Access outlives a sign-out",
    weight=Weight.REQUIRED,
    vector="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    cwe=(613,),
    asvs=("7.4.1",),
    sources=(
        "https://openid.net/specs/openid-connect-backchannel-1_0.html",
        "https://cwe.mitre.org/data/definitions/613.html",
    ),
    procedure="Sign in, see that every request channel serves, and sign out: at the identity provider (back-channel "
    "sign-out), or with the target's own button. Ask each channel four times a second with the cookies and tokens of "
    "before, which a browser would have dropped, until it is refused twice in a row. It fails if anything serves later "
    "than the cause's within_s.",
    remedy="Keep sessions on the server and end them there; take part in back-channel sign-out, and end all sessions of "
    "the person that the provider names.",
    mistaken="A sign-out that ends only the window's own session is no flaw if others were meant to go on: the deed must "
    "end the session that is watched. Access tokens that live for a few minutes may be allowed by setting within_s.",
    look=cutting.LOOK,
    judge=judge,
)
