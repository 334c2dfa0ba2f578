from tools.cut_off_real import WORDS, by_condition

CASES = [
    {"cause": "lock", "condition": "quiet", "took_s": {"events": 0.01, "xows": 0.02}},
    {"cause": "grant revoked", "condition": "quiet", "took_s": {"events": 0.03}},
    {"cause": "lock", "condition": "link cut", "took_s": {"events": 0.5, "the call": 12.0}},
]


def test_each_channel_has_its_median_and_its_longest_under_each_condition():
    table = by_condition(CASES)
    assert table.columns == ["", "quiet", "link cut"]
    rows = {row[0]: row[1:] for row in table.rows}
    assert list(rows) == list(WORDS.values())
    assert rows["event stream"] == ["10.0, 30.0", "500, 500"]
    assert rows[WORDS["the call"]] == ["–", "12,000, 12,000"]
