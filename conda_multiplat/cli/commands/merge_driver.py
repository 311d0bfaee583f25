r"""``conda multiplat merge-driver``: merge locks for git, as values and never as text.

Flow::

    %O %A %B -> Sides --\
    what is merged -> manifest as it will be -> [Target] --> merged LockFile -> %A, exit 0
                                                        \-> reasons: %A is our side, exit 1

On a conflict, ``%A`` keeps our whole side, with the reason above it as a comment: ``lock`` starts
from the packages of both sides (``machine.git.merge.both_sides``); until then, ``check`` and
``install`` refuse the file, even if it satisfies the manifest.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from conda_multiplat.actions.check.locks import unmet_lines
from conda_multiplat.cli.options import git_setup_options, run_git_setup
from conda_multiplat.lockfile import write as conda_lock
from conda_multiplat.lockfile.merge import Sides, disagreements, merge_locks, merged_platforms
from conda_multiplat.lockfile.model import LockFile, PlatformLock
from conda_multiplat.lockfile.read import as_unmerged, read_lock
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import lock_path, quoted, read_blocks, relative_name, write_all
from conda_multiplat.machine.git import commands as git
from conda_multiplat.machine.git.merge import Given, Merging, what_is_merged
from conda_multiplat.machine.git.setup import MERGE
from conda_multiplat.machine.project import Project, load_project, projects_beside
from conda_multiplat.manifest.targets import Target, targets
from conda_multiplat.vocabulary.errors import LockFileError, MultiplatError, UsageError
from conda_multiplat.vocabulary.file_names import locked_environment

EXAMPLES = """\
examples:
  conda multiplat merge-driver --setup      # in each clone, once; commit .gitattributes
  conda multiplat merge-driver --undo       # git merges locks as text again
git calls it as: conda-multiplat merge-driver %O %A %B %P
"""
_FILES = {
    "base": "the common ancestor (%%O)",
    "ours": "our side, and where the result goes (%%A)",
    "theirs": "the other side (%%B)",
    "path": "the lock's path in the repository (%%P)",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    for name, meaning in _FILES.items():
        parser.add_argument(f"{name}_file", metavar=name.upper(), nargs="?", help=meaning)
    git_setup_options(parser)
    parser.set_defaults(needs_settings=False, refuse=parser.error)


def run(args: argparse.Namespace, _: None, console: Console) -> int:
    """Merge a lock for git, or register the merge driver.

    Returns:
        0 if the lock is merged; 1 for a conflict, which git then marks.
    """
    if args.git_setup:
        return run_git_setup(MERGE, args, console)
    name, ours = args.path_file, args.ours_file
    if name is None:
        args.refuse("--setup, --undo, or git's four files: %O %A %B %P")
    root = Path(git.output(Path(), "rev-parse", "--show-toplevel") or ".")
    files = (args.base_file, ours, args.theirs_file)
    given = Given(*(b"".join(read_blocks(Path(file))) for file in files))
    environment = locked_environment(PurePosixPath(name).name)
    if not environment:
        raise UsageError(f"{name} is not a lock's file name", hints=["check .gitattributes"])
    try:
        lock, reasons = _merged(root, name, environment, given)
    except MultiplatError as error:
        lock, reasons = None, [_one_line(error)]
    if lock is not None:
        write_all({Path(ours): conda_lock.render(lock)})
    else:
        _leave(Path(ours), given.ours, _first(reasons))
        console.say(f"{name} is not merged: {_first(reasons)}; run: {_relock(root, name)}")
    console.result({"file": name, "merged": lock is not None, "reasons": reasons})
    return 0 if lock is not None else 1


def _leave(path: Path, ours: bytes, reason: str) -> None:
    """Leave our side of the merge, with the reason in a comment above it if it is text."""
    with suppress(UnicodeDecodeError):
        write_all({path: as_unmerged(ours.decode("utf-8-sig"), reason)})


def _one_line(error: MultiplatError) -> str:
    """Return an error's message and its first problem on one line."""
    words = [error.message]
    for problem in error.problems[:1]:
        known = problem.location.file in error.message and not problem.location.line
        words.append(problem.message if known else f"{problem.location}: {problem.message}")
    return ": ".join(line.splitlines()[0] for line in words)


def _first(reasons: Sequence[str]) -> str:
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    return f"{reasons[0]}{more}"


def _relock(root: Path, name: str) -> str:
    """Return the command that locks again, with paths relative to where git was called."""
    here = root / os.environ.get("GIT_PREFIX", "")
    path = root / name
    files = [file for project in projects_beside([str(path)]) for file in project]
    if path.parent.resolve() == here.resolve() or not files:
        return "conda multiplat lock"
    words = [quoted(relative_name(file, here)) for file in files]
    return f"conda multiplat lock -f {' '.join(words)}"


def _merged(
    root: Path, name: str, environment: str, given: Given
) -> tuple[LockFile | None, list[str]]:
    sides = _sides(given)
    merging = what_is_merged(root, name, given)
    if merging is None:
        raise UsageError("can't find the commits that are being merged")
    project = _project(root / PurePosixPath(name).parent, sides, merging)
    if environment not in project.manifest.environments:
        return None, [f"the manifest has no environment {environment!r}"]
    merged_targets = targets(project.manifest, [environment])
    lock, reasons = _merge(sides, merged_targets)
    if lock is not None and any(target.peers for target in merged_targets):
        locks = {environment: lock, **_peers(project, merging, merged_targets)}
        reasons = disagreements(locks, merged_targets)
    return (None, reasons) if reasons else (lock, [])


def _sides(given: Given) -> Sides:
    """Read the three locks; the common ancestor may be missing."""
    base = _read(given.base, "the common ancestor") if given.base.strip() else None
    return Sides(base, _read(given.ours, "ours"), _read(given.theirs, "theirs"))


def _read(content: bytes, name: str) -> LockFile:
    try:
        return read_lock(content.decode("utf-8-sig"), name)
    except UnicodeDecodeError:
        raise LockFileError(f"{name} is not UTF-8") from None


def _project(folder: Path, sides: Sides, merging: Merging) -> Project:
    """Return the project with its manifest as git will merge it."""
    from conda_multiplat.engines.conda.specs import check_spec

    files = [folder / name for name in sides.ours.sources]
    return load_project(
        files, host_subdirs=merged_platforms(sides), check_spec=check_spec, read=merging.text
    )


def _merge(sides: Sides, wanted: Sequence[Target]) -> tuple[LockFile | None, list[str]]:
    """Merge, judging the result as ``check`` does."""
    return merge_locks(sides, wanted, judge=unmet_lines, versions=_versions)


def _versions(target: Target, locked: PlatformLock) -> dict[str, str]:
    from conda_multiplat.engines.pypi.conda_names import name_table
    from conda_multiplat.lockfile.satisfies_pypi import project_versions

    return project_versions(target, locked, name_table())


def _peers(project: Project, merging: Merging, wanted: Sequence[Target]) -> dict[str, LockFile]:
    """Return the merged locks of the solve-group's other environments, except unmergeable ones.

    An unmergeable lock will be in conflict itself, and ``lock`` then solves the whole group.
    """
    locks = {}
    for environment in {peer.environment for target in wanted for peer in target.peers}:
        path = lock_path(project.folder, environment)
        name = path.relative_to(merging.root).as_posix()
        base, ours, theirs = merging.at(name)
        try:
            if ours is None or theirs is None or base in (ours, theirs) or ours == theirs:
                content = merging.text(path)
                lock: LockFile | None = read_lock(content, name)
            else:
                peer_targets = targets(project.manifest, [environment])
                lock, _ = _merge(_sides(Given(base or b"", ours, theirs)), peer_targets)
        except MultiplatError:
            continue
        if lock is not None:
            locks[environment] = lock
    return locks
