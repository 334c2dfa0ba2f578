"""The shell's own completion of our commands: printed, or put in its place."""

from pathlib import Path
from typing import Any, Literal

from cyclopts.completion.install import create_install_completion_command


def completion(shell: Literal["bash", "zsh", "fish"] = "bash", /) -> None:
    """Print the completion script of a shell; `roomgate --install-completion` puts it in its place for you.

    Example: ``roomgate completion bash > ~/.local/share/bash-completion/completions/roomgate``
    """
    from roomgate.cli.main import app

    print(app.generate_completion(shell=shell))


def _install(**how: Any) -> Path:
    from roomgate.cli.main import app

    return app.install_completion(**how)


install = create_install_completion_command(_install, add_to_startup=True)
