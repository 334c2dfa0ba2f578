import pytest

from roomgate.cli.settings import load
from roomgate.errors import BadInput


@pytest.fixture(autouse=True)
def _nothing_else(monkeypatch):
    import os

    for name in [name for name in os.environ if name.startswith("ROOMGATE_")]:
        monkeypatch.delenv(name)


def test_the_environment_overrides_the_file(tmp_path, monkeypatch):
    file = tmp_path / "hub.toml"
    file.write_text('data = "/srv"\nlisten_port = 8443\n')
    monkeypatch.setenv("ROOMGATE_HUB_LISTEN_PORT", "9000")
    monkeypatch.setenv("ROOMGATE_HUB_PUBLIC_URL", "https://hub.example")
    monkeypatch.setenv("ROOMGATE_CONNECTOR_DATA", "elsewhere")
    assert load(file, "hub") == {"data": "/srv", "listen_port": 9000, "public_url": "https://hub.example"}
    assert load(None, "connector") == {"data": "elsewhere"}
    assert load(None, "witness") == {}


@pytest.mark.parametrize(("text", "value"), [("true", True), ("False", False), ("12", 12), ("1.5", "1.5"), ("", "")])
def test_numbers_and_switches_read_like_themselves(monkeypatch, text, value):
    monkeypatch.setenv("ROOMGATE_HUB_X", text)
    assert load(None, "hub") == {"x": value}


@pytest.mark.parametrize(
    ("content", "said"), [(b"data = ", "not TOML"), (b"\xff", "not TOML"), (None, "cannot be read")]
)
def test_a_file_that_is_none(tmp_path, content, said):
    if content is not None:
        (tmp_path / "x.toml").write_bytes(content)
    with pytest.raises(BadInput, match=said):
        load(tmp_path / "x.toml", "hub")
