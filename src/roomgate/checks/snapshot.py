"""What a look saw, step by step, in a form that can be kept, hashed, read again and judged. Data only.

Secrets that the checker knows (passwords, tokens, cookies of a sign-in) are masked before a step is made. A body is
kept as text up to TEXT_MOST, with the hash and size of the whole, as far as it was read.
"""

from enum import StrEnum
from typing import Any, TypeVar, Union

import msgspec

from roomgate.errors import BadInput

TEXT_MOST = 256 * 1024
S = TypeVar("S")
Headers = tuple[tuple[str, str], ...]


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """``label`` is the look's own word for why it did this; judges select by it. ``t`` is in seconds since the look
    began, by a clock that never jumps; ``at`` is the wall clock's UTC."""

    label: str
    t: float
    at: str
    subject: str = ""  # the account, link or channel that it was done as


class Exchange(Step, frozen=True, kw_only=True, omit_defaults=True, tag="exchange"):
    """One HTTP request and its answer. ``status`` 0: there was none, and ``fault`` says why in a word or two."""

    method: str
    url: str
    sent: Headers = ()
    sent_body: str = ""
    status: int = 0
    headers: Headers = ()
    body: str = ""
    body_sha256: str = ""
    body_bytes: int = 0
    truncated: bool = False  # there was more than was read
    took_ms: float = 0.0
    fault: str = ""

    def header(self, name: str) -> str:
        """The first header of this name, in any case; empty where there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def every(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def answered(self) -> bool:
        return self.status > 0

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300


class Frame(Step, frozen=True, kw_only=True, omit_defaults=True, tag="frame"):
    """What came or went on a live channel. ``way``: opened, refused, sent, received, closed."""

    channel: str
    way: str
    url: str = ""
    text: str = ""
    code: int = 0
    size: int = 0


class Render(Step, frozen=True, kw_only=True, omit_defaults=True, tag="render"):
    """A page as a browser shows it. ``skeleton``: the elements of the DOM in order, ``tag:type:name``.

    ``forms``: each form's resolved action, method and field types. ``picture`` is the screenshot's file in the run's
    evidence folder, ``phash`` its perceptual hash in hex.
    """

    url: str
    title: str = ""
    text: str = ""
    skeleton: tuple[str, ...] = ()
    forms: tuple[dict[str, Any], ...] = ()
    scripts: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()  # the addresses that the page made the browser ask for
    referrers: tuple[tuple[str, str], ...] = ()  # to which origin which Referer was sent
    picture: str = ""
    phash: str = ""
    html: str = ""  # its DOM as markup, when it had come to rest
    fault: str = ""


class Act(Step, frozen=True, kw_only=True, omit_defaults=True, tag="act"):
    """Something that was changed at the target, by the file's own means or by the tester's hand."""

    name: str
    how: str  # request, command, by hand
    ok: bool = True
    answer: str = ""
    began: float = 0.0  # ``t`` is when it was done


class Told(Step, frozen=True, kw_only=True, omit_defaults=True, tag="told"):
    """A tester's answer to a question that no program can answer."""

    question: str
    answer: str


class Fact(Step, frozen=True, kw_only=True, omit_defaults=True, tag="fact"):
    """Anything else that was seen, as plain JSON values: a certificate, a port, a device's list of sessions."""

    name: str
    value: Any = None
    fault: str = ""


AnyStep = Union[Exchange, Frame, Render, Act, Told, Fact]  # noqa: UP007 (a decoder needs it as a value)


class Ended(StrEnum):
    DONE = "done"
    SKIPPED = "skipped"  # the file lacks what it needs, or the tier was not asked for
    FAILED = "failed"  # it broke off: whatever it saw until then is here


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One look, whole. ``why`` says why it was skipped, or how it broke off."""

    look: str
    began: str = ""
    ended: Ended = Ended.DONE
    why: str = ""
    steps: tuple[AnyStep, ...] = ()

    def of(self, kind: type[S], label: str | None = None, subject: str | None = None) -> list[S]:
        """The steps of this kind, with this label and subject where they are given, in the order they were made."""
        return [
            step
            for step in self.steps
            if isinstance(step, kind)
            and (label is None or step.label == label)
            and (subject is None or step.subject == subject)
        ]

    def number(self, step: Step) -> int:
        """The step's own number, for a Point."""
        return next(n for n, one in enumerate(self.steps) if one is step)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Snapshot)


def encode_snapshot(snapshot: Snapshot) -> bytes:
    return _encoder.encode(snapshot)


def decode_snapshot(raw: bytes) -> Snapshot:
    """Raises BadInput for anything that `encode_snapshot` did not write."""
    try:
        return _decoder.decode(raw)
    except (msgspec.MsgspecError, RecursionError) as bad:
        raise BadInput(f"This is no recorded look: {bad}") from bad
