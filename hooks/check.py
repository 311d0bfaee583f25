"""pre-commit hook ``conda-multiplat-check``: every lock must satisfy its manifest.

pre-commit passes the manifests, locks and rendered files that a commit touches; each of their
folders is a project. Nothing is fetched, solved or written, and the engine is not imported.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from conda_multiplat.actions.check.git_commit import in_commit, projects
from conda_multiplat.actions.check.locks import verdicts
from conda_multiplat.cli.commands.check import lines
from conda_multiplat.cli.main import guarded
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.project import load_project_as_locked


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the projects of the given files.

    Returns:
        0 if all are in sync, 1 if one is not, 2 if a file can't be read.
    """
    names = sys.argv[1:] if arguments is None else arguments
    console = Console()
    return guarded(
        lambda: max((_check(files, console) for files in projects(names)), default=0), console
    )


def _check(files: Sequence[Path], console: Console) -> int:
    def check() -> int:
        project = load_project_as_locked(files)
        wrong = [verdict for verdict in in_commit(project, verdicts(project)) if verdict.fails()]
        for line in lines(wrong, strict=False):
            console.say(line)
        return 1 if wrong else 0

    return guarded(check, console)


if __name__ == "__main__":
    sys.exit(main())
