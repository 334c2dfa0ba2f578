"""The hub as a process of its own: made, started, stopped and killed by the command line, as an operator does."""

import contextlib
import json
import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import trustme

from roomgate.cli.demo.people import app_code
from support.hub import CHEAP, PASSWORD

SRC = Path(__file__).resolve().parents[2] / "src"
START_S = 30


def roomgate(*words: str | Path, ok: bool = True) -> subprocess.CompletedProcess[str]:
    """One command, to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "roomgate.cli.main", *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(SRC), "NO_COLOR": "1"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert not ok or done.returncode == 0, done.stderr
    return done


def start(log: Path, *words: str | Path) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    """A program of ours, with the line that it prints when it is ready."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "roomgate.cli.main", *map(str, words), "--json"],
            env={**os.environ, "PYTHONPATH": str(SRC), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE, stderr=out, start_new_session=True,
        )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith(b"{"), log.read_text()[-3000:]
    return process, dict(json.loads(line))


@dataclass
class HubProgram:
    """One hub in one folder. ``token`` is the administrator's."""

    folder: Path
    more: dict[str, Any] = field(default_factory=dict)
    token: str = ""
    recovery: list[str] = field(default_factory=list)  # the administrator's codes that were not used yet
    made: dict[str, Any] = field(default_factory=dict)
    url: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def config(self) -> Path:
        return self.folder / "hub.toml"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "hub.log"

    def configure(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "server.pem").exists():
            authority = trustme.CA()
            authority.cert_pem.write_to_path(self.folder / "ca.pem")
            authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
                self.folder / "server.pem"
            )
        pem = str(self.folder / "server.pem")
        values = {
            "data": str(self.data), "listen_port": 0, "certificate": pem, "certificate_key": pem, **CHEAP, **self.more,
        }  # fmt: skip
        self.config.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()))

    def init(self) -> None:
        self.configure()
        password = self.folder / "password"
        password.write_text(PASSWORD)
        words = ("hub", "init", "--config", self.config, "--admin", "ada", "--password-file", password)
        self.made = json.loads(roomgate(*words, "--second-factor", "--json").stdout)
        self.token, self.recovery = self.made["token"], self.made["recovery"]

    def serve(self) -> None:
        self.process, ready = start(self.log, "hub", "serve", "--config", self.config)
        self.url = ready["hub"]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process.wait(20)
            self.process = None

    @contextlib.contextmanager
    def client(self, token: str | None = None) -> Iterator[httpx.Client]:
        """Somebody outside; without a token the administrator, with an empty one nobody."""
        bearer = self.token if token is None else token
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        trust = str(self.folder / "ca.pem")
        with httpx.Client(
            base_url=self.url, verify=ssl.create_default_context(cafile=trust), headers=headers, timeout=20,
            trust_env=False,
        ) as client:  # fmt: skip
            yield client

    def logged(self) -> list[dict[str, Any]]:
        """The lines of the log. A line that is no event of ours fails the caller."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def rss_kib(self) -> int:
        assert self.process is not None
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")


@contextlib.contextmanager
def hub_program(folder: Path, **more: Any) -> Iterator[HubProgram]:
    hub = HubProgram(folder, more)
    try:
        hub.init()
        hub.serve()
        yield hub
    finally:
        hub.stop()


def sign_in(client: httpx.Client, name: str, password: str = PASSWORD) -> httpx.Response:
    """With a password alone."""
    return client.post("/signin", data={"user": name, "password": password})


def sign_in_admin(client: httpx.Client, recovery: list[str]) -> httpx.Response:
    """With a password and one of the recovery codes, which is used up."""
    assert sign_in(client, "ada").status_code == httpx.codes.OK
    return client.post("/signin", data={"code": recovery.pop()})


def enrol(client: httpx.Client) -> None:
    """Whoever is signed in here by a password adds an authenticator app, and may from now on what their role may."""
    token = client.get("/api/v1/whoami").json()["csrf"]
    assert client.post("/settings/totp", data={"csrf": token}).status_code == httpx.codes.SEE_OTHER
    secret = re.search(r'id="totp-secret">.*?data-copy="([A-Z2-7]+)"', client.get("/settings").text, re.S)
    assert secret is not None
    sent = {"csrf": token, "code": app_code(secret[1]), "name": "a test's"}
    assert client.post("/settings/totp/confirm", data=sent).status_code == httpx.codes.SEE_OTHER
