from roomgate.cli.demo.screen import Screen


def test_a_step_is_one_line_with_its_mark_and_its_time(capsys):
    screen = Screen(silent=False)
    screen.title("The cut")
    screen.step("lock", True, 41.6, "everything fell")
    screen.step("expiry", False, 2345, "it did not")
    screen.note("why")
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "The cut"
    assert "✓ everything fell (42 ms)" in lines[2]
    assert "✗ it did not (2.3 s)" in lines[3]
    assert lines[4].strip() == "why"
    assert "\x1b" not in "".join(lines)


def test_silence_collects_the_same_for_scripts(capsys):
    screen = Screen(silent=True)
    assert not screen.ok  # no step is no success
    screen.title("x")
    screen.say("x")
    screen.note("x")
    screen.step("lock", True, 41.6, "fell")
    screen.figures["cut_ms"] = 42
    assert screen.json() == {
        "ok": True, "steps": [{"name": "lock", "ok": True, "ms": 42, "detail": "fell"}], "figures": {"cut_ms": 42},
    }  # fmt: skip
    screen.step("x", False, 0, "")
    assert screen.json()["ok"] is False
    assert capsys.readouterr().out == ""
