"""A console with one room whose device answers what the security and log pages ask."""

import hashlib
from base64 import b64encode
from typing import Any

from roomgate.link.messages import Outcome
from support.console import Site

BUNDLE = b"PK\x05\x06" + bytes(18)
NEVER = Outcome("", "refused", rule="never", words="UserManagement is never done for somebody outside.")


def refused(rule: str, words: str) -> Outcome:
    return Outcome("", "refused", rule=rule, words=words)


def answers(content: bytes = BUNDLE) -> dict[str, Any]:
    return {
        "Command/Roomgate/Accounts/List": {"Account": [{"id": 1, "Username": "roomgate-daily"}]},
        "Configuration": {"Conference": {"AutoAnswer": {"Mode": "On"}}, "NetworkServices": {"HTTP": {"Mode": "HTTPS"}}},
        "Command/Security/Session/List": {
            "Session": [
                {"id": 1, "Id": "s1", "Username": "roomgate-daily", "Type": "WebSocket", "Origin": "192.0.2.9"},
                {"id": 2, "Id": "s2", "Username": "mallory", "Type": "Web", "Origin": "192.0.2.66"},
            ]
        },
        "Command/UserManagement/User/List": {
            "User": [
                {"id": 1, "Username": "roomgate-daily", "Active": "True", "Roles": [{"Role": "User"}]},
                {"id": 2, "Username": "mallory", "Active": "True", "Roles": [{"Role": "Admin"}]},
            ]
        },
        "Command/Security/Certificates/Services/Show": {"Details": [{"Fingerprint": "ab", "NotAfter": "2026-03-11T09:00:00Z"}]},
        "Command/Security/Certificates/CA/Show": {"Details": [{"Fingerprint": "cd", "SubjectName": "CN=Root"}]},
        "Command/Security/Ciphers/List": {"Ciphers": [{"Name": "TLS_AES_128_GCM_SHA256"}]},
        "Status/HttpFeedback": [{"id": 1, "URL": "https://hook.example/x", "Status": "OK", "Expression": ["/Status/Call"]}],
        "Command/CallHistory/Get": {
            "Entry": [
                {"CallHistoryId": 1, "DisplayName": "Ada", "RemoteNumber": "ada@example.com", "OccurrenceType": "Placed",
                 "StartTimeUTC": "2026-03-10T08:00:00Z", "Duration": 61},
                {"CallHistoryId": 2, "DisplayName": "=cmd()", "OccurrenceType": "Missed"},
            ]
        },
        "Command/Roomgate/Logs/Collect": {
            "Bundle": b64encode(content).decode(), "Sha256": hashlib.sha256(content).hexdigest(), "Original": "o",
            "Hidden": 3, "Parts": [],
        },
    }  # fmt: skip


def guard(site: Site, **changed: Any) -> None:
    """Have its device answer; ``changed``: by the last two words of a command, such as ``User_List``."""
    said = answers()
    for name, answer in changed.items():
        key = next(path for path in said if path.endswith(name.replace("_", "/")))
        said[key] = answer
    site.answers = said
