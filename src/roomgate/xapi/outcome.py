"""What XML and the terminal's JSON say of a command or a setting that was refused, as our errors.

Only the words ``ParameterError`` and ``Error`` are certain; the sentences are the device's, and which of them mean
a missing role or too many registrations is not established. So a sentence is passed on as it is, and looked at
only for what makes a caller act differently.
"""

import re

from roomgate.xapi.call import Verb
from roomgate.xapi.errors import (
    BadArgument,
    CommandFailed,
    NothingThere,
    PermissionDenied,
    TooManySubscriptions,
    UnknownPath,
    XapiError,
)
from roomgate.xapi.shape import Element

_UNKNOWN = re.compile(r"unknown command|no action detected|no match|unknown path|not found", re.IGNORECASE)
_DENIED = re.compile(r"permission|not authori[sz]ed|not allowed|access denied|insufficient role", re.IGNORECASE)
_TOO_MANY = re.compile(r"subscriber count|too many|maximum number|limit (?:is )?(?:exceeded|reached)", re.IGNORECASE)


def failure(answer: Element, verb: Verb | None) -> XapiError | None:
    """The error that a result stands for, or None for a good one. ``verb`` is what was asked."""
    status = answer.attributes.get("status", "OK")
    if status.lower() == "ok":
        return None
    told = answer.child("Reason", "Error", "Description")
    place = answer.child("XPath")
    sentence = told.says() if told is not None else answer.says()
    where = place.says() if place is not None else ""
    text = f"{sentence} ({where})" if where and where not in sentence else sentence
    if status.lower() == "parametererror":
        return BadArgument(text or "A parameter is missing, unknown or out of range")
    return refusal(text or "The device gave no reason", verb)


def refusal(text: str, verb: Verb | None) -> XapiError:
    """The error for a sentence of the device's."""
    if _DENIED.search(text):
        return PermissionDenied(text)
    if verb is Verb.SUBSCRIBE and _TOO_MANY.search(text):
        return TooManySubscriptions(text)
    if _UNKNOWN.search(text):
        return NothingThere(text) if verb is Verb.GET else UnknownPath(text)
    return BadArgument(text) if verb is Verb.SET else CommandFailed(text)
