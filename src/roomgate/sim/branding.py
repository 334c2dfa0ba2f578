"""`UserInterface Branding`: the pictures of a room's screens, one for each type, with the name that whoever sent it gave.

A name (``CustomId``) belongs to its picture: one that is sent without a name takes the old one's away. What a device
gives for another ``Size`` is not established; here every size is the picture itself. Nothing is fetched.
"""

import base64
import binascii
from dataclasses import dataclass, field

import msgspec

from roomgate.sim.asked import Answer, Asked, Commands
from roomgate.sim.refusal import CommandError
from roomgate.sim.state import State

NAMED = ("Background", "Branding", "HalfwakeBackground", "HalfwakeBranding")  # whose name Status tells
_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


class Picture(msgspec.Struct, frozen=True):
    """``data`` in base64."""

    data: str
    name: str = ""


@dataclass(slots=True)
class Branding:
    """The pictures by their type, as they were sent."""

    state: State
    by_type: dict[str, Picture] = field(default_factory=dict)

    def upload(self, asked: Asked) -> Answer:
        data = "".join((asked.call.body or "").split())
        try:
            plain = base64.b64decode(data, validate=True)
        except binascii.Error:
            plain = b""
        if not plain.startswith(_STARTS):
            raise CommandError("The body is no PNG or JPEG in base64")
        self.by_type[asked.text("Type")] = Picture(data, asked.text("CustomId"))
        self._changed(asked.text("Type"), asked)
        return {}

    def get(self, asked: Asked) -> Answer:
        return {"Data": self._there(asked).data}

    def delete(self, asked: Asked) -> Answer:
        self._there(asked)
        del self.by_type[asked.text("Type")]
        self._changed(asked.text("Type"), asked)
        return {}

    def clear(self, asked: Asked) -> Answer:
        kinds = list(self.by_type)
        self.by_type.clear()
        for kind in kinds:
            self._changed(kind, asked)
        return {}

    def tell(self) -> None:
        """The names, below Status."""
        for kind in NAMED:
            picture = self.by_type.get(kind)
            self.state.put("UserInterface", "Branding", "CustomId", kind, value=picture.name if picture else "")

    def _there(self, asked: Asked) -> Picture:
        picture = self.by_type.get(asked.text("Type"))
        if picture is None:
            raise CommandError("There is no such image")
        return picture

    def _changed(self, kind: str, asked: Asked) -> None:
        self.tell()
        self.state.event("UserInterface", "Branding", "Updated", Type=kind)
        self.state.note("branding.changed", type=kind, there=kind in self.by_type, by=asked.account.name)


COMMANDS: Commands[Branding] = {
    "UserInterface/Branding/Upload": Branding.upload,
    "UserInterface/Branding/Get": Branding.get,
    "UserInterface/Branding/Delete": Branding.delete,
    "UserInterface/Branding/Clear": Branding.clear,
}
