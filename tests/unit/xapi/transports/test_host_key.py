import base64

import asyncssh
import pytest

from roomgate.xapi.errors import BadArgument
from roomgate.xapi.transports.host_key import HostKey
from support.ssh_device import key


def text(made):
    return made.export_public_key().decode()


def test_a_fingerprint_as_ssh_keygen_prints_it():
    pinned = HostKey.parse(key().get_fingerprint())
    assert pinned.fits(key().public_data)
    assert not pinned.fits(key(1).public_data)
    assert pinned.signatures == ()


def test_a_key_as_it_stands_in_files():
    pinned = HostKey.parse(text(key()))
    assert pinned.fits(key().public_data)
    assert not pinned.fits(key(1).public_data)
    assert pinned.signatures == ("ssh-ed25519",)


def test_an_rsa_key_signs_with_no_sha_1():
    blob = b"\0\0\0\x07ssh-rsa\0\0\0\x01\x03"
    assert HostKey.parse(f"ssh-rsa {base64.b64encode(blob).decode()} name").signatures == (
        "rsa-sha2-512",
        "rsa-sha2-256",
    )
    assert asyncssh.import_public_key(text(key())).algorithm == b"ssh-ed25519"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "SHA256:",
        "SHA256:abc",
        "SHA256:****",
        "MD5:aa:bb",
        "ab" * 32,
        "ssh-ed25519",
        "ssh-ed25519 !!!!",
        "ssh-rsa " + text(key()).split()[1],
        "x " + text(key()).split()[1],
    ],
    ids=range(10),
)
def test_what_is_no_host_key(wrong):
    with pytest.raises(BadArgument, match="SHA256"):
        HostKey.parse(wrong)
