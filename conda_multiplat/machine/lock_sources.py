"""The files that locks were made from, if they differ from the project's or are gone."""

from __future__ import annotations

from pathlib import Path

from conda_multiplat.machine.files import manifest_in, shown
from conda_multiplat.machine.project import Project, head_of
from conda_multiplat.vocabulary.errors import LockFileError
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT


def is_of_others(project: Project, lock: Path) -> bool:
    """Return whether a lock beside a project's was made from other manifests that exist."""
    try:
        head = head_of(lock)
    except LockFileError:
        return False
    sources = [lock.parent / source for source in head.sources] if head else []
    own = {file.resolve() for file in project.files}
    return bool(sources) and all(
        source.is_file() and source.resolve() not in own for source in sources
    )


def passed_over(project: Project) -> str:
    """Return a note if the lock was not made from the manifest with the usual name in its folder.

    It is ``""`` if it was, or if there is no such manifest.
    """
    manifest = manifest_in(project.folder)
    if manifest is None or manifest in project.files:
        return ""
    files = ", ".join(map(shown, project.files))
    return f"the lock was made from {files}, not from {shown(manifest)} (to use another: -f)"


def gone_files(project: Project) -> str:
    """Return a note if files that the lock was made from no longer exist.

    It is ``""`` if all exist, or if another tool made the lock.
    """
    try:
        head = head_of(project.lock_path(DEFAULT_ENVIRONMENT))
    except LockFileError:
        return ""
    sources = head.sources if head and head.recipe else ()
    gone = [
        project.folder / source for source in sources if not (project.folder / source).is_file()
    ]
    if not gone:
        return ""
    names = ", ".join(map(shown, gone))
    verb = "is" if len(gone) == 1 else "are"
    taken = ", ".join(map(shown, project.files))
    return (
        f"the lock was made from {names}, which {verb} gone: {taken} is used (to use another: -f)"
    )
