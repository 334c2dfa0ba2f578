"""A pack's own samples: each is an invitation in miniature, and says what is to become of it.

They are run when a pack of the customer's is loaded, and by the tests for those of a release. A sample that comes
out differently refuses its pack: rules that do not do what their author says do something else.
"""

from datetime import UTC, datetime, timedelta

from roomgate.meetings import plaintext
from roomgate.meetings.invite import Invitation, Text
from roomgate.meetings.meeting import Meeting, Organizer
from roomgate.meetings.rules.catalogue import Catalogue
from roomgate.meetings.rules.form import BadPack, SampleForm
from roomgate.meetings.rules.pack import Pack
from roomgate.meetings.understand import DeviceAbilities, understand

_START = datetime(2026, 3, 10, 9, tzinfo=UTC)


def build_invitation(sample: SampleForm) -> Invitation:
    """The sample as an invitation that holds nothing else."""
    fields = {name.upper(): text for name, text in sample.fields.items()}
    if sample.text:
        fields.setdefault("DESCRIPTION", sample.text)
    texts = tuple(Text(name, plaintext.reduce(text)[0]) for name, text in fields.items())
    return Invitation(
        uid="sample",
        recurrence_id="",
        title=sample.name,
        start=_START,
        end=_START + timedelta(hours=1),
        all_day=False,
        organizer=Organizer(),
        private=False,
        cancelled=False,
        texts=texts,
    )


def find_difference(sample: SampleForm, service: str, catalogue: Catalogue) -> str | None:
    """How the outcome parts from what the sample says; None where it does not."""
    device = DeviceAbilities(registered=sample.registered, allowed_domains=frozenset(sample.domains))
    return _difference(sample, service, understand(build_invitation(sample), device, catalogue))


def _difference(sample: SampleForm, service: str, seen: Meeting) -> str | None:
    if seen.service != service:
        return f"is taken for {seen.service}"
    join = seen.join
    made = join.address or "none"
    if made != sample.join:
        return f"leads to {made}, not to {sample.join}"
    for key, wanted, found in (
        ("how", sample.how, join.how.value),
        ("command", sample.command, join.command or ""),
        ("passcode", sample.passcode, join.passcode or ""),
    ):
        if wanted and wanted != found:
            return f"its {key} is {found or 'none'}, not {wanted}"
    others = tuple(dict.fromkeys(other.address or "" for other in seen.alternatives))
    if sample.others is not None and others != sample.others:
        return f"its other ways are {', '.join(others) or 'none'}"
    reasons = {str(step.reason) for step in seen.because if step.reason}
    if sample.reason and sample.reason not in reasons:
        return f"its reasons are {', '.join(sorted(reasons)) or 'none'}, without {sample.reason}"
    return None


def check_samples(pack: Pack, catalogue: Catalogue) -> None:
    """Raises `BadPack` with every sample that comes out differently. ``catalogue`` has to hold the pack."""
    complaints = [
        f"{pack.service}.toml: the sample {sample.name[:60]!r} {difference[:300]}"
        for sample in pack.samples
        if (difference := find_difference(sample, pack.service, catalogue))
    ]
    if complaints:
        raise BadPack("\n".join(complaints))
