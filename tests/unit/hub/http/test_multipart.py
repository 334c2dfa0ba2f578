import pytest

from roomgate.errors import BadInput
from roomgate.hub.http.multipart import MOST_PARTS, Part, is_multipart, read_parts

TYPE = "multipart/form-data; boundary=----x"


def body(*parts: str, end: str = "------x--\r\n") -> bytes:
    return "".join(f"------x\r\n{one}\r\n" for one in parts).encode() + end.encode()


FIELD = 'Content-Disposition: form-data; name="csrf"\r\n\r\nabc'


def test_fields_and_files_come_out_as_they_were_sent() -> None:
    picture = b"\x89PNG\r\n\x1a\n------x"  # without a line of its own it is no end
    head = 'Content-Disposition: form-data; name="files"; filename="a%22b.png"\r\nContent-Type: image/png\r\n\r\n'
    sent = body(FIELD, head).removesuffix(b"\r\n------x--\r\n") + picture + b"\r\n------x--\r\n"
    assert read_parts(TYPE, sent) == [Part("csrf", None, b"abc"), Part("files", 'a"b.png', picture)]
    nothing = 'Content-Disposition: form-data; name="files"; filename=""\r\n\r\n'
    assert read_parts('Multipart/Form-Data; boundary="----x"', body(nothing)) == [Part("files", "", b"")]
    assert is_multipart(TYPE)
    assert not is_multipart("application/x-www-form-urlencoded")


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("multipart/form-data", body(FIELD)),
        (TYPE, b""),
        (TYPE, b"words before" + body(FIELD)),
        (TYPE, body(FIELD, end="------x\r\n")),  # cut short
        (TYPE, body("no head")),
        (TYPE, body('Content-Disposition: form-data; name="x"')),  # no empty line
        (TYPE, body('Content-Disposition: attachment; name="x"\r\n\r\n')),
        (TYPE, body(*[FIELD] * (MOST_PARTS + 1))),
    ],
)
def test_what_no_browser_sends_is_refused(kind: str, sent: bytes) -> None:
    with pytest.raises(BadInput):
        read_parts(kind, sent)
