"""The in-process bus: who publishes waits until every listener has done its part.

A second implementation over a message broker will let several hub nodes hear one another; the role is this.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")
Listener = Callable[[Any], Awaitable[None]]


class Bus:
    """Topics are message types. A listener that fails does not keep the others from hearing."""

    def __init__(self) -> None:
        self._listeners: dict[type, list[Listener]] = {}

    def listen(self, topic: type[T], listener: Callable[[T], Awaitable[None]]) -> None:
        self._listeners.setdefault(topic, []).append(listener)

    async def publish(self, message: object) -> None:
        """Tell every listener, in the order of listening; raises an ExceptionGroup after all were told."""
        faults: list[Exception] = []
        for listener in self._listeners.get(type(message), []):
            try:
                await listener(message)
            except Exception as fault:  # every listener is told before the fault is raised
                faults.append(fault)
        if faults:
            raise ExceptionGroup(f"{type(message).__name__} was not heard by all", faults)
