"""What a device says, once decoded: replies to requests, and feedback.

Structs of msgspec, which are made in a tenth of the time of a frozen dataclass: there is one for every frame.
"""

from typing import Any

import msgspec

from roomgate.xapi.errors import XapiError
from roomgate.xapi.tree import Document


class Reply(msgspec.Struct, frozen=True):
    """The answer to request ``number``: a result, or the error that the device gave instead."""

    number: int
    result: Any = None
    error: XapiError | None = None


class Feedback(msgspec.Struct, frozen=True):
    """What changed, rooted at its ``kind``: ``{"Status": {"Audio": {"Volume": 40}}}``.

    ``kind`` is Status, Configuration or Event. ``subscription`` is the device's own number for the
    subscription; feedback belongs to it and not to a path, because subscriptions may overlap. After a ``gap``
    some feedback may be missing: then ``document`` is all that is there now, not what changed.
    """

    subscription: int
    kind: str
    document: Document
    gap: bool = False
