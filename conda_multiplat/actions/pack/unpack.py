"""Unpack archives and create their environments, without a network.

An archive is untrusted; everything is verified before it is used::

    archive -> files in a folder of ours, none elsewhere, each with the SHA-256 that is stated
            -> manifest and lock, as in any project -> can this machine run it?
            -> each package's file with the hashes of the lock -> our cache of packages
            -> the prefix, as ``install`` makes it

The prefix keeps the manifest and the lock: it belongs to no other project, and ``list --installed``
and ``run`` need one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from conda_multiplat.actions.install.choose_environment import Choice, refuse_unmet
from conda_multiplat.actions.install.make_as_locked import make_as_locked
from conda_multiplat.actions.install.prefix_changes import Work, require_allowed
from conda_multiplat.actions.pack.project_files import lock_folder
from conda_multiplat.actions.provenance import refuse_unverifiable
from conda_multiplat.engines.conda.access import cache_folder
from conda_multiplat.engines.conda.archives import extract_archives
from conda_multiplat.engines.conda.downloads import digests_of
from conda_multiplat.export.packed import (
    DESCRIPTION,
    PROJECT,
    SUMS,
    Description,
    can_be_packed,
    packed_part,
    place_of,
    read_description,
    read_sums,
    why_not_packed,
)
from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import ReadText, read_text, shown
from conda_multiplat.machine.prefix_records import meta
from conda_multiplat.machine.progress import Progress, progress
from conda_multiplat.machine.project import Project, load_project
from conda_multiplat.machine.tar_files import extract_tar, is_portable
from conda_multiplat.machine.temporary import temporary_folder
from conda_multiplat.manifest.targets import target
from conda_multiplat.vocabulary.errors import (
    DocumentError,
    LockFileError,
    ManifestError,
    OutsideError,
    UnmetError,
)
from conda_multiplat.vocabulary.records import PypiRecord

#: The folder in ``conda-meta`` with the manifest and the lock of an unpacked prefix.
_KEPT = "packed"
_MEGABYTE = 1_000_000
_NOTHING = "nothing was changed"


class Unpacked(NamedTuple):
    """A packed environment in a folder, whose files match their digests.

    Attributes:
        file: the archive, or the folder, as it was named.
        folder: where its files are.
        digests: the SHA-256 of each, by name.
        packed: its description.
        project: its manifest.
        lock: its lock for its platform.
    """

    file: Path
    folder: Path
    digests: Mapping[str, str]
    packed: Description
    project: Project
    lock: LockFile

    @property
    def left_out(self) -> list[str]:
        """A line for each locked package that is not in the archive."""
        locked = self.lock.platforms[self.packed.platform]
        return [why_not_packed(package) for package in locked.pypi if not can_be_packed(package)]

    def kept_in(self, prefix: Path) -> Path:
        """Return the folder of the lock that a prefix keeps."""
        return meta(prefix) / _KEPT / lock_folder(self.packed)


@contextmanager
def unpacked(file: Path, settings: Settings, console: Console) -> Iterator[Unpacked]:
    """Provide the files of an archive temporarily; for a folder, its existing files.

    Raises:
        LockFileError: it is not a packed environment, or its files do not match their digests.
        ManifestError: its manifest can't be read.
        OutsideError: it can't be read, or its files can't be written.
    """
    if file.is_dir():
        with _explained(file):
            sums = read_sums(_text(file, SUMS))
            yield _read(file, file, sums, _digests(file, sums))
        return
    if not file.is_file():
        raise OutsideError(f"there is no {shown(file)}")
    with temporary_folder(cache_folder(settings), ".download-") as folder, _explained(file):
        digests = _extracted(file, folder, console)
        sums = read_sums(_text(folder, SUMS))
        yield _read(file, folder, sums, {k: v for k, v in digests.items() if k != SUMS})


def _extracted(file: Path, folder: Path, console: Console) -> dict[str, str]:
    with progress(console, file.stat().st_size // _MEGABYTE) as bar:
        bar.now(f"MB of {file.name} verified")
        before = 0

        def done(count: int) -> None:
            nonlocal before
            bar.step(count // _MEGABYTE - before)
            before = count // _MEGABYTE

        return extract_tar(file, folder, done)


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    try:
        yield
    except DocumentError as error:
        raise _not_one(file, str(error)) from None


def _text(folder: Path, name: str) -> str:
    path = folder / name
    if path.is_symlink() or not path.is_file():
        raise DocumentError(f"it has no {name}")
    return read_text(path)


def _digests(folder: Path, sums: Mapping[str, str]) -> dict[str, str]:
    """Return the SHA-256 of each listed file; other files of a folder are ignored."""
    digests = {}
    for name in sums:
        path = folder / name
        if is_portable(name) and path.is_file() and not path.is_symlink():
            digests[name] = digests_of(path).sha256
    return digests


def _read(
    file: Path, folder: Path, sums: Mapping[str, str], digests: Mapping[str, str]
) -> Unpacked:
    """Read the extracted content of an archive.

    Raises:
        LockFileError: a file does not match its digest, or the lock can't be used.
        DocumentError: the description, the manifest or the lock is missing or does not fit.
    """
    if wrong := _differences(sums, digests):
        raise LockFileError(f"{shown(file)} is not as it was packed", details=wrong[:10])
    packed = read_description(_text(folder, DESCRIPTION))
    places = [packed.lock, *packed.manifest]
    if missing := [place for place in places if f"{PROJECT}/{place}" not in digests]:
        raise DocumentError(f"it has no {PROJECT}/{missing[0]}")
    manifest = [folder / PROJECT / name for name in packed.manifest]
    read = _read_own(file, folder, digests)
    project = load_project(manifest, host_subdirs=(packed.platform,), read=read)
    if packed.environment not in project.manifest.environments:
        raise DocumentError(f"its manifest has no environment {packed.environment!r}")
    if project.lock_path(packed.environment) != folder / PROJECT / packed.lock:
        raise DocumentError(f"{packed.lock} is not its manifest's lock")
    lock = project.existing_lock(packed.environment, [packed.platform])
    if packed.platform not in lock.platforms:
        raise DocumentError(f"its lock has nothing for {packed.platform}")
    return Unpacked(file, folder, digests, packed, project, lock)


def _read_own(file: Path, folder: Path, digests: Mapping[str, str]) -> ReadText:
    """Return a function that reads only files of the archive, whose digests are known."""
    roots = os.path.abspath(folder), os.path.realpath(folder)  # noqa: PTH100 - with links, without

    def read(path: Path) -> str:
        if not any(Path(os.path.relpath(path, root)).as_posix() in digests for root in roots):
            raise ManifestError(f"{shown(path)} is not in {shown(file)}")
        return read_text(path)

    return read


def _differences(sums: Mapping[str, str], digests: Mapping[str, str]) -> list[str]:
    missing = [f"{name} is missing" for name in sums if name not in digests]
    unlisted = [f"{name}: {SUMS} does not list it" for name in digests if name not in sums]
    altered = [
        f"{name}: sha256 is {digest}, {SUMS} has {sums[name]}"
        for name, digest in digests.items()
        if name in sums and digest != sums[name]
    ]
    return [*altered, *missing, *unlisted]


def _not_one(file: Path, reason: str) -> LockFileError:
    hints = [_NOTHING, "`conda multiplat pack` makes such files"]
    return LockFileError(f"{shown(file)} is not a packed environment: {reason}", hints=hints)


def require_platform(what: Unpacked, settings: Settings) -> None:
    """Refuse what was packed for another platform.

    Raises:
        UnmetError: its platform is not this machine's.
    """
    if what.packed.platform != settings.subdir:
        raise UnmetError(
            f"{shown(what.file)} is for {what.packed.platform}, "
            f"and this machine is {settings.subdir}",
            hints=[f"pack one for it: conda multiplat pack --platform {settings.subdir}"],
        )


def make_unpacked(
    what: Unpacked, where: Path, settings: Settings, console: Console, *, dry_run: bool
) -> Work:
    """Make a prefix as packed; with ``dry_run``, return what would change.

    Raises:
        UnmetError: this machine can't run it, or the prefix may not be changed.
        LockFileError: a package's file is not what is locked.
        MultiplatError: as ``install``.
    """
    settings = replace(settings, offline=True)
    environment, platform = what.packed.environment, what.packed.platform
    here = target(what.project.manifest, environment, platform)
    refuse_unverifiable(what.project, here, what.lock)
    locked = packed_part(what.lock.platforms[platform])
    refuse_unmet(environment, locked, settings)
    _refuse_others(what)
    choice = Choice(environment, locked, stale=False, packed=what.folder)
    project = what.project._replace(folder=what.kept_in(where))
    require_allowed(project, choice, settings)
    if not dry_run:
        with progress(console, len(locked.records)) as bar:
            _take_in(what, settings, bar)
    return make_as_locked(
        project,
        choice,
        where,
        settings,
        console,
        dry_run=dry_run,
        then=lambda: _keep(what, meta(where) / _KEPT),
    )


def _refuse_others(what: Unpacked) -> None:
    """Refuse packages that do not match the lock.

    The MD5s of conda packages are compared when they are extracted.

    Raises:
        LockFileError: with each such package.
    """
    wrong = []
    for record in packed_part(what.lock.platforms[what.packed.platform]).every:
        place = place_of(record)
        if place not in what.digests:
            wrong.append(f"{place} is missing")
        elif record.sha256 and what.digests[place] != record.sha256.lower():
            wrong.append(f"{place}: sha256 is {what.digests[place]}, the lock has {record.sha256}")
        elif isinstance(record, PypiRecord) and record.md5:
            md5 = digests_of(what.folder / place).md5
            wrong += [f"{place}: md5 is {md5}, the lock has {record.md5}"] * (
                md5 != record.md5.lower()
            )
    if wrong:
        raise LockFileError(
            f"{shown(what.file)} has packages that differ from its lock",
            details=wrong,
            hints=[_NOTHING],
        )


def _take_in(what: Unpacked, settings: Settings, bar: Progress) -> None:
    records = what.lock.platforms[what.packed.platform].records
    archives = {record: what.folder / place_of(record) for record in records}
    extract_archives(archives, settings=settings, progress=bar, folder=what.folder)


def _keep(what: Unpacked, kept: Path) -> None:
    """Copy the manifest and the lock into the prefix, in place of earlier ones."""
    shutil.rmtree(kept, ignore_errors=True)
    for name in what.digests:
        if name.startswith(f"{PROJECT}/"):
            place = kept / name.removeprefix(f"{PROJECT}/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(what.folder / name, place)
