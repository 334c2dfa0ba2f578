import json

import pytest

from roomgate.errors import BadInput
from roomgate.hub.fleet.given import read_given
from roomgate.hub.http.multipart import Part

TEXT = '[everything.branding]\nBackground = { file = "pictures/wall.png" }\n'
WALL = Part("files", "wall.png", b"\x89PNG")
DOCUMENT = Part("files", "Autumn.TOML", TEXT.encode())


def test_a_document_is_pasted_or_chosen_with_the_files_that_it_names():
    plain = '[everything.settings]\n"Audio/DefaultVolume" = 50\n'
    assert read_given(plain, []) == plain  # as it came: its hash is the plan's
    for text, chosen in ((TEXT, [WALL]), ("", [WALL, DOCUMENT]), (plain, [DOCUMENT, WALL])):
        assert json.loads(read_given(text, chosen)) == {
            "everything": {"branding": {"Background": {"image": "iVBORw=="}}}
        }


@pytest.mark.parametrize(
    ("text", "chosen", "said"),
    [
        (TEXT, [], "pictures/wall.png: the document names this file. Choose it too"),
        (TEXT, [WALL, Part("files", "spare.png", b"")], r"spare\.png: the document does not name"),
        ("", [DOCUMENT, Part("files", "b.yaml", b"")], "Choose one document"),
        ("", [Part("files", "a.toml", b"\xff")], "no text"),
    ],
)
def test_what_is_missing_or_too_much_is_told(text, chosen, said):
    with pytest.raises(BadInput, match=said):
        read_given(text, chosen)
