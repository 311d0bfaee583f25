"""Scripts that activate an environment when sourced, with one module for each family of shells.

A script can be sourced in any later shell, so everything that differs between shells is determined
then: PATH, what was active before, the old values of variables. ``multiplat_deactivate`` restores
them. State is kept as conda does (``CONDA_SHLVL``, ``CONDA_PREFIX_1``,
``__CONDA_SHLVL_1_NAME``), so that ``conda deactivate`` does the same in a shell that has conda;
``__MULTIPLAT_2`` has the names of the variables that were changed for level 2, and the prefix.

Scripts of ``rattler.shell.activate`` are not sufficient: they contain the PATH of the machine that
makes them, and values in double quotes, where ``$`` and backticks are expanded; they don't
deactivate, set neither ``CONDA_DEFAULT_ENV`` nor a prompt, and don't support tcsh and nu.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conda_multiplat.activation.model import Activation
from conda_multiplat.activation.shells import cmd, csh, fish, nu, posix, powershell, xonsh


@dataclass(frozen=True)
class Shell:
    """A kind of shell.

    Attributes:
        name: its value of ``--shell``.
        suffix: the suffix of its scripts in ``etc/conda/activate.d``.
        hook: returns the script that activates when sourced.
        everywhere: whether it is supported on Windows too.
    """

    name: str
    suffix: str
    hook: Callable[[Activation], str]
    everywhere: bool = False


SHELLS = {
    shell.name: shell
    for shell in (
        Shell("bash", ".sh", posix.hook),
        Shell("zsh", ".sh", posix.hook),
        Shell("fish", ".fish", fish.hook),
        Shell("xonsh", ".sh", xonsh.hook, everywhere=True),
        Shell("tcsh", ".csh", csh.hook),
        Shell("powershell", ".ps1", powershell.hook, everywhere=True),
        Shell("cmd", ".bat", cmd.hook, everywhere=True),
        Shell("nu", ".nu", nu.hook, everywhere=True),
    )
}
#: Names of shells' programs that differ from the names above.
_PROGRAMS = {
    **dict.fromkeys(("sh", "ash", "dash", "ksh", "mksh"), "bash"),
    **dict.fromkeys(("pwsh", "powershell_ise"), "powershell"),
    "csh": "tcsh",
}


def shell_of_program(program: str) -> str | None:
    """Return the kind of shell of a program; ``None`` if it is not a known shell.

    ``program`` is a file name or path, as in ``SHELL`` or in a list of processes (``-zsh``).
    """
    name = program.replace("\\", "/").rpartition("/")[2].lstrip("-").lower().removesuffix(".exe")
    shell = _PROGRAMS.get(name, name)
    return shell if shell in SHELLS else None
