"""What is sent out, to strangers and to accounts: pages, their scripts, replies with data, a support bundle.

Each page and script is asked for once as somebody who has not signed in, and pages and replies once more as at most
two accounts: one of each role. Nothing but what the target file names and what its pages load from home is asked for.
"""

import asyncio
import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from roomgate.checks.declared import Look, Tier
from roomgate.checks.kit import Kit
from roomgate.checks.markup import parse_markup
from roomgate.checks.secrecy import find_secrets
from roomgate.checks.snapshot import Exchange
from roomgate.checks.target import Account, Ask, Target
from roomgate.checks.web import CannotSignIn, Session

PAGE, SCRIPT, OWN_PAGE, OWN_SCRIPT, REPLY = "page", "script", "page of an account", "script of an account", "reply"
BUNDLE, NOT_LET_IN = "bundle", "account not let in"
PAGES_MOST, SCRIPTS_MOST, REPLIES_MOST, LINKS_MOST, MEMBERS_MOST = 4, 6, 6, 2, 200
UNPACKED_MOST, MEMBER_MOST = 64 * 1024 * 1024, 4 * 1024 * 1024


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``reads``: further replies to look into. ``bundle``: how a support bundle is fetched, ``bundle_file`` one that
    somebody has fetched."""

    reads: tuple[Ask, ...] = ()
    bundle: Ask | None = None
    bundle_file: str = ""


async def _run(kit: Kit) -> None:
    about = kit.target.about
    links = [link.url for link in kit.target.links[:LINKS_MOST]]
    pages = list(dict.fromkeys([*about.urls[:PAGES_MOST], *([about.sign_in] if about.sign_in else []), *links]))
    asked: set[str] = set()
    kit.progress("as a stranger", 0.0)
    await _pages(kit, pages, kit.web.fresh(), PAGE, SCRIPT, asked)
    options = kit.target.option("K27", Options) or Options()
    for number, account in enumerate(one_of_each(kit.target)):
        kit.progress(f"as {account.name}", (number + 1) / 4)
        try:
            session = await kit.web.sign_in(account.name)
        except CannotSignIn as refused:
            kit.recorder.fact(NOT_LET_IN, account.name, subject=account.name, fault=str(refused))
            continue
        await _pages(kit, list(dict.fromkeys([about.urls[0], *links])), session, OWN_PAGE, OWN_SCRIPT, asked)
        for ask in _replies(kit.target, account, options)[:REPLIES_MOST]:
            await kit.web.send(ask, REPLY, session, declared=True, follow=1, subject=account.name)
    kit.progress("the support bundle", 0.9)
    await _bundle(kit, options)


async def _pages(kit: Kit, pages: list[str], session: Session, label: str, scripts: str, asked: set[str]) -> None:
    found: dict[str, None] = {}
    for url in pages:
        step = await kit.web.get(url, label, session, follow=3)
        for one in parse_markup(step.body).loads:
            if one.tag == "script":
                found.setdefault(_joined(step.url, one.url))
    for url in found:
        if url not in asked and sum(1 for one in asked) < SCRIPTS_MOST * 2 and _at_home(kit, url):
            asked.add(url)
            await kit.web.get(url, scripts, session)


def one_of_each(target: Target) -> list[Account]:
    """One account of each role, of those that can sign in."""
    found: dict[str, Account] = {}
    for account in target.accounts:
        if account.sign_in is not None or account.token or account.headers:
            found.setdefault("administrator" if account.role == "administrator" else "user", account)
    return list(found.values())


def _replies(target: Target, account: Account, options: Options) -> list[Ask]:
    """Reads that the target file names, for this account or for anybody."""
    reads = [*options.reads]
    reads += [ask for link in target.links if link.account in ("", account.name) for ask in link.reads]
    reads += [one.request for one in target.channels if one.kind == "request" and one.request.method.upper() == "GET"]
    return [ask for ask in reads if ask.account in ("", account.name)]


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url)
    except ValueError:
        return ""


def _at_home(kit: Kit, url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and kit.addresses.knows(parts.hostname or "")


# ---- the support bundle ------------------------------------------------------------------------------


async def _bundle(kit: Kit, options: Options) -> None:
    if options.bundle is not None:
        raw = bytearray()
        try:
            step = await kit.web.send(options.bundle, BUNDLE, declared=True, follow=3, into=raw)
        except CannotSignIn as refused:
            kit.recorder.fact(BUNDLE, "", fault=str(refused))
            return
        if not step.succeeded:
            kit.recorder.fact(BUNDLE, options.bundle.url, fault=f"not served: {step.status or step.fault}")
            return
        await _read_bundle(kit, options.bundle.url, bytes(raw), whole=not step.truncated)
    if options.bundle_file:
        try:
            with (kit.target.base / options.bundle_file).open("rb") as file:
                raw_file = file.read(UNPACKED_MOST + 1)
        except OSError as fault:
            kit.recorder.fact(BUNDLE, options.bundle_file, fault=f"{fault.strerror}")
            return
        await _read_bundle(kit, options.bundle_file, raw_file, whole=len(raw_file) <= UNPACKED_MOST)


async def _read_bundle(kit: Kit, name: str, raw: bytes, *, whole: bool) -> None:
    """Of each file in it, only the lines that show something are kept: a bundle is full of other people's affairs."""
    members = await asyncio.to_thread(lambda: list(_unpacked(name, raw)))
    for member, content, complete in members:
        text = kit.recorder.masks.clean(content.decode("utf-8", "replace"))
        value = {"bytes": len(content), "lines": _telling(text, kit.time.now()), "whole": complete and whole}
        kit.recorder.fact(BUNDLE, member, value)


def _telling(text: str, now: datetime) -> list[str]:
    found = [line[:2000] for line in text.splitlines() if "‹" in line]
    found += [f"{hit.what}" for hit in find_secrets(text, now, to_stranger=False) if hit.sure]
    return found[:50]


def _unpacked(name: str, raw: bytes) -> Iterator[tuple[str, bytes, bool]]:
    """Its files, bounded in number and size; what cannot be opened is read as it is."""
    if raw[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
                raw = file.read(UNPACKED_MOST)
        except (OSError, EOFError, zlib.error):
            pass
    try:
        if zipfile.is_zipfile(io.BytesIO(raw)):
            yield from _of_zip(raw)
            return
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as tar:
            yield from _of_tar(tar)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError, KeyError):
        yield name, raw[:MEMBER_MOST], len(raw) <= MEMBER_MOST and not raw.startswith((b"PK", b"\x1f\x8b"))


def _of_zip(raw: bytes) -> Iterator[tuple[str, bytes, bool]]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        for info in infos[:MEMBERS_MOST]:
            with archive.open(info) as file:
                content = file.read(MEMBER_MOST + 1)
            yield info.filename[:200], content[:MEMBER_MOST], len(content) <= MEMBER_MOST and len(infos) <= MEMBERS_MOST


def _of_tar(tar: tarfile.TarFile) -> Iterator[tuple[str, bytes, bool]]:
    number = 0
    for info in tar:
        if not info.isfile():
            continue
        number += 1
        if number > MEMBERS_MOST:
            yield "further files", b"", False
            return
        file: Any = tar.extractfile(info)
        content = file.read(MEMBER_MOST + 1)
        yield info.name[:200], content[:MEMBER_MOST], len(content) <= MEMBER_MOST


def looked_into(steps: list[Exchange]) -> list[Exchange]:
    """Those that have something to read."""
    return [step for step in steps if step.answered and step.body and not step.fault]


LOOK = Look("sources", Tier.OUTSIDE, _run)
