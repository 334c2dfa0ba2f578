from roomgate.xapi.errors import CommandFailed
from roomgate.xapi.messages import Feedback, Reply


def test_a_reply_has_a_result_or_an_error():
    failed = Reply(3, error=CommandFailed("no"))
    assert (failed.result, str(failed.error)) == (None, "no")
    assert Reply(3, 40) != Reply(3, "40")


def test_feedback_belongs_to_a_subscription():
    assert Feedback(1, "Status", {"Status": {}}) != Feedback(2, "Status", {"Status": {}})
