"""The one command. Each group of verbs is a file beside this one, loaded only when asked for."""

import os
import sys

from cyclopts import App
from cyclopts.exceptions import CycloptsError

from roomgate import __version__

app = App(
    name="roomgate",
    help="Reach the meeting rooms behind your firewall, and be shut out of them in a second.",
    version=__version__,
    version_flags=["--version"],
)

_GROUPS = {
    "demo": ("demo.command:demo", "The whole job, once, in front of you."),
    "hub": ("hub:app", "Run the hub: what people reach."),
    "connector": ("connector:app", "Run the connector: inside a site, dials out, has the last word."),
    "witness": ("witness:app", "Run the witness: co-signs the ledgers' checkpoints."),
    "sim": ("sim:app", "Run simulated rooms."),
    "login": ("login:login", "Keep a hub's address and your token in your profile."),
    "logout": ("login:logout", "Forget the hub and the token."),
    "whoami": ("login:whoami", "Who the hub says you are."),
    "room": ("room:app", "The daily work in a room, through the hub."),
    "ask": ("room:ask", "Any xAPI call in a room, through the hub."),
    "site": ("people:site", "Sites and their connectors."),
    "person": ("people:person", "People."),
    "service-account": ("people:service_account", "Service accounts."),
    "token": ("people:token", "Access tokens."),
    "grant": ("people:grant", "Who may do what, in which rooms, until when."),
    "lock": ("people:lock", "Refuse everything that matches, at once."),
    "session": ("people:session", "Who is in which room from outside."),
    "meeting": ("meeting:app", "From an invitation to a join button."),
    "ledger": ("ledger:app", "The record: verify, export, reconcile."),
    "check": ("check:app", "Is my connector a 2019 connector?"),
    "xapi": ("xapi:app", "The client library from a shell."),
}

for _name, (_target, _help) in _GROUPS.items():
    app.command(f"roomgate.cli.{_target}", name=_name, help=_help)


@app.command(name="completion")
def completion(shell: str = "bash") -> None:
    """Print the completion script for bash, zsh or fish.

    Example: ``roomgate completion bash > ~/.local/share/bash-completion/completions/roomgate``
    """
    if shell not in ("bash", "zsh", "fish"):
        print("roomgate: there is completion for bash, zsh and fish.", file=sys.stderr)
        raise SystemExit(2)
    print(app.generate_completion(shell=shell))  # type: ignore[arg-type]  # checked above


def main(words: list[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    from roomgate.cli import exits

    try:
        code = app(words, exit_on_error=False, print_error=True, result_action="return_value")
    except CycloptsError:
        sys.exit(exits.USAGE)
    except SystemExit:
        raise
    except BrokenPipeError:
        sys.exit(exits.DONE)
    except BaseException as error:  # the outermost edge of the program
        if os.environ.get("ROOMGATE_DEBUG"):
            raise
        sys.exit(exits.tell(error))
    sys.exit(code if isinstance(code, int) else exits.DONE)


if __name__ == "__main__":
    main()
