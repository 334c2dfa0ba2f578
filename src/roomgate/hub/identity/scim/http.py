"""The SCIM endpoints, at /scim/v2. Whatever is asked and however it fails, the answer has SCIM's own form."""

import asyncio
import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
from litestar import HttpMethod, Response, route

from roomgate import log
from roomgate.errors import RoomgateError
from roomgate.hub.http.asking import Hub, Req, Who
from roomgate.hub.identity.person import Signed
from roomgate.hub.identity.scim.refusal import (
    MEDIA_TYPE,
    ScimRefusal,
    build_scim_error,
    build_scim_refusal,
)
from roomgate.hub.identity.scim.service import Directories, require_directory
from roomgate.hub.parts import Parts

PATH = "/scim/v2"
_KINDS = ("Users", "Groups")
_DISCOVERY = ("ServiceProviderConfig", "ResourceTypes", "Schemas")
_log = log.get("scim")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, taken apart."""

    method: str
    words: tuple[str, ...]
    query: Mapping[str, str]
    body: bytes
    if_match: str
    if_none_match: str
    base: str


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """An answer that is none of our errors'."""

    def __init__(self, status: int, detail: str, kind: str | None = None) -> None:
        super().__init__(detail)
        self.refusal = build_scim_error(status, detail, kind)


@route(
    [PATH, PATH + "/{rest:path}"],
    http_method=[HttpMethod.GET, HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH, HttpMethod.DELETE],
    include_in_schema=False,
)
async def scim(request: Req, parts: Hub, signed: Who) -> Response[bytes]:
    # Slow to load, and not on the loop: the first request of all waits for it, nobody else.
    representation: Any = await asyncio.to_thread(importlib.import_module, "roomgate.hub.identity.scim.representation")
    public = parts.config.public_url or str(request.base_url)
    asked = Asked(
        request.method, tuple(word for word in request.url.path.removeprefix(PATH).split("/") if word),
        {name: values[-1] for name, values in request.query_params.dict().items()}, await request.body(),
        request.headers.get("if-match", ""), request.headers.get("if-none-match", ""), public.rstrip("/") + PATH,
    )  # fmt: skip
    try:
        answered = await _answer(asked, parts, signed, representation)
    except Exception as fault:  # the outermost edge of this service: all that is refused, in its own form
        answered = _refuse(fault, representation)
    return Response(answered.body, status_code=answered.status, media_type=MEDIA_TYPE, headers=dict(answered.headers))


def _refuse(fault: Exception, representation: Any) -> Answered:
    match fault:
        case Refused():
            refusal = fault.refusal
        case RoomgateError():
            refusal = build_scim_refusal(fault)
        case RecursionError():
            refusal = build_scim_error(400, "This is nested too deeply.", "invalidSyntax")
        case _:
            refusal = _theirs(representation.explain(fault)) or _failed(fault)
    return Answered(refusal.status, refusal.body, dict(refusal.headers))


def _theirs(said: tuple[int, str, str | None] | None) -> ScimRefusal | None:
    return None if said is None else build_scim_error(*said)


def _failed(fault: Exception) -> ScimRefusal:
    _log.error("scim.failed", error=f"{type(fault).__name__}: {fault}"[:300], exc_info=fault)
    return build_scim_refusal(fault)


async def _answer(asked: Asked, parts: Parts, signed: Signed, scim: Any) -> Answered:
    require_directory(signed)
    match asked.words:
        case (kind, *rest) if kind in _DISCOVERY and len(rest) < 2:
            _require_method(asked, "GET")
            return _discover(asked, kind, rest[0] if rest else None, scim)
        case (kind,) if kind in _KINDS:
            _require_method(asked, "GET", "POST")
            resources = Resources(parts.directories, signed, asked, kind, scim)
            return await (resources.list() if asked.method == "GET" else resources.add())
        case (kind, id) if kind in _KINDS and id != ".search":
            resources = Resources(parts.directories, signed, asked, kind, scim)
            match asked.method:
                case "GET":
                    return await resources.show(id)
                case "PUT" | "PATCH":
                    return await resources.change(id)
                case "DELETE":
                    return await resources.remove(id)
            raise Refused(405, "This takes GET, PUT, PATCH or DELETE.")
        case ("Me" | "Bulk" | ".search", *_) | (_, ".search"):
            raise Refused(501, "This is not offered; see ServiceProviderConfig.")
    raise Refused(404, "There is no such endpoint.")


def _require_method(asked: Asked, *methods: str) -> None:
    if asked.method not in methods:
        raise Refused(405, f"This takes {' or '.join(methods)}.")


def _discover(asked: Asked, kind: str, id: str | None, scim: Any) -> Answered:
    if kind == "ServiceProviderConfig" and id is None:
        return _shown(scim.dump(scim.build_config(asked.base), scim.Context.RESOURCE_QUERY_RESPONSE))
    if kind == "ServiceProviderConfig":
        raise Refused(404, "There is one configuration.")
    found = scim.build_resource_types(asked.base) if kind == "ResourceTypes" else scim.build_schemas(asked.base)
    if id is None:
        return _shown(scim.dump_page(type(found[0]), found, len(found), 0))
    one = next((one for one in found if one.id == id), None)
    if one is None:
        raise Refused(404, "There is no such resource.")
    return _shown(scim.dump(one, scim.Context.RESOURCE_QUERY_RESPONSE))


def _shown(dumped: dict[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Answered:
    return Answered(status, msgspec.json.encode(dumped), headers or {})


@dataclass(frozen=True, slots=True)
class Resources:
    """The operations on people or groups: alike but for what they are called."""

    directories: Directories
    by: Signed
    asked: Asked
    kind: str
    scim: Any

    @property
    def _people(self) -> bool:
        return self.kind == "Users"

    @property
    def _model(self) -> Any:
        return self.scim.User if self._people else self.scim.Group

    def _build(self, kept: Any) -> Any:
        build = self.scim.build_user if self._people else self.scim.build_group
        return build(kept, self.asked.base)

    async def list(self) -> Answered:
        scim = self.scim
        asked = scim.parse_asked(self._model, self.asked.query)
        wanted, left = scim.plan_search(asked)
        fits = None if left is None else lambda kept: left.match(self._build(kept))
        start = asked.start_index_0
        count = min(scim.USUAL_RESULTS if asked.count is None else asked.count, scim.MOST_RESULTS)
        search: Any = self.directories.people if self._people else self.directories.groups
        found, total = await search(self.by, wanted, fits, start, count)
        # Beside the loop: a page of large groups takes its time.
        return await asyncio.to_thread(
            lambda: _shown(scim.dump_page(self._model, [self._build(one) for one in found], total, start, asked))
        )

    async def show(self, id: str) -> Answered:
        shown = self.scim.parse_shown(self._model, self.asked.query)
        kept: Any = await (
            self.directories.person(id, self.by) if self._people else self.directories.group(id, self.by)
        )
        version = self.scim.build_version(kept.version)
        if self.asked.if_none_match == version:
            return Answered(304, headers={"ETag": version})
        return await self._one(kept, self.scim.Context.RESOURCE_QUERY_RESPONSE, shown)

    async def add(self) -> Answered:
        scim, payload = self.scim, _payload(self.asked)
        shown = scim.parse_shown(self._model, self.asked.query)
        kept: Any
        if self._people:
            kept = await self.directories.add_person(await asyncio.to_thread(scim.parse_user, payload), self.by)
        else:
            kept = await self.directories.add_group(await asyncio.to_thread(scim.parse_group, payload), self.by)
        return await self._one(kept, scim.Context.RESOURCE_CREATION_RESPONSE, shown, 201)

    async def change(self, id: str) -> Answered:
        scim, payload = self.scim, _payload(self.asked)
        whole = self.asked.method == "PUT"
        shown = scim.parse_shown(self._model, self.asked.query)
        version = scim.parse_version(self.asked.if_match)
        kept: Any
        if self._people:
            parse = partial(scim.replace_user, payload) if whole else partial(scim.patch_user, payload, self.asked.base)
            kept = await self.directories.change_person(id, await asyncio.to_thread(parse), self.by, version)
        else:
            parse = (
                partial(scim.replace_group, payload) if whole else partial(scim.patch_group, payload, self.asked.base)
            )
            kept = await self.directories.change_group(id, await asyncio.to_thread(parse), self.by, version)
        context = scim.Context.RESOURCE_REPLACEMENT_RESPONSE if whole else scim.Context.RESOURCE_PATCH_RESPONSE
        return await self._one(kept, context, shown)

    async def remove(self, id: str) -> Answered:
        version = self.scim.parse_version(self.asked.if_match)
        remove = self.directories.remove_person if self._people else self.directories.remove_group
        await remove(id, self.by, version)
        return Answered(204)

    async def _one(self, kept: Any, context: Any, shown: Any, status: int = 200) -> Answered:
        resource = await asyncio.to_thread(self._build, kept)
        headers = {"ETag": self.scim.build_version(kept.version), "Location": resource.meta.location}
        return _shown(await asyncio.to_thread(self.scim.dump, resource, context, shown), status, headers)


def _payload(asked: Asked) -> object:
    try:
        return msgspec.json.decode(asked.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as bad:
        raise Refused(400, f"The body is no JSON: {bad}"[:300], "invalidSyntax") from bad
