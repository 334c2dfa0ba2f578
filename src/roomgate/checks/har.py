"""HTTP Archive 1.2 (http://www.softwareishard.com/blog/har-12-spec/): a look's exchanges for the tools that read it.

A body stands as far as it was kept, without the secrets that the checker knows; its hash is that of what was read.
"""

from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from roomgate import __version__
from roomgate.checks.snapshot import Exchange, Snapshot
from roomgate.clock import iso, parse_iso

_HTTP = "HTTP/1.1"
_UNKNOWN = -1


def build_har(snapshot: Snapshot) -> dict[str, Any]:
    """Everything that one look asked by HTTP, in the order it was asked."""
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "roomgate check", "version": __version__},
            "comment": f"the look {snapshot.look}, {snapshot.ended.value}",
            "entries": [
                _entry(step, number) for number, step in enumerate(snapshot.steps) if isinstance(step, Exchange)
            ],
        }
    }


def encode_har(snapshot: Snapshot) -> bytes:
    return msgspec.json.format(msgspec.json.encode(build_har(snapshot)), indent=1) + b"\n"


def _entry(step: Exchange, number: int) -> dict[str, Any]:
    took = max(step.took_ms, 0.0)
    return {
        "startedDateTime": _began(step.at, took),
        "time": took,
        "request": _request(step),
        "response": _response(step),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        "comment": f"step {number}, {step.label}" + (f", as {step.subject}" if step.subject else ""),
    }


def _request(step: Exchange) -> dict[str, Any]:
    made: dict[str, Any] = {
        "method": step.method,
        "url": step.url,
        "httpVersion": _HTTP,
        "cookies": _cookies(value for name, value in step.sent if name.lower() == "cookie"),
        "headers": _pairs(step.sent),
        "queryString": _pairs(_query(step.url)),
        "headersSize": _UNKNOWN,
        "bodySize": len(step.sent_body.encode("utf-8", "replace")),
    }
    if step.sent_body:
        kind = next((value for name, value in step.sent if name.lower() == "content-type"), "")
        made["postData"] = {"mimeType": kind, "text": step.sent_body}
    return made


def _response(step: Exchange) -> dict[str, Any]:
    made: dict[str, Any] = {
        "status": step.status,
        "statusText": _phrase(step.status),
        "httpVersion": _HTTP if step.answered else "",
        "cookies": _cookies(step.every("set-cookie")),
        "headers": _pairs(step.headers),
        "content": {"size": step.body_bytes, "mimeType": step.header("content-type"), "text": step.body},
        "redirectURL": step.header("location"),
        "headersSize": _UNKNOWN,
        "bodySize": _UNKNOWN,
        "_sha256": step.body_sha256,
        "_truncated": step.truncated,
    }
    if step.fault:
        made["_error"] = step.fault
    return made


def _began(at: str, took_ms: float) -> str:
    """A step is written down when it is over."""
    try:
        return iso(parse_iso(at) - timedelta(milliseconds=took_ms))
    except (ValueError, OverflowError):
        return at


def _query(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=200)
    except ValueError:
        return []


def _cookies(lines: Any) -> list[dict[str, str]]:
    found = []
    for line in lines:
        jar: SimpleCookie = SimpleCookie()
        try:
            jar.load(line)
        except CookieError:
            continue
        found += [{"name": name, "value": one.value} for name, one in jar.items()]
    return found


def _pairs(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
