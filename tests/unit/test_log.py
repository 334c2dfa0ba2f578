"""A log line is one event with its fields, on standard error, and says when."""

import contextlib
import errno
import io
import json

import pytest

from roomgate import log


@pytest.fixture(autouse=True)
def as_before():
    """The set-up is the process's; other tests get it back as it was."""
    yield
    log.setup()


def test_an_event_is_one_line_of_json_on_standard_error(capsys):
    log.setup()
    log.get("connector").info("device.connected", device="dev_oslo", took_ms=12)
    out, err = capsys.readouterr()
    line = json.loads(err)
    assert out == ""
    assert err.count("\n") == 1
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "device.connected",
        "part": "connector",
        "device": "dev_oslo",
        "took_ms": 12,
        "level": "info",
    }


def test_text_with_line_breaks_stays_on_its_line(capsys):
    log.setup()
    log.get("hub").warning("odd", said="one\ntwo\x1b[31m")
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "\x1b" not in err


def test_what_is_below_the_level_is_left_out(capsys):
    log.setup("WARNING")
    log.get("hub").info("quiet")
    assert capsys.readouterr().err == ""


def test_a_fact_that_json_has_no_word_for_is_written_as_it_shows_itself(capsys):
    log.setup()
    log.get("hub").info("odd", what=b"bytes", where={1})
    line = json.loads(capsys.readouterr().err)
    assert (line["what"], line["where"]) == ("b'bytes'", "{1}")


def test_where_a_fault_happened_is_a_fact_of_the_same_line(capsys):
    log.setup()
    try:
        int("rubbish")
    except ValueError as fault:
        log.get("hub").error("request.failed", exc_info=fault)
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "test_log.py" in json.loads(err)["exception"]


def test_an_unknown_level_is_refused():
    with pytest.raises(KeyError):
        log.setup("LOUD")


class FullDisk(io.StringIO):
    def write(self, text):
        raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self):
        self.write("")


def test_a_log_that_cannot_be_written_stops_nobody(capsys):
    log.setup()
    closed = io.StringIO()
    closed.close()
    for broken in (FullDisk(), closed):
        with contextlib.redirect_stderr(broken):
            log.get("hub").error("said.to.nobody")
    log.get("hub").info("heard")
    assert json.loads(capsys.readouterr().err)["event"] == "heard"


def test_the_newest_lines_are_remembered_as_they_were_written(capsys):
    log.setup()
    log.get("connector").info("device.gone", room="oslo")
    assert log.recent()[-1] + "\n" == capsys.readouterr().err
