"""The library as somebody has it who installed ``roomgate[xapi]`` and nothing else."""

import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from support.cli import program

SOURCE = Path(__file__).resolve().parents[2] / "src"
SCRIPT = """
import asyncio, json, os, sys
from roomgate import xapi
from roomgate.xapi import blocking

room = json.loads(os.environ["ROOM"])
account = {"user": room["user"], "password": room["password"]}
url = f"wss://{room['host']}:{room['port']}/ws"

async def main():
    async with xapi.connect(url, **account, pin=room["pin"]) as device:
        print(await device.get("Status/Audio/Volume"))
    async with xapi.connect(f"https://{room['host']}:{room['port']}", **account, pin=room["pin"]) as device:
        print(await device.get("Status/Audio/Volume"))
    async with xapi.connect(f"ssh://{room['host']}:{room['ssh_port']}", **account, pin=room["ssh_host_key"]) as device:
        print(await device.get("Status/Audio/Volume"))

asyncio.run(main())
with blocking.connect(url, **account, pin=room["pin"]) as device:
    print(device.status.Audio.Volume())
print(sorted(name for name in sys.modules if re.match(r"roomgate\\.(?!xapi)", name)))
""".replace("import asyncio,", "import re, asyncio,")


def needed(extra: str) -> set[str]:
    """The distributions that an extra brings, those that they need included."""
    found: set[str] = set()
    wanted = [
        re.split(r"[ ;<>=\[]", line)[0]
        for line in metadata.requires("roomgate") or []
        if re.search(rf"extra == ['\"]{extra}['\"]", line)
    ]
    while wanted:
        name = wanted.pop().lower().replace("_", "-")
        if name in found:
            continue
        try:
            lines = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # for another platform
        found.add(name)
        wanted += [re.split(r"[ ;<>=\[(]", line)[0] for line in lines if "extra ==" not in line]
    return found


def laid_out(folder: Path, names: set[str]) -> Path:
    """A folder of packages with these distributions in it, as links."""
    for name in names:
        for file in metadata.files(name) or []:
            top = file.parts[0]
            if top not in ("..", "__pycache__") and not (folder / top).exists():
                (folder / top).symlink_to(Path(str(metadata.distribution(name).locate_file(top))))
    return folder


def test_it_needs_its_own_packages_and_nothing_of_the_hub(tmp_path: Path) -> None:
    names = needed("xapi")
    assert names >= {"picows", "msgspec", "h11", "asyncssh"}
    assert names.isdisjoint({"litestar", "uvicorn", "sqlalchemy", "jinja2", "cyclopts", "rich", "cedarpy"})


@pytest.mark.e2e
def test_the_first_examples_work_with_these_alone(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    site = laid_out(tmp_path / "site", needed("xapi"))
    with program("sim", "serve", "--name", "oslo", "--data", str(tmp_path / "sim"), "--json") as said:
        done = subprocess.run(
            [sys.executable, "-S", "-W", "error", "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=False,
            env={"PYTHONPATH": f"{SOURCE}{os.pathsep}{site}", "ROOM": json.dumps(said["rooms"][0])},
        )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["50", "50", "50", "50", "[]"]
