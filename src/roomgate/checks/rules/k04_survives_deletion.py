"""K04: access outlives the person: their deletion, their role, their grant, their link."""

from roomgate.checks.cuts import judge_requests
from roomgate.checks.declared import Check, Weight
from roomgate.checks.looks import cutting
from roomgate.checks.outcome import Judgement
from roomgate.checks.snapshot import Snapshot
from roomgate.checks.target import Target

KINDS = (
    "deleted", "disabled", "scim-disabled", "role-removed", "grant-removed", "link-revoked", "lock", "token-revoked",
    "session-ended", "expired",
)  # fmt: skip
LEAST = ("deleted", "disabled")


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    return judge_requests(snapshot, target, KINDS, LEAST, "it was taken away")


CHECK = Check(
    id="K04",
    title="Access outlives the person, the role or the link that it came from",
    weight=Weight.FATAL,
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:N/SC:H/SI:H/SA:N",
    cwe=(613, 285),
    asvs=("7.4.2", "8.3.2"),
    sources=("https://cwe.mitre.org/data/definitions/613.html", "https://www.rfc-editor.org/rfc/rfc7644"),
    procedure="For each cause of the target file (delete or disable the account, switch it off by SCIM, take away its "
    "role or grant, revoke the link, lock, end the session or token, let it expire): sign in afresh, see that every "
    "request channel serves, do it, and ask each channel four times a second until it is refused twice in a row. Then "
    "sign in again with what was valid before, and ask once more; the link is asked on its own as well, if it served on "
    "its own before. It fails if anything serves later than the cause's within_s.",
    remedy="Decide at every request whether the person still has the right to this very room, from the record that is "
    "changed when somebody is removed; do not decide by what a token or a link said when it was issued.",
    mistaken="Static files and pages that anybody gets may still be served: name a request that only the device can "
    "answer, with its expects. An account that the directory switches on again at once looks as if it survived.",
    look=cutting.LOOK,
    judge=judge,
)
