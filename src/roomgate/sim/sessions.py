"""`Security Session`: who is signed in, and ending it. ``Id`` is the one name that is established of a row."""

from dataclasses import dataclass

from roomgate.sim.accounts import Accounts
from roomgate.sim.asked import Answer, Asked, Commands
from roomgate.sim.refusal import CommandError
from roomgate.sim.state import State


@dataclass(slots=True)
class Sessions:
    """The commands over the table of sessions."""

    state: State
    accounts: Accounts
    extra_members: bool = True

    def get(self, asked: Asked) -> Answer:
        """One's own session."""
        rows = self.accounts.sessions(extra_members=self.extra_members)
        own = [row for row in rows if row["Id"] == asked.session]
        return {"Session": own[0]} if own else {}

    def list(self, _: Asked) -> Answer:
        return {"Session": self.accounts.sessions(extra_members=self.extra_members)}

    def terminate(self, asked: Asked) -> Answer:
        if not self.accounts.end(asked.text("SessionId")):
            raise CommandError("No such session")
        self.state.note("session.terminated", session=asked.text("SessionId"), by=asked.account.name)
        return {}


COMMANDS: Commands[Sessions] = {
    "Security/Session/Get": Sessions.get,
    "Security/Session/List": Sessions.list,
    "Security/Session/Terminate": Sessions.terminate,
}
