"""The entrypoint of an image: a script that runs activation scripts, then a command."""

from __future__ import annotations

import shlex

from conda_multiplat.activation.model import Activation

#: The script's path, relative to the prefix.
ENTRYPOINT = "libexec/conda-multiplat/entrypoint"


def entrypoint(activation: Activation, shell: str) -> str:
    """Return the script's text, with LF line endings.

    Args:
        activation: the activation of the environment. Its variables are set in the image's
            configuration, so that every process has them.
        shell: the path of bash or of a POSIX shell.
    """
    sourced = [f". {shlex.quote(script)}" for script in activation.scripts_on(".sh")]
    return "\n".join(
        [
            f"#!{shell}",
            f"# Runs a command in {activation.prefix}, its packages' activation scripts first.",
            *sourced,
            'exec "$@"',
            "",
        ]
    )
