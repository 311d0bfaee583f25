"""The projects that a commit changes, as the commit contains them: for the pre-commit hooks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conda_multiplat.actions.check.verdict import Verdict
from conda_multiplat.machine.files import shown, typed
from conda_multiplat.machine.git import commands as git
from conda_multiplat.machine.project import Project, projects_beside


def projects(names: Sequence[str]) -> list[list[Path]]:
    """Return the manifest files of each project that a commit changes.

    pre-commit does not pass files that a commit deletes, but deleting a manifest leaves a lock
    without one: git is asked for them.
    """
    return projects_beside([*names, *git.deleted(Path.cwd())])


def in_commit(project: Project, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Adjust verdicts to the files that the commit contains.

    pre-commit hides unstaged changes, but not untracked files. An untracked lock counts as
    missing; an untracked file that nothing needs is ignored.
    """
    files = project.files
    needed = [shown(project.lock_path(name)) for name in project.manifest.environments]
    names = [*map(shown, files), *(verdict.file for verdict in verdicts)]
    left_out = git.not_added(Path.cwd(), names)
    seen = [
        verdict for verdict in verdicts if verdict.file in needed or verdict.file not in left_out
    ]
    seen += [Verdict(shown(file)) for file in files if shown(file) in left_out]
    return [_to_add(state) if state.file in left_out else state for state in seen]


def _to_add(verdict: Verdict) -> Verdict:
    """Say that a file must be added, if nothing else is wrong with it."""
    if verdict.reasons:
        return verdict
    fix = f"run: git add {typed(Path(verdict.file))}"
    return verdict._replace(reasons=("it is not added to the commit",), command="", fix=fix)
