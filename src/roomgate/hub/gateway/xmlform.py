"""Pure: ``/getxml`` and ``/putxml`` in a device's own form: documents to wishes, answers to documents.

As on a device, what failed is said inside a 200: a result for each command, named by the last two words of its path.
"""

import re
from collections.abc import Iterator
from typing import Any

from roomgate.hub.relay.asked import Answer, Wish
from roomgate.xapi import tree
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import UnknownPath
from roomgate.xapi.markup import parse, write
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.shape import Element

MOST_WISHES = 20  # in one document
HEAD = '<?xml version="1.0"?>\n'
NO_ACTION = f"{HEAD}<ActionError><Reason>No action detected in document</Reason></ActionError>"
NO_LOCATION = (
    f'{HEAD}<Fault><XPathError type="parsing"><ErrorCode type="string">10</ErrorCode><Location/><ProcessString/>'
    "</XPathError></Fault>"
)
_ITEM = re.compile(r"\[@item=['\"]([0-9]{1,9})['\"]\]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_PRODUCT = {"product": "Roomgate", "apiVersion": "4"}


def parse_location(location: str) -> Path:
    """Raises XapiError."""
    return Path.parse(_ITEM.sub(r"/\1", location))


def parse_document(body: bytes, catalogue: Catalogue) -> list[Wish]:
    """The commands or settings of a document, in order; raises ProtocolError for what is no plain XML."""
    root = parse(body)
    if root.name == "Command":
        return [_command(path, element) for path, element in _commands(root, (), catalogue)]
    if root.name == "Configuration":
        return [Wish(Verb.SET, Path.of(*parts), {"Value": text}) for parts, text in _leaves(root, ("Configuration",))]
    return []


def _commands(
    element: Element, above: tuple[str, ...], catalogue: Catalogue
) -> Iterator[tuple[tuple[str, ...], Element]]:
    for child in element.children:
        path = (*above, child.name)
        if child.attributes.get("command") == "True" or _is_command(path, catalogue):
            yield path, child
        else:
            yield from _commands(child, path, catalogue)


def _is_command(path: tuple[str, ...], catalogue: Catalogue) -> bool:
    try:
        catalogue.command(Path.of("Command", *path))
    except UnknownPath:
        return False
    return True


def _command(path: tuple[str, ...], element: Element) -> Wish:
    arguments: dict[str, object] = {}
    body = None
    for child in element.children:
        if child.name.lower() == "body":
            body = child.text or ""
        elif (before := arguments.get(child.name)) is None:
            arguments[child.name] = child.text or ""
        else:
            arguments[child.name] = [*before, child.text or ""] if isinstance(before, list) else [before, child.text]
    return Wish(Verb.COMMAND, Path.of("Command", *path), arguments, body)


def _leaves(element: Element, above: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for child in element.children:
        parts: tuple[str | int, ...] = (*above, child.name)
        if child.number is not None:
            parts = (*parts, child.number)
        if child.children:
            yield from _leaves(child, parts)
        else:
            yield parts, child.text or ""


def build_result(wish: Wish, answer: Answer) -> Element:
    """What became of a command."""
    if answer.outcome != "done":
        return build_refusal(wish, answer.words or "It was not done.")
    name = _result_name(wish)
    found = answer.result if isinstance(answer.result, dict) else {}
    return Element(name, {"status": "OK"}, children=list(_members({k: v for k, v in found.items() if k != "status"})))


def build_refusal(wish: Wish, words: str) -> Element:
    reason = Element("Reason", text=_CONTROL.sub(" ", words))
    return Element(_result_name(wish), {"status": "Error"}, children=[reason])


def build_parameter_error(wish: Wish) -> Element:
    return Element(_result_name(wish), {"status": "ParameterError"})


def build_commands(results: list[Element]) -> str:
    return HEAD + write(Element("Command", children=results)) if results else NO_ACTION


def build_settings(failed: list[tuple[Wish, str]]) -> str:
    """Each setting stands for itself: what is wrong with one keeps none of the others from being set."""
    errors = [
        Element(
            "Error",
            {"item": str(number)},
            children=[
                Element("Reason", text=_CONTROL.sub(" ", words)),
                Element("XPath", text=f"/{wish.path}"),
            ],
        )
        for number, (wish, words) in enumerate(failed, 1)
    ]
    return HEAD + write(Element("Configuration", children=errors or [Element("Success")]))


def build_reading(path: Path, answer: Answer | None) -> str:
    """What was read, from its root down; nothing there, and nothing that may be seen, are one answer."""
    if answer is None or answer.outcome != "done" or answer.result in (None, {}, []):
        return HEAD + write(Element("EmptyResult", dict(_PRODUCT)))
    document = answer.result if path.is_pattern else tree.expand(path, answer.result)
    ((name, below),) = document.items()
    return HEAD + write(Element(name, dict(_PRODUCT), children=list(_members(below))))


def _result_name(wish: Wish) -> str:
    words = wish.path.words if isinstance(wish.path, Path) else ()
    return "".join(words[-2:]) + "Result"


def _members(node: Any) -> Iterator[Element]:
    if not isinstance(node, dict):
        return
    for name, below in node.items():
        if name == "id":
            continue
        for member in below if isinstance(below, list) else [below]:
            attributes = {}
            if isinstance(member, dict) and "id" in member:
                attributes["item"] = str(member["id"])
            if isinstance(member, dict):
                yield Element(str(name), attributes, children=list(_members(member)))
            else:
                yield Element(str(name), attributes, "" if member is None else _CONTROL.sub(" ", str(member)))
