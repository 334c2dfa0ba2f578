"""What a server sends, however much it is: bounded, decompressed within bounds, and read as text of a real charset."""

import codecs
import hashlib
import re
import zlib
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from roomgate.checks.snapshot import TEXT_MOST

BODY_MOST = 2 * 1024 * 1024
_CHARSET = re.compile(r"""(?i);\s*charset\s*=\s*["']?([a-z0-9_.:-]{1,40})""")
# Python knows codecs that are no charsets (punycode, unicode-escape, utf-7 …): slow, or able to make what is no text.
_WRITTEN = (
    "utf-8", "utf-16", "ascii", "iso8859", "cp125", "cp866", "cp932", "cp949", "latin", "koi8", "shift_jis", "euc_",
    "gb", "big5", "mac-", "hz", "iso2022",
)  # fmt: skip


@dataclass(slots=True)
class Body:
    """What came of a body, at most BODY_MOST bytes after one bounded decompression; also of one that broke off."""

    raw: bytearray = field(default_factory=bytearray)
    charset: str = "utf-8"
    truncated: bool = False

    async def read(self, answer: httpx.Response) -> None:
        kind = answer.headers.get("content-encoding", "").strip().lower()
        async for part in decoded(raw_of(answer), kind):
            self.raw += part
            if len(self.raw) > BODY_MOST:
                del self.raw[BODY_MOST:]
                self.truncated = True
                return

    def fields(self) -> dict[str, Any]:
        """Body, hash and size of what was read."""
        text = self.raw.decode(self.charset, "replace")
        return {
            "body": text[:TEXT_MOST],
            "body_sha256": hashlib.sha256(self.raw).hexdigest(),
            "body_bytes": len(self.raw),
            "truncated": self.truncated or len(text) > TEXT_MOST,
        }


def raw_of(answer: httpx.Response) -> httpx.AsyncByteStream:
    """Not aiterraw_of(): of an answer that a test made from a text, httpx has read the stream already."""
    stream = answer.stream
    assert isinstance(stream, httpx.AsyncByteStream)
    return stream


async def decoded(parts: AsyncIterable[bytes], kind: str) -> AsyncIterator[bytes]:
    if kind not in ("gzip", "x-gzip", "deflate"):
        async for part in parts:
            yield part
        return
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 32)
    async for part in parts:
        while part:
            try:
                made = unzip.decompress(part, 64 * 1024)
            except zlib.error as bad:
                raise ValueError("its compression is damaged") from bad
            if not made:
                break
            yield made
            part = unzip.unconsumed_tail


def charset_of(content_type: str) -> str:
    """The charset that it names, if that is one in which pages are written; UTF-8 otherwise."""
    found = _CHARSET.search(content_type)
    try:
        name = codecs.lookup(found[1]).name if found else "utf-8"
    except (LookupError, ValueError):
        return "utf-8"
    return name if name.startswith(_WRITTEN) else "utf-8"
