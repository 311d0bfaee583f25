"""pre-commit hook ``conda-multiplat-check``: every lock answers its manifest.

pre-commit passes the manifests and locks that a commit touches; each of their folders is a
project. Nothing is fetched, solved or written, and the engine is not imported.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from conda_multiplat.errors import MultiplatError
from conda_multiplat.files import LOCK_NAME, MANIFEST_NAMES, shown
from conda_multiplat.lock_reader import read_lock
from conda_multiplat.project import Project, load_project, locked_files
from conda_multiplat.sync import drift


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the projects of the files named; 0 in sync, 1 out of sync, 2 unreadable."""
    names = sys.argv[1:] if arguments is None else arguments
    codes = [_check(folder) for folder in sorted({Path(name).absolute().parent for name in names})]
    return max(codes, default=0)


def _check(folder: Path) -> int:
    manifests = [folder / name for name in MANIFEST_NAMES if (folder / name).is_file()]
    if not manifests:
        return 0
    try:
        lines = list(_drift(folder, manifests[0]))
    except MultiplatError as error:
        print("\n".join(error.lines()), file=sys.stderr)
        return error.exit_code
    for line in lines:
        print(line, file=sys.stderr)
    if lines:
        print("run: conda multiplat lock", file=sys.stderr)
    return 1 if lines else 0


def _drift(folder: Path, manifest: Path) -> Iterator[str]:
    project = _project(folder, manifest)
    for name in project.manifest.environments:
        for reason in drift(project.manifest, name, project.lock(name)):
            yield f"{shown(project.lock_path(name))} is out of date: {reason}"


def _project(folder: Path, manifest: Path) -> Project:
    """The project as it was locked: the lock knows which files were combined into it.

    Where the manifest names no platform, those of the lock are what it was locked for.
    """
    path = folder / LOCK_NAME
    lock = read_lock(path.read_text("utf-8"), shown(path)) if path.is_file() else None
    return load_project(
        locked_files(manifest) or [manifest],
        host_subdirs=tuple(lock.platforms) if lock else (),
    )


if __name__ == "__main__":
    sys.exit(main())
