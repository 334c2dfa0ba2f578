"""The logs that a witness signs for: a file the operator writes, ``{"origin": "verifier key"}``.

A log that is not in the file is refused; nothing is learned from whoever comes first.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from roomgate.errors import BadInput
from roomgate.ledger.checkpoint import SIGNATURE, BadNote, VerifierKey

Logs = Mapping[str, VerifierKey]


def parse_logs(raw: bytes) -> Logs:
    """Read the file's text; raises BadInput, naming the entry that is wrong."""
    try:
        plain = json.loads(raw)
    except ValueError as bad:
        raise BadInput(f"the file of logs is not JSON: {bad}") from bad
    if not isinstance(plain, dict):
        raise BadInput("the file of logs is an object of origins and keys")
    logs: dict[str, VerifierKey] = {}
    for origin, text in plain.items():
        try:
            key = VerifierKey.parse(text if isinstance(text, str) else "")
        except BadNote as bad:
            raise BadInput(f"the key of {origin}: {bad}") from bad
        if key.name != origin or key.type != SIGNATURE:
            raise BadInput(f"the key of {origin} is for {key.name}, or not a log's")
        logs[origin] = key
    return logs


def load_logs(path: Path) -> Logs:
    """The logs in a file; none if there is no file."""
    try:
        return parse_logs(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as fault:
        raise BadInput(f"{path}: {fault.strerror}") from fault
