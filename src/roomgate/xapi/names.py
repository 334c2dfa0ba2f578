"""Paths written as attributes: ``room.status.Audio.Volume()``, ``room.xcommand.Dial(Number=…)``."""

from collections.abc import Awaitable, Mapping
from typing import Any, Protocol, Self

from roomgate.xapi.path import Path
from roomgate.xapi.tree import Document


class Asker(Protocol):
    """What a name needs of a client."""

    def get(self, path: Path) -> Awaitable[Any]: ...

    def set(self, path: Path, value: object) -> Awaitable[None]: ...

    def command(
        self, command: Path, /, body: str | None = None, *, arguments: Mapping[str, object] | None = None
    ) -> Awaitable[Document]: ...


class _Name:
    """A path that grows by attribute and by index."""

    __slots__ = ("_asker", "_path")

    def __init__(self, asker: Asker, path: Path) -> None:
        self._asker = asker
        self._path = path

    def __getattr__(self, word: str) -> Self:
        # Python's own probing (copy, pickle, repr) must not be taken for names of a device.
        if word.startswith("_"):
            raise AttributeError(word)
        return type(self)(self._asker, Path.of(*self._path.parts, word))

    def __getitem__(self, index: int) -> Self:
        return type(self)(self._asker, Path.of(*self._path.parts, index))

    def __iter__(self) -> None:
        raise TypeError("a name is not a list; get it first")

    def __repr__(self) -> str:
        return str(self._path)


class StatusName(_Name):
    __slots__ = ()

    async def __call__(self) -> Any:
        return await self._asker.get(self._path)


class ConfigurationName(_Name):
    __slots__ = ()

    async def __call__(self) -> Any:
        return await self._asker.get(self._path)

    async def set(self, value: object) -> None:
        await self._asker.set(self._path, value)


class CommandName(_Name):
    __slots__ = ()

    async def __call__(self, body: str | None = None, **arguments: object) -> Document:
        return await self._asker.command(self._path, body, arguments=arguments)
