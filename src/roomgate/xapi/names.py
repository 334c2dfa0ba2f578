"""Paths written as attributes: ``room.status.Audio.Volume()``, ``room.xcommand.Dial(Number=…)``."""

from collections.abc import Awaitable, Mapping
from typing import Any, Generic, Protocol, Self, TypeVar, overload

from roomgate.xapi.path import Path
from roomgate.xapi.tree import Document

T = TypeVar("T")


class Asker(Protocol):
    """What a name needs of a client."""

    def get(self, path: Path, *, type: Any) -> Awaitable[Any]: ...

    def set(self, path: Path, value: object) -> Awaitable[None]: ...

    def command(
        self, command: Path, /, body: str | None = None, *, arguments: Mapping[str, object] | None = None
    ) -> Awaitable[Document]: ...


A = TypeVar("A")


class _Name(Generic[A]):
    """A path that grows by attribute and by index."""

    __slots__ = ("_asker", "_path")

    def __init__(self, asker: A, path: Path) -> None:
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


class StatusName(_Name[Asker]):
    __slots__ = ()

    @overload
    async def __call__(self) -> Any: ...
    @overload
    async def __call__(self, type: type[T]) -> T: ...
    async def __call__(self, type: Any = None) -> Any:
        return await self._asker.get(self._path, type=type)


class ConfigurationName(StatusName):
    __slots__ = ()

    async def set(self, value: object) -> None:
        await self._asker.set(self._path, value)


class CommandName(_Name[Asker]):
    __slots__ = ()

    async def __call__(self, body: str | None = None, **arguments: object) -> Document:
        return await self._asker.command(self._path, body, arguments=arguments)


class BlockingAsker(Protocol):
    """What a name needs of a client that waits."""

    def get(self, path: Path, *, type: Any) -> Any: ...

    def set(self, path: Path, value: object) -> None: ...

    def command(
        self, command: Path, /, body: str | None = None, *, arguments: Mapping[str, object] | None = None
    ) -> Document: ...


class BlockingStatusName(_Name[BlockingAsker]):
    __slots__ = ()

    @overload
    def __call__(self) -> Any: ...
    @overload
    def __call__(self, type: type[T]) -> T: ...
    def __call__(self, type: Any = None) -> Any:
        return self._asker.get(self._path, type=type)


class BlockingConfigurationName(BlockingStatusName):
    __slots__ = ()

    def set(self, value: object) -> None:
        self._asker.set(self._path, value)


class BlockingCommandName(_Name[BlockingAsker]):
    __slots__ = ()

    def __call__(self, body: str | None = None, **arguments: object) -> Document:
        return self._asker.command(self._path, body, arguments=arguments)
