"""The people in the room: the touch panel, the device's own web page, and the device's own journal."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

from roomgate.sim.journal import read_journal

_LOOK_S = 0.02
# The panel speaks plain HTTP: no certificate is believed, and reading the system's authorities would be most of a touch.
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _panel_client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=5, verify=_NO_TLS)


@dataclass(slots=True)
class Inside:
    """One simulated room, seen from within."""

    name: str
    host: str
    port: int
    user: str
    password: str
    ca: str
    panel: str
    pin: str
    admin_user: str
    admin_password: str
    privileged_user: str
    privileged_password: str
    journal: Path

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """From what `roomgate sim serve --json` tells of a room."""
        return cls(
            **{name: told[name] for name in cls.__dataclass_fields__ if name != "journal"},
            journal=Path(told["journal"]),
        )

    @property
    def address(self) -> str:
        return f"https://{self.host}:{self.port}"

    def lines(self) -> list[dict[str, Any]]:
        """All that the device has written down so far."""
        return read_journal(self.journal)

    def count(self, what: str, **facts: Any) -> int:
        return sum(1 for line in self.lines() if line["what"] == what and facts.items() <= line.items())

    async def journal_says(
        self, what: str, *, after: float = 0.0, within_s: float = 10.0, **facts: Any
    ) -> dict[str, Any]:
        """The first such line after this monotonic moment; raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while True:
                for line in self.lines():
                    if line["what"] == what and line["mono_ms"] >= after * 1000 and facts.items() <= line.items():
                        return line
                await asyncio.sleep(_LOOK_S)

    async def state(self) -> dict[str, Any]:
        async with _panel_client() as http:
            found: dict[str, Any] = (await http.get(f"{self.panel}state")).json()
            return found

    async def shows(self, condition: Callable[[dict[str, Any]], Any], within_s: float = 10.0) -> Any:
        """Wait until the panel shows it; gives what the condition gave. Raises TimeoutError."""
        async with asyncio.timeout(within_s), _panel_client() as http:
            while True:
                if found := condition((await http.get(f"{self.panel}state")).json()):
                    return found
                await asyncio.sleep(_LOOK_S)

    async def touch(self, action: str, **fields: Any) -> None:
        """Touch the panel: join, answer, hang-up."""
        async with _panel_client() as http:
            answer = await http.post(f"{self.panel}{action}", json=fields, headers={"X-Panel": "1"})
            answer.raise_for_status()

    async def question(self, within_s: float = 10.0) -> dict[str, Any]:
        """The question with Yes and No that the panel shows."""

        def asked(state: dict[str, Any]) -> Any:
            prompt = state["prompt"]
            return prompt if prompt and prompt["options"][0]["text"] == "Yes" else None

        found: dict[str, Any] = await self.shows(asked, within_s)
        return found

    async def say_yes(self) -> dict[str, Any]:
        """Wait for the question and touch Yes."""
        question = await self.question()
        await self.touch("answer", feedback=question["feedback"], option=1)
        return question

    async def change_password(self, account: str, new: str) -> None:
        """At the device's own web page, as its administrator."""
        trust = ssl.create_default_context(cafile=self.ca)
        async with httpx.AsyncClient(
            base_url=self.address, verify=trust, timeout=10, headers={"Origin": self.address}
        ) as http:
            await http.post("/web/signin", data={"user": self.admin_user, "passphrase": self.admin_password})
            fields = {"username": account, "passphrase": new, "own": self.admin_password}
            answer = await http.post("/web/users", data=fields)
            answer.raise_for_status()
