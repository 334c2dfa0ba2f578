"""Answers as a broken device sends them: rubbish, huge, endlessly deep. Pure; each is made from the right answer."""

import json
import random
from dataclasses import dataclass

from roomgate.sim.faults import Faults, Kind

_LINE = "x" * 1000
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Half:
    """An answer of which the first half is sent, before the connection is cut."""

    whole: str


def spoil_json(faults: Faults, answer: str, mono: float) -> list[str | Half]:
    """What is sent in place of an answer in JSON; a document keeps its id, so that it reaches who asked."""
    if not faults.any:
        return [answer]
    if faults.find(Kind.SILENT, mono):
        return []
    if faults.find(Kind.GARBAGE, mono):
        answer = garbage(answer)
    elif (fault := faults.find(Kind.HUGE_DOCUMENT, mono)) is not None:
        answer = _with_result(answer, json.dumps({"Filler": [_LINE] * (fault.size * _MIB // len(_LINE))}))
    elif (fault := faults.find(Kind.DEEP_DOCUMENT, mono)) is not None:
        answer = _with_result(answer, '{"A":' * fault.size + "1" + "}" * fault.size)
    return _sent(faults, answer, mono)


def spoil_xml(faults: Faults, answer: str, mono: float) -> list[str | Half]:
    """What is sent in place of an answer in XML."""
    if not faults.any:
        return [answer]
    if faults.find(Kind.SILENT, mono):
        return []
    if faults.find(Kind.GARBAGE, mono):
        answer = garbage(answer)
    elif (fault := faults.find(Kind.HUGE_DOCUMENT, mono)) is not None:
        line = f"<Filler>{_LINE}</Filler>"
        answer = "<Status>" + line * (fault.size * _MIB // len(line)) + "</Status>"
    elif (fault := faults.find(Kind.DEEP_DOCUMENT, mono)) is not None:
        answer = "<A>" * fault.size + "</A>" * fault.size
    return _sent(faults, answer, mono)


def _sent(faults: Faults, answer: str, mono: float) -> list[str | Half]:
    if faults.find(Kind.HALF_FRAME, mono):
        return [Half(answer)]
    return [answer, answer] if faults.find(Kind.ANSWER_TWICE, mono) else [answer]


def garbage(answer: str) -> str:
    """Rubbish, the same for the same answer; neither JSON nor XML."""
    chance = random.Random(answer)  # noqa: S311 (the same rubbish for the same answer)
    return "}" + "".join(
        chr(chance.choice((chance.randrange(32, 127), chance.randrange(160, 0xD7FF)))) for _ in range(200)
    )


def _with_result(answer: str, result: str) -> str:
    """The same answer with another result: a JSON-RPC reply, or what SSH has for one. An error is left as it is."""
    try:
        message = json.loads(answer)
    except ValueError:
        return result  # no document of its own: a banner, an echo
    if "jsonrpc" in message:
        number = json.dumps(message["id"])
        return f'{{"id":{number},"jsonrpc":"2.0","result":{result}}}' if "result" in message else answer
    return f'{{"CommandResponse":{result},"ResultId":{json.dumps(message.get("ResultId", ""))}}}\n'
