"""The API's description, completed: the framework knows what succeeds, this adds how each route says no.

Pure: from the framework's document to the one that is shown.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from roomgate.hub.http.problem import MEDIA_TYPE, Problem

_ALWAYS = (400, 401, 403, 404, 503)  # bad input, nobody, no right, no such thing, busy or the disk failed
_CHANGES = (408, 409, 413)  # too slow, the state of the world, too large
_ASKS = ("/asks",)


def describe(framework: Mapping[str, Any]) -> dict[str, Any]:
    """Give every operation its refusals as problem documents, and the document its one way to sign in."""
    (schema,), parts = msgspec.json.schema_components([Problem], ref_template="#/components/schemas/{name}")
    components = dict(framework.get("components", {}))
    components["schemas"] = {**components.get("schemas", {}), **parts}
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    paths = {
        path: {verb: _operation(path, verb, dict(one), schema) for verb, one in operations.items()}
        for path, operations in framework["paths"].items()
    }
    return {**framework, "paths": paths, "components": components, "security": [{"token": []}]}


def _operation(path: str, verb: str, operation: dict[str, Any], problem: Mapping[str, Any]) -> dict[str, Any]:
    statuses = [*_ALWAYS]
    if verb != "get":
        statuses += _CHANGES
    if any(one["name"] == "If-Match" for one in operation.get("parameters", [])):
        statuses.append(412)
    responses = dict(operation["responses"])
    if path.endswith(_ASKS):
        responses["202"] = {**responses["200"], "description": "It waits for consent, or the device works"}
        statuses.append(504)
    for status in statuses:
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": dict(problem)}},
        }
    return {**operation, "responses": responses}
