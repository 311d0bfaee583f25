"""Scripts that activate an environment when they are sourced, one module for a family of shells.

A script is for any later shell. So what differs from shell to shell is found when it is sourced:
PATH, what was active before, the values that variables had. ``multiplat_deactivate`` gives them
back. State is kept the way conda keeps it (``CONDA_SHLVL``, ``CONDA_PREFIX_1``,
``__CONDA_SHLVL_1_NAME``), so that ``conda deactivate`` does the same in a shell that has conda;
``__MULTIPLAT_2`` holds the names of what was changed for level 2, and for which prefix.

rattler has ``rattler.shell.activate``. Its scripts do not do for this: they hold the PATH of who
makes them, and values between double quotes, where ``$`` and backticks are expanded; they don't
deactivate, set no ``CONDA_DEFAULT_ENV`` and no prompt, and know neither tcsh nor nu.
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
        name: what ``--shell`` calls it.
        suffix: that of its scripts in ``etc/conda/activate.d``.
        hook: makes the text that activates when sourced.
        everywhere: whether it does on Windows too.
    """

    name: str
    suffix: str
    hook: Callable[[Activation], str]
    everywhere: bool = False


SHELLS = {
    each.name: each
    for each in (
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
#: What a shell's program may be called, where that is not the name above.
_PROGRAMS = {
    **dict.fromkeys(("sh", "ash", "dash", "ksh", "mksh"), "bash"),
    **dict.fromkeys(("pwsh", "powershell_ise"), "powershell"),
    "csh": "tcsh",
}


def shell_of_program(program: str) -> str | None:
    """The kind of shell that a program is; ``None`` for what is none that we know.

    ``program`` is a file name or path, as in ``SHELL`` or in a list of processes (``-zsh``).
    """
    name = program.replace("\\", "/").rpartition("/")[2].lstrip("-").lower().removesuffix(".exe")
    found = _PROGRAMS.get(name, name)
    return found if found in SHELLS else None
