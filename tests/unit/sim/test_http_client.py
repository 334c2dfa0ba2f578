"""Requests that a device is asked to send."""

import pytest

from support.simulated import ADMIN, Talk


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "Invalid URL specified"),
        ("file:///etc/passwd", "Invalid URL specified"),
        ("https://example.com", "A simulated device sends no requests"),
    ],
)
@pytest.mark.parametrize("method", ["Get", "Delete", "Post"])
def test_nothing_is_sent_and_a_bad_address_is_named(method: str, url: str, sentence: str) -> None:
    talk = Talk.open(ADMIN)
    body = {"body": "x"} if method == "Post" else {}
    error = talk.send(f"xCommand/HttpClient/{method}", Url=url, **body)["error"]
    assert (error["code"], error["message"]) == (1, sentence)
