"""Write archives: download and verify what is locked, and pack it.

Flow::

    Plan -> archives and wheels on this disk, verified -> their metadata
         -> texts (``export.packed``), the project's files -> SHA256SUMS -> tar
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from conda_multiplat.actions.install.prefix_changes import channels
from conda_multiplat.actions.install.pypi_side import installer
from conda_multiplat.actions.pack.plan import Plan
from conda_multiplat.actions.pack.project_files import project_files
from conda_multiplat.engines.conda.access import cache_folder
from conda_multiplat.engines.conda.archives import download_archives, read_indexes
from conda_multiplat.engines.conda.downloads import Fetched
from conda_multiplat.engines.pypi.wheel_files import download_wheels
from conda_multiplat.export.packed import (
    DESCRIPTION,
    README,
    SUMS,
    place_of,
    repodata_entry,
    sums,
    texts,
)
from conda_multiplat.export.packed_readme import readme
from conda_multiplat.machine.progress import Progress
from conda_multiplat.machine.tar_files import extract_tar, write_tar
from conda_multiplat.machine.temporary import temporary_folder
from conda_multiplat.vocabulary.errors import LockFileError, MultiplatError
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord, Record


class Written(NamedTuple):
    """An archive.

    Attributes:
        plan: its content.
        path: its path.
        size: its size in bytes.
        sha256: its SHA-256 in hexadecimal.
    """

    plan: Plan
    path: Path
    size: int
    sha256: str


def write_packs(
    plans: Mapping[Path, Plan], read: Mapping[Path, str], progress: Progress
) -> Iterable[Written]:
    """Write archives, one after the other; packages of several are fetched once.

    Packages of an existing archive with the same path are reused. Each package takes two steps: it
    is fetched, and written. At any time, only the packages of the current archive, and those that
    later ones need too, are on the disk.

    Args:
        plans: the file of each archive -> what goes into it.
        read: the files that the manifest was read from.
        progress: the progress.

    Raises:
        OutsideError: a package can't be fetched or is not what was locked, or an archive can't be
            written.
    """
    for plan in plans.values():
        _places(plan)  # raise its errors before the downloads
    settings = next(iter(plans.values())).settings
    have: dict[str, Fetched] = {}
    with temporary_folder(cache_folder(settings), ".download-") as folder:
        for number, (path, plan) in enumerate(plans.items()):
            before = _of_before(path, plan, folder / f"before-{number}", progress)
            fetched = _fetched(plan, have, before, folder / str(number), progress)
            for other in set(before.values()) - {package.path for package in fetched.values()}:
                _forget(other, folder)
            yield _written(plan, path, read, fetched, progress)
            later = list(plans.values())[number + 1 :]
            needed = {record.url for other in later for record in other.packed.every}
            for url in set(have) - needed:
                _forget(have.pop(url).path, folder)


def _forget(path: Path, folder: Path) -> None:
    if path.is_relative_to(folder):  # not one in conda's cache
        with suppress(OSError):
            path.unlink()


def _places(plan: Plan) -> dict[str, Record]:
    """Return the packages of an archive by their paths in it.

    Raises:
        LockFileError: a package is not a file, or two have the same path.
    """
    packages: dict[str, Record] = {}
    for record in plan.packed.every:
        other = packages.setdefault(place_of(record), record)
        if other is not record:
            raise LockFileError(f"{other.name} and {record.name} have one file: {record.url}")
    return packages


def _of_before(path: Path, plan: Plan, folder: Path, progress: Progress) -> dict[Record, Path]:
    """Extract the packages of the archive that will be replaced; they are not verified yet."""
    if not path.is_file():
        return {}
    places = _places(plan)
    progress.now(f"reading {path.name}")
    with suppress(MultiplatError, OSError):
        extracted = extract_tar(path, folder, only=places)
        return {places[place]: folder / place for place in extracted}
    return {}


def _fetched(
    plan: Plan,
    have: dict[str, Fetched],
    before: Mapping[Record, Path],
    folder: Path,
    progress: Progress,
) -> dict[Record, Fetched]:
    """Download all packages of an archive.

    Args:
        plan: what goes into it.
        have: the packages of earlier archives of this run, by URL; new ones are added.
        before: files of the previous archive that can be used if they match.
        folder: the folder for downloads.
        progress: the progress.
    """
    conda, wheels = folder / "conda", folder / "wheels"
    conda.mkdir(parents=True)
    wheels.mkdir()
    new = [record for record in plan.packed.every if record.url not in have]
    progress.step(len(plan.packed.every) - len(new))
    settings, project = plan.settings, plan.project
    archives = download_archives(
        [record for record in new if isinstance(record, CondaRecord)],
        conda,
        candidates=before,
        settings=settings,
        channels=channels(project, plan.choice, settings),
        progress=progress,
    )
    have |= {record.url: archive for record, archive in archives.items()}
    files = download_wheels(
        [record for record in new if isinstance(record, PypiRecord)],
        wheels,
        project.folder,
        installer(project, plan.choice, folder, settings),
        candidates=before,
        settings=settings,
        progress=progress,
    )
    have |= {record.url: file for record, file in files.items()}
    return {record: have[record.url] for record in plan.packed.every}


def _written(
    plan: Plan,
    path: Path,
    read: Mapping[Path, str],
    fetched: Mapping[Record, Fetched],
    progress: Progress,
) -> Written:
    progress.now(f"reading what is in {path.name}")
    places = _places(plan)
    own = {name: text.encode() for name, text in _texts(plan, path, read, fetched).items()}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in own.items()}
    digests |= {place: fetched[record].digests.sha256 for place, record in places.items()}
    packages = {place: fetched[record].path for place, record in places.items()}

    def begin(name: str) -> None:
        if name in places:
            progress.now(f"writing {path.name}")
            progress.step()

    tar = write_tar(path, {**packages, **own, SUMS: sums(digests).encode()}, begin)
    return Written(plan, path, tar.size, tar.sha256)


def _texts(
    plan: Plan, path: Path, read: Mapping[Path, str], fetched: Mapping[Record, Fetched]
) -> dict[str, str]:
    """Return all files of an archive that are not packages, except the list of digests."""
    environment, subdir, project = plan.choice.environment, plan.platform, plan.project
    files, packed = project_files(project, read, environment, subdir)
    variables = project.manifest.variables.get(subdir, {})
    entries = _repodata_entries(plan, plan.packed.records, fetched)
    lock = project.existing_lock(environment, [subdir])
    return {
        **texts(lock, subdir, variables, entries),
        **files,
        DESCRIPTION: packed.text(),
        README: readme(packed, plan.name, plan.file_name, plan.choice.locked, variables),
    }


def _repodata_entries(
    plan: Plan, records: Sequence[CondaRecord], fetched: Mapping[Record, Fetched]
) -> dict[str, object]:
    indexes = read_indexes({record: fetched[record].path for record in records}, plan.settings)
    return {
        place_of(record): repodata_entry(record, index, **fetched[record].digests._asdict())
        for record, index in indexes.items()
    }
