"""What starts in an image: a script that runs the packages' activation scripts, then a command."""

from __future__ import annotations

import shlex

from conda_multiplat.activation.model import Activation

#: Where it is, from the prefix.
ENTRYPOINT = "libexec/conda-multiplat/entrypoint"


def entrypoint(activation: Activation, shell: str) -> str:
    """The script's text, with LF line ends.

    Args:
        activation: what activating the environment does. Its variables are the image's own, so
            that whatever runs in the image has them.
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
