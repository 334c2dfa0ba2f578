import shutil
import subprocess
from pathlib import Path

from roomgate.sim.host_key import ensure_host_key


def test_a_room_keeps_its_key_and_each_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    made = ensure_host_key(tmp_path)
    assert ensure_host_key(tmp_path) == made
    assert made.file.stat().st_mode & 0o777 == 0o600
    assert made.public.startswith("ssh-ed25519 AAAA")
    assert ensure_host_key(tmp_path / "other").pin != made.pin


def test_the_pin_is_the_fingerprint_that_others_compute(tmp_path: Path) -> None:
    import asyncssh

    made = ensure_host_key(tmp_path)
    assert asyncssh.read_private_key(made.file).get_fingerprint() == made.pin
    keygen = shutil.which("ssh-keygen")
    if keygen is not None:
        said = subprocess.run([keygen, "-lf", made.file], capture_output=True, text=True, check=True).stdout
        assert made.pin in said
