import json
from xml.parsers import expat

import pytest

from roomgate.sim.faults import Fault, Faults, Kind
from roomgate.sim.spoiled import Half, spoil_json, spoil_xml


def elements(text: str) -> int:
    """How many elements a document has; raises ExpatError for what is none."""
    names: list[str] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, _: names.append(name)
    parser.Parse(text, True)
    return len(names)


ANSWER = '{"id":"7","jsonrpc":"2.0","result":50}'
XML = "<Status><Audio/></Status>"


def faults(*switched: Fault) -> Faults:
    made = Faults()
    for one in switched:
        made.apply(one, 0)
    return made


def test_a_well_room_says_what_it_means() -> None:
    assert (spoil_json(Faults(), ANSWER, 0), spoil_xml(Faults(), XML, 0)) == ([ANSWER], [XML])
    booting = faults(Fault(Kind.DELAY))
    assert (spoil_json(booting, ANSWER, 0), spoil_xml(booting, XML, 0)) == ([ANSWER], [XML])


@pytest.mark.parametrize("spoil", [spoil_json, spoil_xml])
def test_silence_twice_and_half(spoil: object) -> None:
    assert callable(spoil)
    assert spoil(faults(Fault(Kind.SILENT)), ANSWER, 0) == []
    assert spoil(faults(Fault(Kind.ANSWER_TWICE)), ANSWER, 0) == [ANSWER, ANSWER]
    assert spoil(faults(Fault(Kind.HALF_FRAME)), ANSWER, 0) == [Half(ANSWER)]


def test_garbage_is_no_document_and_always_the_same() -> None:
    (first,), (second,) = (spoil_json(faults(Fault(Kind.GARBAGE)), ANSWER, 0) for _ in "ab")
    assert first == second
    with pytest.raises(ValueError):
        json.loads(str(first))
    with pytest.raises(expat.ExpatError):
        elements(str(spoil_xml(faults(Fault(Kind.GARBAGE)), XML, 0)[0]))


def test_a_huge_document_is_one_and_keeps_its_id() -> None:
    (huge,) = spoil_json(faults(Fault(Kind.HUGE_DOCUMENT, size=2)), ANSWER, 0)
    assert 2_000_000 < len(str(huge)) < 3_000_000
    assert json.loads(str(huge))["id"] == "7"
    (huge,) = spoil_xml(faults(Fault(Kind.HUGE_DOCUMENT, size=2)), XML, 0)
    assert elements(str(huge)) > 2000


def test_a_deep_document_is_as_deep_as_it_says() -> None:
    (deep,) = spoil_json(faults(Fault(Kind.DEEP_DOCUMENT, size=50)), ANSWER, 0)
    assert json.loads(str(deep))["id"] == "7"
    assert str(deep).count('{"A":') == 50
    (deep,) = spoil_xml(faults(Fault(Kind.DEEP_DOCUMENT, size=50)), XML, 0)
    assert elements(str(deep)) == 50


def test_an_error_is_left_as_it_is() -> None:
    error = '{"error":{"code":1},"id":1,"jsonrpc":"2.0"}'
    assert spoil_json(faults(Fault(Kind.HUGE_DOCUMENT, size=2)), error, 0) == [error]
