"""pre-commit hooks ``conda-multiplat-lock`` and ``-render``: update the files of a commit.

Files that are out of date are written again in the work tree, and the commit fails, so that the
user can review and add them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from conda_multiplat.actions.check.git_commit import projects
from conda_multiplat.actions.check.locks import verdicts
from conda_multiplat.actions.check.verdict import LOCK, RENDER
from conda_multiplat.cli.main import guarded
from conda_multiplat.cli.main import main as run
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.project import load_project_as_locked
from conda_multiplat.vocabulary.errors import MultiplatError


def lock(arguments: Sequence[str] | None = None) -> int:
    """Lock the projects of the given files that are not in sync; return 0 if all were."""
    return _renew(arguments, LOCK)


def render(arguments: Sequence[str] | None = None) -> int:
    """Render what is out of date in the projects of the given files; return 0 if nothing was."""
    return _renew(arguments, RENDER)


def _renew(arguments: Sequence[str] | None, command: str) -> int:
    """Run a command for the projects that need it; return 0 if none did."""
    names = sys.argv[1:] if arguments is None else arguments

    def renew() -> int:
        stale = [files for files in projects(names) if _is_stale(files, command)]
        codes = (run([*command.split(), "-f", *map(str, files)]) or 1 for files in stale)
        return max(codes, default=0)

    return guarded(renew, Console())


def _is_stale(files: Sequence[Path], command: str) -> bool:
    try:
        judged = verdicts(load_project_as_locked(files))
    except (MultiplatError, ValueError, RecursionError):
        return True  # the command reports what is wrong
    return any(verdict.fails(strict=True) and verdict.command == command for verdict in judged)
