"""What a device says, once decoded: replies to requests, and feedback."""

from dataclasses import dataclass
from typing import Any

from roomgate.xapi.errors import XapiError
from roomgate.xapi.tree import Document


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to request ``number``: a result, or the error that the device gave instead."""

    number: int
    result: Any = None
    error: XapiError | None = None


@dataclass(frozen=True, slots=True)
class Feedback:
    """What changed, rooted at its ``kind``: ``{"Status": {"Audio": {"Volume": 40}}}``.

    ``kind`` is Status, Configuration or Event. ``subscription`` is the device's own number for the
    subscription; feedback belongs to it and not to a path, because subscriptions may overlap.
    """

    subscription: int
    kind: str
    document: Document
