"""Whether a panel on a device is the one that a document says.

A document's XML is compared with what the device exports, which says more (its defaults, its own numbering). So the
document's elements must all be there, in their order and as often; what it does not say may be anything.
"""

from collections.abc import Mapping
from typing import Any

from roomgate.errors import BadInput
from roomgate.xapi.errors import ProtocolError
from roomgate.xapi.markup import parse
from roomgate.xapi.shape import Element

_OWN = frozenset({"PanelId", "Order", "Origin"})  # given by the command or by the device
_LISTS = frozenset({"Page", "Row", "Widget", "Value"})


def read_panel(xml: str) -> Element:
    """The one panel of a document; raises BadInput."""
    try:
        root = parse(xml.encode())
    except ProtocolError as bad:
        raise BadInput(f"this is not the XML of a panel: {bad}") from bad
    panels = [one for one in root.children if one.name == "Panel"]
    if root.name != "Extensions" or len(panels) != 1:
        raise BadInput("this is not an <Extensions> document with one <Panel>")
    return panels[0]


def same_panel(wanted: Element, there: Mapping[str, Any]) -> bool:
    """Whether what the device exports says all that is wanted. A shape that is not known counts as another panel."""
    return _holds(wanted, there, top=True)


def _holds(wanted: Element, there: Any, top: bool = False) -> bool:
    if not wanted.children:
        text = (wanted.text or "").strip()
        return (text == "" and there in (None, "", {})) or (isinstance(there, str | int) and str(there).strip() == text)
    if not isinstance(there, dict):
        return False
    for name in dict.fromkeys(one.name for one in wanted.children):
        some = [one for one in wanted.children if one.name == name]
        if top and name in _OWN:
            continue
        told = there.get(name)
        members = told if isinstance(told, list) else [told]
        if len(members) != len(some) or not all(map(_holds, some, members)):
            return False
    return all(
        not there.get(name) or any(one.name == name for one in wanted.children) for name in _LISTS & there.keys()
    )
