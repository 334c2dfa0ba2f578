"""A meeting as it may be told outside its room: without what opens it.

Passcodes stand in dial strings, in links, and sometimes in the reasons for a decision. What is told to somebody who
looks from afar has dots in their place: too many rather than too few, since nobody dials from here.
"""

import re2

from roomgate.meetings.meeting import Join, Meeting, Step

DOTS = "•••"

# A number, a dot and more before the @: Zoom and its kind put the passcode there. A Teams gateway puts the customer's
# key there, which is no secret, and is masked all the same.
_DOTTED = re2.compile(r"\b([0-9]{6,18})\.[^\s@]{1,200}@")
_HASHED = re2.compile(r"(##[0-9]{1,18})#[^\s]{1,200}")
_LINK = re2.compile(r"(?i)\b(https?://[^\s/?#@]{1,253})[/?#][^\s]*")


def masked(text: str, passcodes: frozenset[str] = frozenset()) -> str:
    """``text`` without what opens a meeting: the ends of links and dial strings, and these passcodes."""
    for code in sorted(passcodes, key=len, reverse=True):
        if len(code) >= 4:
            text = text.replace(code, DOTS)
        else:  # a short one stands in half of all words
            word = re2.compile(rf"(^|[^0-9A-Za-z]){re2.escape(code)}($|[^0-9A-Za-z])")
            text = word.sub(lambda found: f"{found.group(1)}{DOTS}{found.group(2)}", text)
    text = _LINK.sub(lambda found: f"{found.group(1)}/{DOTS}", text)
    text = _HASHED.sub(lambda found: f"{found.group(1)}#{DOTS}", text)
    return str(_DOTTED.sub(lambda found: f"{found.group(1)}.{DOTS}@", text))


def passcodes_of(meeting: Meeting) -> frozenset[str]:
    return frozenset(code for join in (meeting.join, *meeting.alternatives) if (code := (join.passcode or "").strip()))


def masked_address(join: Join, passcodes: frozenset[str]) -> str:
    """Where the button leads; "" where there is none."""
    return masked(join.address or "", passcodes)


def masked_steps(steps: tuple[Step, ...], meeting: Meeting) -> tuple[Step, ...]:
    """The reasons. Of a private meeting only what was decided: what was seen is its organizer's."""
    codes = passcodes_of(meeting)
    if meeting.private:
        return tuple(Step(step.step, "", masked(step.decided, codes)) for step in steps)
    return tuple(Step(step.step, masked(step.saw, codes), masked(step.decided, codes)) for step in steps)
