"""pre-commit hooks ``conda-multiplat-lock`` and ``-render``: bring a commit's files up to date.

What is out of date is written anew, in the work tree, and the commit fails: look at it, add it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from conda_multiplat.checking import verdicts
from conda_multiplat.cli import main as run
from conda_multiplat.errors import MultiplatError
from conda_multiplat.files import MANIFEST_NAMES
from conda_multiplat.project import load_project_as_locked, locked_files
from conda_multiplat.render.explicit import is_explicit


def lock(arguments: Sequence[str] | None = None) -> int:
    """Lock the projects of the files named, where they are not in sync; 0 if all were."""
    return max((_lock(each) for each in _projects(arguments)), default=0)


def render(arguments: Sequence[str] | None = None) -> int:
    """Write the explicit files of the projects of the files named, where they are out of date."""
    return max((_render(each) for each in _projects(arguments)), default=0)


def _projects(arguments: Sequence[str] | None) -> list[list[str]]:
    """The manifest's files of each project."""
    names = sys.argv[1:] if arguments is None else arguments
    folders = sorted({Path(name).absolute().parent for name in names})
    found = [folder / name for folder in folders for name in MANIFEST_NAMES]
    manifests = {each.parent: each for each in reversed(found) if each.is_file()}
    return [list(map(str, locked_files(each) or [each])) for each in manifests.values()]


def _lock(files: Sequence[str]) -> int:
    try:
        found = verdicts(load_project_as_locked(files))
    except MultiplatError:
        found = None  # broken: `lock` says how, in its own words
    stale = found is None or any(
        each.reasons or each.met for each in found if not is_explicit(each.file)
    )
    return (run(["lock", "-f", *files]) or 1) if stale else 0


def _render(files: Sequence[str]) -> int:
    try:
        found = verdicts(load_project_as_locked(files))
    except MultiplatError as error:
        print("\n".join(error.lines()), file=sys.stderr)
        return error.exit_code
    stale = [each for each in found if each.reasons and is_explicit(each.file)]
    return (run(["render", "--kind", "explicit", "-f", *files]) or 1) if stale else 0
