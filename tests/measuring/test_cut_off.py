import json

from tools.cut_off import KEPT, PAGE, build


def test_the_page_says_what_was_measured_and_nothing_else():
    assert PAGE.read_text("utf-8") == build(json.loads(KEPT.read_text("utf-8"))), "run: python tools/cut_off.py"
