from roomgate.hub.http.described import describe
from roomgate.hub.http.problem import MEDIA_TYPE


def operation(*parameters: str) -> dict[str, object]:
    return {
        "parameters": [{"name": name, "in": "header"} for name in parameters],
        "responses": {"200": {"description": "ok"}, "400": {"description": "the framework's own"}},
    }


def test_every_operation_says_how_it_refuses() -> None:
    document = {
        "openapi": "3.1.0",
        "paths": {
            "/things": {"get": operation(), "post": operation()},
            "/things/{id}": {"patch": operation("If-Match")},
            "/rooms/{room}/asks": {"post": operation()},
        },
    }
    shown = describe(document)
    things = shown["paths"]["/things"]
    assert set(things["get"]["responses"]) == {"200", "400", "401", "403", "404", "503"}
    assert set(things["post"]["responses"]) - set(things["get"]["responses"]) == {"408", "409", "413"}
    assert "412" in shown["paths"]["/things/{id}"]["patch"]["responses"]
    assert {"202", "504"} <= set(shown["paths"]["/rooms/{room}/asks"]["post"]["responses"])
    schema = things["get"]["responses"]["400"]["content"][MEDIA_TYPE]["schema"]
    assert schema == {"$ref": "#/components/schemas/Problem"}
    assert {"title", "status", "code"} <= set(shown["components"]["schemas"]["Problem"]["properties"])
    assert shown["security"] == [{"token": []}]
    assert set(document["paths"]["/things"]["get"]["responses"]) == {"200", "400"}  # the framework's is left alone
