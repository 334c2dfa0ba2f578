"""What the commands' tests share: one hub for all of them, and a profile folder of each test's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.cli import BookHub, Certificates, RealHub, book_hub, program, real_hub


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def one_hub(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[RealHub]:
    with real_hub(tmp_path_factory.mktemp("hub"), certificates) as made:
        yield made


@pytest.fixture(scope="session")
def one_book(certificates: Certificates) -> Iterator[BookHub]:
    with book_hub(certificates) as made:
        yield made


@pytest.fixture(scope="session")
def one_sim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What `sim serve --json` said, while it runs."""
    with program("sim", "serve", "--name", "oslo", "--data", str(tmp_path_factory.mktemp("sim")), "--json") as said:
        yield said


@pytest.fixture(autouse=True)
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody is signed in, and nothing of this machine's own is read."""
    for name in ("HUB", "TOKEN", "TOKEN_FILE", "CA", "XAPI_PASSWORD", "DEBUG"):
        monkeypatch.delenv(f"ROOMGATE_{name}", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "roomgate" / "login.json"


@pytest.fixture
def book(one_book: BookHub, certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> BookHub:
    """Signed in to a hub that answers out of a book."""
    monkeypatch.setenv("ROOMGATE_HUB", one_book.address)
    monkeypatch.setenv("ROOMGATE_TOKEN", "token")
    monkeypatch.setenv("ROOMGATE_CA", str(certificates.ca))
    one_book.answer()
    return one_book


@pytest.fixture
def hub(one_hub: RealHub, monkeypatch: pytest.MonkeyPatch) -> RealHub:
    """Signed in to a real hub as its administrator."""
    monkeypatch.setenv("ROOMGATE_HUB", one_hub.address)
    monkeypatch.setenv("ROOMGATE_TOKEN", one_hub.token)
    monkeypatch.setenv("ROOMGATE_CA", str(one_hub.ca))
    return one_hub
