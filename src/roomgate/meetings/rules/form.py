"""What a rule pack may say, as written in its TOML file. `docs/reference/rule-packs.md` explains each key.

A pack is read once, whole, and strictly: a key that nobody knows is a mistake in the pack, not a wish for later.
"""

import difflib
import re
import tomllib
from typing import Any

import msgspec

from roomgate.errors import BadInput

FORMAT = 1
MOST_BYTES = 128 * 1024

Texts = tuple[str, ...]


class BadPack(BadInput):
    """A rule pack that is not used; the message names the pack and every complaint, one a line."""

    code = "meeting.rules.bad"
    hint = "`roomgate meeting rules check FOLDER` shows whether it is mended."


class LinkForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A web link, wrappers taken off. Groups of its patterns become fields."""

    hosts: Texts  # each with whatever is below it; "*" for any
    name: str = "link"
    not_hosts: Texts = ()
    path: str = ""
    query: dict[str, str] = {}
    not_query: dict[str, str] = {}
    unless: Texts = ()
    set: dict[str, str] = {}
    identifies: bool = True
    told: str = ""


class AddressForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A printed ``user@host``."""

    domains: Texts
    name: str = "printed"
    not_domains: Texts = ()
    user: str = ""
    labelled: bool = False
    most: int = 1
    set: dict[str, str] = {}
    identifies: bool = True
    told: str = ""


class TextForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something in the text: the value behind a label, or a pattern of its own."""

    name: str
    label: str = ""
    value: str = ""
    pattern: str = ""
    after: str = ""
    sources: Texts = ()
    unless: Texts = ()
    most: int = 1
    set: dict[str, str] = {}
    identifies: bool = False
    told: str = ""


class WordsForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The service's own words, for an invitation that lost its link. Looked for last."""

    any: Texts
    needs: Texts


class WayForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A way in. Of those that share a name, the first that can be made counts."""

    how: str
    address: str
    name: str = ""
    each: str = ""
    needs: Texts = ()
    unless: Texts = ()
    command: str = ""
    arguments: dict[str, str] = {}
    passcode: str = ""
    cloud: bool = False
    preferred_on_cloud: bool = False
    saw: str = ""
    decided: str = ""


class NoteForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the explanation."""

    step: str
    saw: str
    decided: str
    needs: Texts = ()
    unless: Texts = ()
    reason: str = ""


class RuleForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The short form for rules of one's own: a pattern, and the address that it makes."""

    name: str
    match: str
    address: str
    how: str = "sip"
    passcode: str = ""
    priority: int = 100
    look: str = "text"
    sources: Texts = ()


class SampleForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An invitation in miniature, and what is to become of it."""

    name: str
    join: str  # the address of the first way in, or "none"
    text: str = ""
    fields: dict[str, str] = {}
    how: str = ""
    command: str = ""
    passcode: str = ""
    others: Texts | None = None
    reason: str = ""
    registered: bool | None = None
    domains: Texts = ()


class PackForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole file."""

    format: int
    service: str
    version: int
    title: str
    origin: str = ""
    priority: int = 100
    fallback: bool = False
    retired: str = ""
    hints: Texts = ()
    domains: Texts = ()
    networks: Texts = ()
    clean: dict[str, str] = {}
    derive: dict[str, str] = {}
    labels: dict[str, dict[str, Texts]] = {}
    words: WordsForm | None = None
    link: tuple[LinkForm, ...] = ()
    address: tuple[AddressForm, ...] = ()
    text: tuple[TextForm, ...] = ()
    way: tuple[WayForm, ...] = ()
    note: tuple[NoteForm, ...] = ()
    rule: tuple[RuleForm, ...] = ()
    sample: tuple[SampleForm, ...] = ()


_FORMS: dict[str, type[msgspec.Struct]] = {
    "link": LinkForm, "address": AddressForm, "text": TextForm, "words": WordsForm, "way": WayForm,
    "note": NoteForm, "rule": RuleForm, "sample": SampleForm,
}  # fmt: skip
_UNKNOWN = re.compile(r"unknown field `([^`]*)`(?: - at `\$\.([a-z]+))?")


def parse_form(raw: bytes, name: str) -> PackForm:
    """The file as it stands; what it means is not judged yet. Raises `BadPack`."""
    if len(raw) > MOST_BYTES:
        raise BadPack(f"{name}: is larger than {MOST_BYTES // 1024} KiB")
    try:
        document = tomllib.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as bad:
        raise BadPack(f"{name}: is no TOML: {bad}"[:300]) from bad
    try:
        form = msgspec.convert(document, PackForm)
    except (msgspec.ValidationError, RecursionError) as bad:
        raise BadPack(f"{name}: {_told(str(bad))}") from bad
    if form.format != FORMAT:
        raise BadPack(f"{name}: is of format {form.format}; this release reads format {FORMAT}")
    return form


def _told(complaint: str) -> str:
    """The decoder's words, with the key that was meant where one is close."""
    if not (match := _UNKNOWN.search(complaint)):
        return complaint[:300]
    unknown, table = match.group(1), match.group(2)
    known = [field.name for field in msgspec.structs.fields(_FORMS.get(table or "", PackForm))]
    close = difflib.get_close_matches(unknown, known, n=1, cutoff=0.5)
    where = f"[{table}] " if table else ""
    meant = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
    return f"{where}nobody knows the key {unknown[:60]}; {meant}"


def as_document(form: PackForm) -> Any:
    """Plain data again, for a listing."""
    return msgspec.to_builtins(form)
