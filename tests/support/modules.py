"""The tools that read module files: Environment Modules and Lmod, where they are installed.

Debian does not install the two together: one of them is only unpacked, into ``build``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).resolve().parents[2]
_UNPACKED = _REPOSITORY / "build" / "environment-modules"
_LMOD = Path("/usr/share/lmod/lmod/libexec/lmod")


@dataclass(frozen=True)
class Tool:
    """A ``module`` command.

    Attributes:
        kind: the module files that it is for: ``tcl`` or ``lmod``.
        command: the program; after it come the shell's name and what ``module`` is given.
    """

    kind: str
    command: tuple[str, ...]

    def run(
        self, folder: Path, *arguments: str, env: Mapping[str, str]
    ) -> subprocess.CompletedProcess[bytes]:
        """``module ARGUMENTS``: on stdout is what the shell has to evaluate."""
        return subprocess.run(
            [*self.command, "bash", *arguments],
            env={**env, "MODULEPATH": str(folder)},
            capture_output=True,
            check=False,
        )

    def after(self, folder: Path, *arguments: str, env: Mapping[str, str]) -> dict[str, str]:
        """The environment of a shell in which ``module ARGUMENTS`` was typed."""
        done = self.run(folder, *arguments, env=env)
        assert done.stderr == b"", done.stderr.decode()
        shell = subprocess.run(
            ["bash", "--norc", "--noprofile"],
            input=done.stdout + b"\nenv -0\n",
            env={**env, "MODULEPATH": str(folder)},
            capture_output=True,
            check=True,
        )
        assert shell.stderr == b"", shell.stderr.decode()
        pairs = shell.stdout.decode("utf-8", "surrogateescape").split("\0")
        return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def _tcl() -> Tool | None:
    roots = (Path("/usr"), _UNPACKED / "usr")
    scripts = [path for root in roots for path in sorted(root.glob("lib/*/modulecmd.tcl"))]
    tclsh = shutil.which("tclsh")
    return Tool("tcl", (tclsh, str(scripts[0]))) if scripts and tclsh else None


def _lmod() -> Tool | None:
    return Tool("lmod", (str(_LMOD),)) if os.access(_LMOD, os.X_OK) else None


def lmod() -> Tool:
    """Lmod; where it is not there, the test is skipped with the reason."""
    return _lmod() or pytest.skip(f"no Lmod in {_LMOD}")


def tools() -> list[object]:
    """Both tools as parameters; one that is not there is skipped, with the reason."""
    return [
        _parameter(_tcl(), "environment-modules", "no modulecmd.tcl of Environment Modules"),
        _parameter(_lmod(), "lmod", f"no Lmod in {_LMOD}"),
    ]


def _parameter(tool: Tool | None, name: str, reason: str) -> object:
    marks = () if tool else pytest.mark.skip(reason=reason)
    return pytest.param(tool, id=name, marks=marks)
