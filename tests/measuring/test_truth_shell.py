"""What is told when a shell answers otherwise, with a shell out of a book."""

from types import SimpleNamespace
from typing import Any

import pytest

from support import truth_shell
from support.truth_shell import Shell


def shell(*lines: str) -> Shell:
    left = [f"{line}\r\n" for line in lines]

    async def readline() -> str:
        return left.pop(0) if left else ""

    said: Any = SimpleNamespace(stdout=SimpleNamespace(readline=readline))
    return Shell(said)


VOLUME = {"lines": [{"?": "matching", "pattern": "^\\*s Audio Volume: \\d+$"}, "** end", "", "OK"]}
RESULT = {"json": {"Status": {"Audio": {"Volume": {"Value": "50"}}}, "ResultId": "7"}}
ANSWER = ('{"Status":{"Audio":', '{"Volume":{"Value":"50"}}},"ResultId":"7"}')


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "lines", "differences"),
    [
        (VOLUME, ("", "*s Audio Volume: 50", "** end", "", "OK"), 0),
        (VOLUME, ("*s Audio Volume: loud", "** end", "", "ERROR"), 2),
        ({"lines": [{"?": "lines until", "line": "OK"}]}, ("Welcome", "OK"), 0),
        (RESULT, ANSWER, 0),
        (RESULT, ('{"CommandResponse":{}}', *ANSWER), 0),
        (RESULT, (ANSWER[0], ANSWER[1].replace("50", "51")), 1),
        (
            {"xml": "<XmlDoc resultId='7'><a/></XmlDoc>"},
            ("<XmlDoc></XmlDoc>", "<XmlDoc resultId='7'><a/>", "</XmlDoc>"),
            0,
        ),
        ({"xml": "<XmlDoc resultId='7'><a/></XmlDoc>"}, ("<XmlDoc resultId='7'><b/>", "</XmlDoc>"), 1),
        ({"ends": True}, (), 0),
    ],
)
async def test_a_true_answer_is_silence_and_a_lie_is_told(answer, lines, differences):
    assert len(await truth_shell._hear(shell(*lines), [("", answer)])) == differences


@pytest.mark.asyncio
async def test_what_never_comes_is_an_end():
    with pytest.raises(EOFError):
        await truth_shell._hear(shell("Welcome"), [("", {"lines": [{"?": "lines until", "line": "OK"}]})])
