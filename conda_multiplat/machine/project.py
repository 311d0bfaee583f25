"""A project on disk: its manifest, its folder and its locks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.lockfile.read import read_head, read_lock
from conda_multiplat.machine.files import (
    NOT_SHOWN,
    ReadText,
    find_manifest,
    is_foreign,
    lock_files,
    lock_path,
    manifest_in,
    read_blocks,
    read_lock_text,
    read_text,
    relative_name,
    shown,
    typed,
)
from conda_multiplat.manifest.license_rules import LicenseCheck
from conda_multiplat.manifest.model import Manifest
from conda_multiplat.manifest.read import Source, SpecCheck, read_manifest
from conda_multiplat.vocabulary.errors import LockFileError, ManifestError, Problem
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT

_ANY = ("linux-64",)
#: conda-build's recipes, which conda-lock accepts too.
_RECIPES = ("meta.yaml", "meta.yml")


class Project(NamedTuple):
    """A manifest, and the folder of its locks, which is that of the first file."""

    manifest: Manifest
    folder: Path
    sources: tuple[str, ...]

    @property
    def files(self) -> list[Path]:
        """Return the manifest's files."""
        return [self.folder / source for source in self.sources]

    def lock_path(self, environment: str) -> Path:
        """Return the path of an environment's lock."""
        return lock_path(self.folder, environment)

    def lock(self, environment: str, platforms: Sequence[str] | None = None) -> LockFile | None:
        """Return an environment's lock, or only some platforms of it; ``None`` if there is none.

        The file name decides which environment it is, whatever the content says.

        Raises:
            LockFileError: it can't be read.
        """
        path = self.lock_path(environment)
        if not path.exists():
            return None
        lock = read_lock(read_lock_text(path), shown(path), platforms)
        return lock._replace(environment=environment)

    def lock_head(self, environment: str) -> LockFile | None:
        """Read as :meth:`lock`, but only the head of a lock that we wrote and that was not edited.

        Raises:
            LockFileError: it can't be read.
        """
        return head_of(self.lock_path(environment), whole=True)

    def existing_lock(self, environment: str, platforms: Sequence[str] | None = None) -> LockFile:
        """Return an environment's lock, which must exist and be unedited.

        Raises:
            LockFileError: it is missing, changed by hand, or can't be read.
        """
        path = shown(self.lock_path(environment))
        lock = self.lock(environment, platforms)
        if lock is None:
            hint = f"run `{invocation(self, 'lock')}`"
            raise LockFileError(f"{path} does not exist", hints=[hint])
        if not lock.intact:
            raise LockFileError(
                f"{path} is not as it was written",
                details=[
                    f"it is not merged: {lock.unmerged}"
                    if lock.unmerged
                    else "it does not have the digests that it states: it was edited"
                ],
                hints=[
                    f"run `{invocation(self, 'lock')}`, or restore the file from version control"
                ],
            )
        return lock


def load_project(
    files: Sequence[str | Path],
    *,
    host_subdirs: Sequence[str],
    check_spec: SpecCheck | None = None,
    check_license: LicenseCheck | None = None,
    read: ReadText = read_text,
) -> Project:
    """Read the manifest from ``files``, or the nearest one; see :func:`read_manifest`.

    Without ``files``, a lock next to the manifest says from which files it was made: those are
    read, as in conda-lock. ``read`` returns the text of each file, which can differ from the disk.

    Raises:
        ManifestError: with every problem of every file.
        OutsideError: a file can't be read.
    """
    paths = manifest_files(files)
    sources = [Source(shown(path), read(path)) for path in paths]
    folder = paths[0].parent
    with _nothing_shown_of(path for path in paths if is_foreign(path, path.parent)):
        manifest = read_manifest(
            sources,
            host_subdirs=host_subdirs,
            check_spec=check_spec,
            entry_name=_entry_name,
            check_license=check_license,
        )
    folders = {source.file: path.parent for source, path in zip(sources, paths, strict=True)}
    manifest = _expanded(manifest, folders, folder, read)
    return Project(manifest, folder, tuple(relative_name(path, folder) for path in paths))


@contextmanager
def _nothing_shown_of(paths: Iterable[Path]) -> Iterator[None]:
    """Keep the text of these files out of errors: a link may lead to somebody's secrets."""
    try:
        yield
    except ManifestError as error:
        foreign = {shown(path) for path in paths}
        error.problems = tuple(
            Problem(problem.location, NOT_SHOWN) if problem.location.file in foreign else problem
            for problem in error.problems
        )
        raise


def manifest_files(files: Sequence[str | Path]) -> list[Path]:
    """Return the manifest's files: the given ones or, if there are none, the nearest."""
    return [Path(file).absolute() for file in files] or _found_files()


def load_project_as_locked(files: Sequence[str | Path]) -> Project:
    """Load the project as :func:`load_project`, independently of this machine.

    If the manifest names no platform, the lock's platforms are used. Without a lock there is
    nothing to compare, and any platform will do.
    """
    paths = [Path(file).absolute() for file in files]
    manifest = paths[0] if paths else _found_manifest()
    head = _head(manifest.parent)
    any_head = head or next(filter(None, map(head_of, lock_files(manifest.parent))), None)
    subdirs = tuple(any_head.platforms) if any_head else _ANY
    return load_project(paths or _files_of(head, manifest), host_subdirs=subdirs)


def invocation(project: Project, command: str) -> str:
    """Return one of our commands, as it is typed for a project from the current folder."""
    return typed_for(project.files, command)


def typed_for(files: Sequence[Path], command: str) -> str:
    """Return one of our commands, as it is typed for a manifest's files from the current folder."""
    try:
        nearest = _found_files()
    except ManifestError:
        nearest = []
    if [file.resolve() for file in files] == [path.resolve() for path in nearest]:
        return f"conda multiplat {command}"
    return f"conda multiplat {command} -f {' '.join(map(typed, files))}"


def projects_beside(names: Iterable[str]) -> list[list[Path]]:
    """Return the manifest files of each project in the folders of some files."""
    folders = sorted({Path(name).absolute().parent for name in names})
    return [found for folder in folders if (found := _files_in(folder))]


def _files_in(folder: Path) -> list[Path]:
    """Return the manifest files of the project in a folder; empty if there is no project.

    If no manifest has one of the usual names, a lock tells which files it was made from. Those of
    our own locks need not exist: a lock without its manifest is reported.
    """
    manifest = manifest_in(folder)
    if manifest is not None:
        return _with_its_files(manifest)
    for path in lock_files(folder) if folder.is_dir() else ():
        try:
            head = head_of(path)
        except LockFileError:
            continue
        files = [folder / source for source in head.sources] if head else []
        ours = head is not None and head.recipe > 0
        if files and files[0].parent == folder and (ours or all(file.is_file() for file in files)):
            return files
    return []


def _found_files() -> list[Path]:
    return _with_its_files(_found_manifest())


def _found_manifest() -> Path:
    """Return the nearest manifest with a usual name, else the sources of the lock here.

    Raises:
        ManifestError: neither exists.
    """
    try:
        return find_manifest(Path.cwd())
    except ManifestError:
        files = _files_in(Path.cwd())
        if not files or not all(file.is_file() for file in files):
            raise
        return files[0]


def _with_its_files(manifest: Path) -> list[Path]:
    """Return the files of the lock next to ``manifest``; only itself if the lock doesn't say."""
    try:
        head = _head(manifest.parent)
    except LockFileError:
        head = None
    return _files_of(head, manifest)


def _files_of(head: LockFile | None, manifest: Path) -> list[Path]:
    """Return the files that a lock was made from, which may not include ``manifest``.

    Only ``manifest`` if one of them no longer exists or can be read only by conda-lock, or if the
    lock would belong into another folder.
    """
    files = [manifest.parent / source for source in head.sources] if head else []
    at_home = bool(files) and files[0].parent == manifest.parent
    return files if at_home and all(map(_is_manifest, files)) else [manifest]


def _is_manifest(file: Path) -> bool:
    """Return whether a lock's source exists, and is not TOML or a recipe (only for conda-lock)."""
    return file.suffix in (".yml", ".yaml") and file.name not in _RECIPES and file.is_file()


def _head(folder: Path) -> LockFile | None:
    """Return the head of the lock of ``default``, if there is one."""
    return head_of(lock_path(folder, DEFAULT_ENVIRONMENT))


def head_of(path: Path, *, whole: bool = False) -> LockFile | None:
    """Return the head of a lock; ``None`` if there is no lock.

    Raises:
        LockFileError: it can't be read.
    """
    if not path.is_file():
        return None
    name = shown(path)
    return read_head(read_blocks(path), name, whole=whole) or read_lock(read_lock_text(path), name)


def _entry_name(entry: str) -> str:
    """Return the project of an entry of ``pip:``.

    The module that reads them is imported only if there is an entry.
    """
    from conda_multiplat.vocabulary.plain_requirements import plain_name

    if name := plain_name(entry):
        return name
    from conda_multiplat.vocabulary.pip_entries import entry_name

    return entry_name(entry)


def _expanded(
    manifest: Manifest, folders: Mapping[str, Path], folder: Path, read: ReadText
) -> Manifest:
    """Insert the lines of requirements files, if ``pip:`` has more than plain requirements."""
    lines = [
        line
        for environment in manifest.environments.values()
        for view in environment.views.values()
        for line in view.pypi
    ]
    if not lines:
        return manifest
    from conda_multiplat.vocabulary.plain_requirements import plain_name

    if all(plain_name(line.text) for line in lines):
        return manifest
    from conda_multiplat.machine.requirement_files import expand

    return expand(manifest, folders, folder, read)
