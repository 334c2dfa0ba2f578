"""What the strangers stand on: their certificates, a program each, and the checker as a customer starts it."""

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import trustme

ROOT = Path(__file__).resolve().parents[2]
HEAD = """\
[target]
name = "{name}"
urls = ["{url}/"]
ca = "ca.pem"

[authorisation]
text = "The owner of this service, which lives on this machine alone, allows these checks."
by = "Head of IT security"

[permitted]
requests_per_second = 20
"""
PATIENCE = "\n[K12]\nsamples = 30\nper_second = 20.0\n\n[K02]\nwatch_s = {watch_s}\n"  # what is looked at for how long
SHORT = "watch_s = 4.0\nwithin_s = 4.0\n"


def draw_certificates(folder: Path) -> None:
    """An authority that the target file names, and a certificate of it for this machine."""
    authority = trustme.CA()
    mine = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    mine.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")


def server_tls(folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem")
    return context


def say_ready(**what: str) -> None:
    """A program's one line: where it is, and what the tester was told of it."""
    print(json.dumps(what), flush=True)


@dataclass(slots=True)
class Running:
    """A stranger that runs: what it said of itself."""

    process: "subprocess.Popen[str]"
    said: Mapping[str, str] = field(default_factory=dict)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def started(name: str, folder: Path) -> Running:
    """Starts a stranger's program; its certificates and its errors are in the folder."""
    with (folder / "errors.txt").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", f"strangers.{name}", str(folder)],
            stdout=subprocess.PIPE, stderr=errors, text=True, env=_environment(),
        )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.wait()
        process.stdout.close()
        raise AssertionError((folder / "errors.txt").read_text())
    return Running(process, json.loads(line))


def checking(folder: Path, *args: str) -> "subprocess.Popen[str]":
    """`roomgate check run` on the folder's target file, as a customer starts it."""
    program = "import sys; from roomgate.cli.main import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "check", "run", str(folder / "target.toml"), "--json"]
    command += ["--tier", "accounts", "--out", str(folder / "seen"), *args]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_environment())


def outcomes(said: str) -> dict[str, tuple[str, str]]:
    """Of each check, its outcome and what it says, from what the checker printed."""
    return {one["id"]: (one["outcome"], one["says"]) for one in json.loads(said)["findings"]}


def _environment() -> dict[str, str]:
    paths = [str(ROOT / "src"), str(ROOT / "tests"), str(ROOT)]
    # testssl.sh takes minutes, and has tests of its own: where it is not found, the check does without.
    return dict(os.environ) | {"PYTHONPATH": os.pathsep.join(paths), "PATH": str(Path(sys.executable).parent)}
