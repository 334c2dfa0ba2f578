"""`HttpClient`: a simulated device sends no requests, and says so; an address that is none is refused as such."""

from dataclasses import dataclass

from roomgate.sim.absent import why_not
from roomgate.sim.asked import Answer, Asked, Commands
from roomgate.sim.refusal import CommandError


@dataclass(slots=True)
class HttpClient:
    """Keeps nothing."""

    def send(self, asked: Asked) -> Answer:
        if not asked.text("Url").lower().startswith(("http://", "https://")):
            raise CommandError("Invalid URL specified")
        raise CommandError(why_not("HttpClient"))


COMMANDS: Commands[HttpClient] = {
    f"HttpClient/{method}": HttpClient.send for method in ("Get", "Post", "Put", "Patch", "Delete")
}
