"""The verbs of the checker as people and scripts use them; what is looked at answers on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from roomgate.checks.catalogue import all_checks
from roomgate.cli.check import load_target
from roomgate.errors import BadInput
from support.cli import run

pytestmark = pytest.mark.xdist_group("cli")

TARGET = """\
[target]
name = "On loopback"
urls = ["{url}"]

[authorisation]
text = "The owner allows it."
by = "The owner"
"""


class _Plain(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<title>Sign in</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def answering() -> Iterator[str]:
    """The address of something that answers without HTTPS."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Plain) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def written(folder: Path, text: str) -> Path:
    (folder / "target.toml").write_text(text, "utf-8")
    return folder / "target.toml"


def test_every_check_is_listed_and_explained() -> None:
    rows = run("check", "list", "--json").json
    assert [row["id"] for row in rows] == [check.id for check in all_checks()]
    for row in rows:
        told = run("check", "explain", row["id"].lower(), "--json").json
        assert told["check"].startswith(f"{row['id']}: ")
        assert all(told[name] for name in ("how it looks", "how to mend it", "how it could be mistaken"))
    assert rows[0]["title"] in run("check", "list").out
    assert "how to mend it" in run("check", "explain", rows[0]["id"]).out
    own = next(check for check in all_checks() if check.options)
    assert f"[{own.id}] in the target file" in run("check", "explain", own.id).out
    unknown = run("check", "explain", "K99")
    assert unknown.code != 0
    assert rows[0]["id"] in unknown.err  # which ones there are


def test_a_run_says_what_it_found_and_keeps_what_it_saw(tmp_path: Path) -> None:
    with answering() as url:
        file = written(tmp_path, TARGET.format(url=url))
        done = run("check", "run", str(file), "--only", "k10", "--out", str(tmp_path / "seen"), "--json")
    assert done.code == 0, done.err
    found = {one["id"]: one["outcome"] for one in done.json["findings"]}
    assert found["K10"] == "not-applicable"  # there is no page over HTTPS
    kept = json.loads((tmp_path / "seen" / "run.json").read_text())
    assert (kept["target"], kept["only"]) == ("On loopback", ["K10"])
    steps = json.loads((tmp_path / "seen" / "looks" / "front.json").read_text())["steps"]
    assert [step["url"] for step in steps if step["label"] == "secure"] == [url]


def test_a_target_that_does_not_answer_is_never_a_pass(tmp_path: Path) -> None:
    file = written(tmp_path, TARGET.format(url="https://127.0.0.1:9/"))
    done = run("check", "run", str(file), "--only", "K10", "--out", str(tmp_path / "seen"), "--json")
    assert {one["id"]: one["outcome"] for one in done.json["findings"]}["K10"] == "inconclusive"


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        (TARGET, ("--only", "K99"), "There is no check K99"),
        (TARGET + "until = 2020-01-01\n", (), "The authorisation ended on 2020-01-01"),
        ("[target", (), "This is not TOML"),
        (TARGET.replace("by = ", "bye = "), (), "did you mean by?"),
        (TARGET, ("--tier", "everything"), "everything"),
    ],
)
def test_what_cannot_be_run_is_said_before_anything_is_asked(
    tmp_path: Path, text: str, words: tuple[str, ...], said: str
) -> None:
    file = written(tmp_path, text.replace("{url}", "https://nowhere.example/"))
    done = run("check", "run", str(file), *words, "--out", str(tmp_path / "seen"))
    assert done.code in (1, 2)
    assert said in done.err
    assert not (tmp_path / "seen" / "looks").exists()


def test_another_target_does_not_go_on_with_a_run(tmp_path: Path) -> None:
    with answering() as url:
        file = written(tmp_path, TARGET.format(url=url))
        words = ("check", "run", str(file), "--only", "K10", "--out", str(tmp_path / "seen"))
        assert run(*words).code == 0
        written(tmp_path, TARGET.format(url=url) + "# changed\n")
        other = run(*words)
    assert other.code != 0
    assert "holds another run" in other.err


def test_a_target_file_is_read_with_its_secrets_and_every_complaint_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "anna.txt").write_text("pass-of-anna\n")
    text = TARGET.format(url="https://a.example/") + '[[accounts]]\nname = "anna"\npassword_file = "anna.txt"\n'
    made, read = load_target(written(tmp_path, text))
    assert (made.account("anna").password, read, made.base) == ("pass-of-anna", text, tmp_path)
    assert made.secrets == {"pass-of-anna": "password of anna"}
    assert "pass-of-anna" not in repr(made).replace(repr(made.accounts), "")
    for wrong in (text.replace("anna.txt", "none.txt"), text.replace("name =", "nam =")):
        with pytest.raises(BadInput) as bad:
            load_target(written(tmp_path, wrong))
        assert str(tmp_path / "target.toml") in bad.value.message
