"""What an invitation holds that a meeting could be joined by: links, printed addresses, and what was refused."""

from dataclasses import dataclass

import re2

from roomgate.meetings.address import AddressRefused, Link, SipAddress, imitates
from roomgate.meetings.invite import Invitation, Text
from roomgate.meetings.meeting import Step
from roomgate.meetings.unwrap import unwrap

MOST_LINKS = 200
MOST_ADDRESSES = 200
MOST_STEPS = 60

_URL = re2.compile(r"(?i)https?:(?://|\\\\)[^\s<>\"]+")
_TAIL = ".,;:!?)]}>'*"
_ADDRESS = re2.compile(
    r"(?i)(?:\b(sips?|h323|mailto|tel|callto|xmpp|im):(?://)?)?([^\s<>\"(),;:@\[\]|/\\]{1,256})@([^\s<>\"(),@|/\\]{1,512})"
)
# Words that announce an address for a room's device, in the languages of the invitations that we know.
_LABEL = re2.compile(
    r"(?i)\b(?:sips?|h\.?323|video[ -]?(?:address|adresse|call|uri|room|system|conferenc\w*|konferenz\w*|endpoint"
    r"|number)|room system|dial)\b|^\s*video\b"
)
_LABEL_AFTER = re2.compile(r"(?i)^\s*\(\s*(?:sip|video)")

Order = tuple[int, int]  # which field, where in it: the earlier, the more it counts


@dataclass(frozen=True, slots=True)
class Found:
    """A link of the invitation, wrappers taken off."""

    link: Link
    order: Order
    source: str


@dataclass(frozen=True, slots=True)
class Printed:
    """An address of the invitation. ``labelled``: it says itself that a device is meant to dial it."""

    address: SipAddress
    order: Order
    source: str
    labelled: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    texts: tuple[Text, ...]
    links: tuple[Found, ...]
    printed: tuple[Printed, ...]
    steps: tuple[Step, ...]

    def first_group(self, pattern: object) -> str | None:
        """The first group of the first match in any text, in the order of belief."""
        for text in self.texts:
            if match := pattern.search(text.text):  # type: ignore[attr-defined]  # re2 ships no types
                return str(match.group(1))
        return None

    def every_group(self, pattern: object) -> list[str]:
        """The first groups of the first hundred matches of every text."""
        found: list[str] = []
        for text in self.texts:
            for match in pattern.finditer(text.text):  # type: ignore[attr-defined]  # re2 ships no types
                found.append(str(match.group(1)))
                if len(found) == 100:
                    return found
        return found


def gather(invitation: Invitation) -> Evidence:
    """Pure, and bounded: so many links, addresses and steps, and not one more."""
    links: list[Found] = []
    printed: list[Printed] = []
    steps: list[Step] = []
    for at, text in enumerate(invitation.texts):
        rest = _gather_links(at, text, links, steps)
        _gather_addresses(at, Text(text.source, rest), invitation.mailboxes, printed, steps)
    return Evidence(invitation.texts, tuple(links), tuple(printed), tuple(steps[:MOST_STEPS]))


def _gather_links(at: int, text: Text, links: list[Found], steps: list[Step]) -> str:
    """Collect the links; what is handed back is the text without them."""
    rest: list[str] = []
    end = 0
    for match in _URL.finditer(text.text):
        rest.append(text.text[end : match.start()])
        end = match.end()
        if len(links) >= MOST_LINKS:
            continue
        raw = match.group(0).rstrip(_TAIL)
        bare = unwrap(raw)
        for name in bare.wrappers:
            steps.append(Step("unwrap", f"a link in {text.source}", f"{name} wrapping taken off"))
        if bare.stuck:
            steps.append(Step("unwrap", f"a link in {text.source}", bare.stuck))
            continue
        try:
            links.append(Found(Link.parse(bare.text), (at, match.start()), text.source))
        except AddressRefused as refused:
            # A web link that is merely odd is none of our business; one that may pass for a meeting's is told.
            steps.append(Step("link", _shown(bare.text), f"refused: {refused.message}"))
    rest.append(text.text[end:])
    return " ".join(rest)


def _gather_addresses(
    at: int, text: Text, mailboxes: frozenset[str], printed: list[Printed], steps: list[Step]
) -> None:
    heading, age, offset = "", 0, 0
    whole = text.text.strip()
    for line in text.text.split("\n"):
        matches = list(_ADDRESS.finditer(line))[:20]
        for match in matches:
            if len(printed) >= MOST_ADDRESSES:
                return
            scheme, user = (match.group(1) or "").lower(), match.group(2)
            if scheme in ("mailto", "tel", "callto", "xmpp", "im"):
                continue
            target = f"{user}@{match.group(3).rstrip(_TAIL)}"
            said = (
                scheme in ("sip", "sips", "h323")
                or bool(_LABEL.search(line[: match.start()]))
                or bool(_LABEL_AFTER.search(line[match.end() :]))
                or bool(age <= 2 and _LABEL.search(heading))
                or (text.source == "LOCATION" and whole == target)
            )
            labelled = said and (bool(scheme) or target.lower() not in mailboxes)
            try:
                address = SipAddress.parse(target)
            except AddressRefused as refused:
                if labelled or imitates(target.rsplit("@", 1)[-1].lower()):
                    steps.append(Step("address", _shown(target), f"refused: {refused.message}"))
                continue
            printed.append(Printed(address, (at, offset + match.start()), text.source, labelled))
        if line.strip() and not matches:
            heading, age = line.strip()[:100], 0
        else:
            age += 1
        offset += len(line) + 1


def _shown(text: str) -> str:
    return text.split("?", 1)[0][:120]
