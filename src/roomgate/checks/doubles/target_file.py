"""The target file of a double that runs: complete for all tiers, so that the next command is a check of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from roomgate.checks.doubles.device import HELPER, NOTICE
from roomgate.checks.doubles.scene import ADA, BEN, CAUSES, GUS, OAK, Scene, role_of, test_person
from roomgate.checks.doubles.service import CODE_S

PER_SECOND = 20.0  # it is our own, on this machine
OPERATOR = "operator"
# The links of the file live as long as a working day. Only the one that K02 has issued ends while it is watched.
SHORT, SHORT_S = "a short link", 8.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where things are. ``door`` is the port at which a listener would be at the site; ``device`` is its table."""

    address: str
    ca: str
    marker: str
    others: tuple[str, ...] = ()  # further addresses of the same
    device: Mapping[str, str] = field(default_factory=dict)
    door: int = 0
    bridge: str = ""  # the connector's account on the device, where that can be asked over xAPI
    site: str = "127.0.0.1"


def build_tables(scene: Scene, place: Place) -> dict[str, Any]:
    """The target file as tables."""
    made: dict[str, Any] = {
        "target": {
            "name": "The double",
            "urls": [f"{place.address}/", *(f"{one}/" for one in place.others)],
            "sign_in": f"{place.address}/signin",
            "vendor_lifetime": "eight hours from when a link is first opened, or what it was issued for",
        },
        "authorisation": {
            "text": "A double on this machine's loopback, started to be checked.",
            "by": "whoever started it",
        },
        "permitted": {
            "requests_per_second": PER_SECOND, "room": "Oak room", "callee": "echo@example.com", "intrusive": True,
        },
        "site": {"connector": place.site},
        "links": _links(scene, place),
        "accounts": _accounts(scene, place),
        "channels": _channels(place),
        "causes": [_cause(scene, place, one) for one in CAUSES],
    }  # fmt: skip
    if place.ca:
        made["target"]["ca"] = place.ca
    if place.device:
        made["device"] = dict(place.device)
    return made | _own_tables(scene, place)


def _links(scene: Scene, place: Place) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for number, link in enumerate(scene.links, 1):
        url = f"{place.address}/d/{link.code}"
        reads = [{"url": f"{url}/status", "expects": place.marker}]
        made.append({"url": url, "name": f"link {number}", "marker": place.marker, "account": ADA, "reads": reads})
    made[-1] |= {"name": SHORT, "lifetime_s": SHORT_S}
    return made


def _accounts(scene: Scene, place: Place) -> list[dict[str, Any]]:
    form = {"user": "{user}", "password": "{password}"}
    entrance = {"request": {"url": f"{place.address}/signin", "method": "POST", "form": form, "carry": True}}
    made: list[dict[str, Any]] = [
        {"name": name, "role": role_of(name), "user": name, "password": password, "sign_in": entrance}
        for name, password in scene.passwords.items()
    ]
    for one in made:
        if one["name"] == GUS:
            one["wrong_passwords"] = True
    operator = {"name": OPERATOR, "role": "administrator", "token": scene.service.operator_token}
    return [*made, operator]


def _channels(place: Place) -> list[dict[str, Any]]:
    room, socket = f"{place.address}/api/rooms/{OAK}", place.address.replace("https", "wss", 1)
    return [
        {"name": "status", "kind": "request", "request": {"url": f"{room}/status"}, "expects": place.marker},
        {"name": "wait", "kind": "long-poll", "request": {"url": f"{room}/wait"}, "expects": place.marker},
        {"name": "events", "kind": "events", "request": {"url": f"{room}/events"}, "expects": place.marker},
        {"name": "recording", "kind": "download", "request": {"url": f"{room}/recording"}, "expects": place.marker},
        {
            "name": "socket", "kind": "websocket", "request": {"url": f"{socket}/ws/{OAK}"}, "send": "read",
            "expects": place.marker,
        },
    ]  # fmt: skip


def by_operator(place: Place, path: str, method: str = "POST", body: Any = None) -> dict[str, Any]:
    """A request of the operator's, as an Ask."""
    made = {"url": f"{place.address}{path}", "method": method, "account": OPERATOR}
    return made | ({"json": body} if body is not None else {})


def _deed(place: Place, path: str, method: str = "POST", body: Any = None) -> dict[str, Any]:
    return {"request": by_operator(place, path, method, body)}


def _cause(scene: Scene, place: Place, kind: str) -> dict[str, Any]:
    name = test_person(kind)
    at, password = f"/api/admin/people/{name}", scene.passwords[name]
    again = {"name": name, "password": password, "role": role_of(name), "rooms": [OAK]}
    anew = _deed(place, "/api/admin/people", body=again)
    other = "another-" + password
    undo: dict[str, Any] | None
    match kind:
        case "admin-password" | "own-password":
            deed = _deed(place, f"{at}/password", body={"password": other})
            undo = _deed(place, f"{at}/password", body={"password": password})
        case "device-password":
            deed = _deed(place, "/api/admin/device-password", body={"password": "another-4711-Word"})
            undo = _deed(place, "/api/admin/device-password", body={"password": "yet-4712-Another", "told": True})
        case "deleted":
            deed, undo = _deed(place, at, "DELETE"), anew
        case "disabled":
            deed, undo = _deed(place, f"{at}/disable"), _deed(place, f"{at}/enable")
        case "scim-disabled":
            deed, undo = (_deed(place, f"/scim/v2/Users/{name}", "PATCH", _active(on)) for on in (False, True))
        case "role-removed":
            deed, undo = _deed(place, f"{at}/role", body={"role": "none"}), anew
        case "grant-removed":
            deed, undo = _deed(place, f"{at}/grants", body={"rooms": []}), anew
        case "lock":
            deed, undo = _deed(place, f"{at}/lock"), _deed(place, f"{at}/enable")
        case "session-ended":
            deed, undo = _deed(place, f"{at}/end-sessions"), None
        case _:
            deed, undo = _deed(place, "/backchannel-logout", body={"user": name}), None
    made = {
        "name": kind.replace("-", " "),
        "kind": kind,
        "account": name,
        "deed": deed,
        "watch_s": 12.0,
        "within_s": 10.0,
    }
    return made | ({"undo": undo} if undo else {})


def _active(on: bool) -> dict[str, Any]:
    schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
    return {"schemas": [schema], "Operations": [{"op": "replace", "path": "active", "value": on}]}


def _own_tables(scene: Scene, place: Place) -> dict[str, Any]:
    """The tables that checks have of their own."""
    link, room = f"{place.address}/d/{scene.links[0].code}", f"{place.address}/api/rooms/{OAK}"
    status = {"url": f"{room}/status", "account": ADA, "expects": place.marker}
    camera = {"url": f"{room}/camera", "method": "POST", "json": {}, "account": ADA}
    issue = _deed(place, "/api/admin/links", body={"owner": ADA, "room": OAK, "lifetime_s": SHORT_S})
    pointed = _deed(place, "/api/admin/device", "PUT", {"host": "{host}", "port": "{port}"})
    device = urlsplit(place.device.get("url", ""))
    back = _deed(place, "/api/admin/device", "PUT", {"host": device.hostname, "port": device.port or 443})
    redeem = {"request": {"url": f"{place.address}/enrol", "method": "POST", "json": {"code": "{code}"}}}
    hang_up = _deed(place, f"/api/admin/room/{OAK}/hang-up")
    made: dict[str, Any] = {
        "K02": {"issue": issue, "like": SHORT, "watch_s": 60.0},
        "K07": {"pages": [{"via": f"{link}/web/signin", "path": "/web/signin", "account": ADA}]},
        "K08": {
            "place": {"url": f"{link}/call", "method": "POST", "json": {"number": "{callee}"}}, "account": BEN,
            "allowed": ADA, "wait_s": 2.0, "hang_up": hang_up,
        },
        "K16": {"pairs": [status], "other": BEN},
        "K18": {
            "changes": [_preference(place, one) for one in ("fr", "en")], "page": f"{place.address}/",
            "gets": [{"url": f"{place.address}/preferences?language=fr", "account": BEN, "expects": _shown("fr")}],
            "effect": {"url": f"{place.address}/api/me", "account": BEN},
        },
        "K21": {"listen": place.site, "point_at": pointed, "point_back": back, "wait_s": 5.0},
        "K22": {"issue": _deed(place, "/api/admin/enrolments"), "redeem": redeem, "lifetime_s": CODE_S},
        "K23": {
            "acts": _acts(place, status), "record": _deed(place, "/api/admin/record", "GET"), "delay_s": 2.0,
            "tamper_evidence": {
                "request": by_operator(place, "/api/admin/record/verify", "GET") | {"expects": '"whole": true'}
            },
        },
        "K24": {"ports": [place.door]},
        "K25": {
            "act": {"request": camera}, "undo": hang_up, "within_s": 3.0,
            "panel": by_operator(place, f"/api/admin/room/{OAK}/screen", "GET") | {"expects": NOTICE},
        },
        "K28": {
            "uninstall": _deed(place, "/api/admin/uninstall"), "reinstall": _deed(place, "/api/admin/install"),
            "accounts": [HELPER], "macros": [HELPER], "after_s": 2.0,
        },
    }  # fmt: skip
    if place.bridge:
        visit = {"request": {"url": link, "account": ADA, "expects": place.marker}}
        made["K26"] = {"visit": visit, "accounts": [place.bridge], "after_s": 3.0}
    else:
        made["K08"]["placed"] = by_operator(place, f"/api/admin/room/{OAK}/call", "GET") | {"expects": ": true"}
    return made


def _shown(language: str) -> str:
    return f'"language": "{language}"'


def _preference(place: Place, language: str) -> dict[str, Any]:
    url = f"{place.address}/preferences"
    return {"url": url, "method": "POST", "form": {"language": language}, "account": BEN, "expects": _shown(language)}


def _acts(place: Place, status: dict[str, Any]) -> list[dict[str, Any]]:
    ended = _deed(place, f"/api/admin/people/{test_person('lock')}/end-sessions")
    strange = {"url": status["url"]}
    return [
        {"name": "a reading", "deed": {"request": status}, "who": [ADA], "what": ["status"], "where": [OAK]},
        {
            "name": "somebody else's try", "deed": {"request": status | {"account": BEN}}, "who": [BEN],
            "what": ["status"], "where": [OAK], "refused": True,
        },
        {
            "name": "a stranger's try", "deed": {"request": strange}, "who": ["stranger"], "what": ["status"],
            "where": [OAK], "refused": True,
        },
        {"name": "sessions ended", "deed": ended, "who": [OPERATOR], "what": ["end-sessions"]},
    ]  # fmt: skip


# ---- TOML ------------------------------------------------------------------------------------------


def write_toml(tables: Mapping[str, Any]) -> str:
    """Tables, and lists of tables, each with inline values below. JSON's strings are TOML's too."""
    made = []
    for name, table in tables.items():
        for one in table if isinstance(table, list) else [table]:
            made.append(f"[[{name}]]" if isinstance(table, list) else f"[{name}]")
            made += [f"{_key(key)} = {_value(value)}" for key, value in one.items()]
            made.append("")
    return "\n".join(made)


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else _value(key)


def _value(value: Any) -> str:
    match value:
        case dict():
            return "{ " + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(_value(one) for one in value) + "]"
    # JSON lets DEL stand as it is; TOML does not.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
