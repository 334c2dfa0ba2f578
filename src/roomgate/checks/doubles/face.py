"""The pretended device's own web page, on a port of its own: what its owner sees at the site."""

from dataclasses import dataclass

from roomgate.checks.doubles.device import Bridged
from roomgate.checks.doubles.wire import (
    Answer,
    Receive,
    Scope,
    Send,
    asked_of,
    plain,
    read_body,
    see_other,
    send_answer,
)


@dataclass(slots=True)
class Face:
    device: Bridged

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        asked = asked_of(scope, await read_body(receive))
        page = await self.device.page(asked.path)
        if asked.path == "/":
            answer = see_other("/web/signin")
        else:
            answer = Answer(200, page) if page else plain("Nothing here", 404)
        await send_answer(answer, receive, send, {"x-content-type-options": "nosniff"})
