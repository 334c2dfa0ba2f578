"""Somebody who enrols a connector with a code: ``python redeem.py HUB CA FINGERPRINT CODE``; exits 0 if let in."""

import subprocess
import sys
import tempfile
from pathlib import Path


def redeem(hub: str, ca: str, fingerprint: str, code: str) -> int:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "code").write_text(code)
        (folder / "devices.toml").write_text("")
        (folder / "policy.toml").write_text('name = "nothing"\n')
        (folder / "connector.toml").write_text(
            f'data = "data"\nhub = "{hub}"\nhub_ca = "{ca}"\ndevices = "devices.toml"\npolicy = "policy.toml"\n'
        )
        words = ["connector", "enrol", "--config", str(folder / "connector.toml"), "--code-file", str(folder / "code")]
        command = [sys.executable, "-m", "roomgate.cli.main", *words, "--fingerprint", fingerprint, "--json"]
        return subprocess.run(command, timeout=60, check=False).returncode


if __name__ == "__main__":
    sys.exit(redeem(*sys.argv[1:]))
