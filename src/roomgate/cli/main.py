"""The one command. Each group of verbs is a file beside this one, loaded only when asked for."""

import gc
import io
import os
import sys

from cyclopts import App, Parameter
from cyclopts.exceptions import CycloptsError

from roomgate import __version__

# To load a program makes some hundred thousand objects that stay. With its own default the garbage collector walks
# through them hundreds of times before a hub answers. What runs for long says later how often it looks (running.py).
_OBJECTS_BETWEEN_LOOKS = 50_000


def _default(value: object) -> str | None:
    """A default that says something; a switch that is off and a text that is empty say nothing."""
    return None if value in (False, "", None) else str(value)


app = App(
    name="roomgate",
    help="Reach the meeting rooms behind your firewall, and be shut out of them in a second.\n\n"
    "Example: `roomgate demo` shows all of it on this machine. `roomgate COMMAND --help` tells more.",
    version=__version__,
    version_flags=["--version"],
    default_parameter=Parameter(negative=(), show_default=_default),
)

_GROUPS = {
    "demo": ("demo.command:demo", "The whole job, once, in front of you.\n\nExample: ``roomgate demo --once``"),
    "hub": ("hub:app", "Run the hub: what people reach."),
    "connector": ("connector:app", "Run the connector: inside a site, dials out, has the last word."),
    "witness": ("witness:app", "Run the witness: co-signs the ledgers' checkpoints."),
    "sim": ("sim:app", "Run simulated rooms."),
    "login": (
        "login:login",
        "Sign in to a hub: by a code that you type at its console, by password, or with an access token that you have.\n\nExample: ``roomgate login https://hub.example.com``",
    ),
    "logout": (
        "login:logout",
        "Forget the hub and the token, and end the token if `login` made it.\n\nExample: ``roomgate logout``",
    ),
    "whoami": (
        "login:whoami",
        "Who the hub says you are, what you may do by this token, and until when.\n\nExample: ``roomgate whoami``",
    ),
    "room": ("room:app", "The daily work in a room, through the hub."),
    "ask": (
        "room:ask",
        'Any xAPI call in a room, through the hub.\n\nExample: ``roomgate ask oslo "Audio Volume Set" Level=40``',
    ),
    "inventory": ("inventory:app", "All devices in one list, and their tags."),
    "alert": ("alerts:app", "What somebody should look after, and where it is sent."),
    "finding": ("findings:app", "What exposure checks and the hub itself found, and that it has been dealt with."),
    "site": ("sites:site", "Sites and their connectors."),
    "person": ("people:person", "People."),
    "service-account": ("people:service_account", "Service accounts."),
    "token": ("people:token", "Access tokens."),
    "scim": ("scim:app", "Directories that keep people here, by SCIM."),
    "web-session": ("people:web_session", "Browsers that are signed in."),
    "role": ("roles:role", "Roles over the hub."),
    "grant": ("grants:grant", "Who may do what, in which rooms, until when."),
    "approval": ("approvals:approval", "Access that takes two people: ask for it, and answer what others ask."),
    "lock": ("grants:lock", "Refuse everything that matches, at once."),
    "session": ("grants:session", "Who is in which room from outside."),
    "fleet": ("fleet:fleet", "What many rooms should have: plan it, apply it in waves, see what drifted."),
    "meeting": ("meeting:app", "From an invitation to a join button."),
    "ledger": ("ledger:app", "The record: verify, export, reconcile."),
    "check": ("check:app", "Is my connector a 2019 connector?"),
    "xapi": ("xapi:app", "The client library from a shell."),
    "completion": (
        "completion:completion",
        "Print the completion script of a shell; `roomgate --install-completion` puts it in its place for you.\n\nExample: ``roomgate completion bash > ~/.local/share/bash-completion/completions/roomgate``",
    ),
    "--install-completion": ("completion:install", "Install shell completion for this application."),
}

for _name, (_target, _help) in _GROUPS.items():
    app.command(f"roomgate.cli.{_target}", name=_name, help=_help)


def main(words: list[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS)
    # The first page has no need of markdown, and to load that takes as long as to show the page.
    named = any(not word.startswith("-") for word in (sys.argv[1:] if words is None else words))
    app.help_format = "markdown" if named else "plaintext"
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a letter gets its number
    try:
        code = app(words, exit_on_error=False, print_error=True, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError as wrong:
        from roomgate.cli import exits

        chain = " ".join(("roomgate", *(wrong.command_chain or ())))
        print(f"  `{chain} --help` shows how it is used.", file=sys.stderr)
        sys.exit(exits.USAGE)
    except SystemExit:
        raise
    except BrokenPipeError:
        # Whoever read us has enough. Python would complain of it once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except BaseException as error:  # the outermost edge of the program
        if os.environ.get("ROOMGATE_DEBUG"):
            raise
        from roomgate.cli import exits

        sys.exit(exits.tell(error))
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
