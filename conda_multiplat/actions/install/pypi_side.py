"""The PyPI packages of a prefix: owners of files, removal, installation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from conda_multiplat.actions.install.choose_environment import Choice
from conda_multiplat.actions.install.prefix_changes import Work, channels
from conda_multiplat.lockfile.platform_changes import packages
from conda_multiplat.machine import prefix as prefixes
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.progress import Progress
from conda_multiplat.machine.project import Project
from conda_multiplat.machine.temporary import temporary_folder
from conda_multiplat.manifest.targets import target
from conda_multiplat.vocabulary.byte_sizes import total_words
from conda_multiplat.vocabulary.records import CondaRecord, python_of

if TYPE_CHECKING:
    from conda_multiplat.engines.pypi.install import UvInstaller


def refuse_two_owners(work: Work, settings: Settings, bar: Progress) -> frozenset[str]:
    """Refuse a path that belongs to both conda and PyPI.

    Returns:
        The PyPI packages that stay but lose files with a conda package that is removed: earlier
        versions have installed them over each other.
    """
    from conda_multiplat.actions.install import file_owners
    from conda_multiplat.engines.pypi.install import python_program
    from conda_multiplat.machine.prefix_files import owners

    locked = work.choice.locked
    python = python_of(locked.records)
    to_link = work.to_link
    coming = {change.name for change in work.pypi if change.new is not None}
    records = [record for record in locked.pypi if record.name in coming]
    changed = {change.name for change in work.conda}
    runs = bool(records) and ("python" in changed or not python_program(work.where).exists())
    aside_records = file_owners.to_link_aside(locked.records, to_link, runs=runs)
    with _linked_aside(work, aside_records, settings, bar) as aside:
        conda = file_owners.conda_owners(
            work.where, changed, aside, {package.name for package in to_link}
        )
        stay = file_owners.staying_files(work.where, python, {change.name for change in work.pypi})
        # before the download of wheels, in case it is refused
        file_owners.refuse_two_owners(conda, stay, work.where, aside)
        bar.now(f"packages from PyPI  {total_words(record.size for record in records)}".rstrip())
        interpreter = aside if runs and aside else work.where
        new = file_owners.coming_files(_installer(work, settings), records, interpreter)
        file_owners.refuse_two_owners(conda, new, work.where, aside)
    bar.step(len(records))
    going = {path for path, names in owners(work.where).items() if changed & set(names)}
    again = frozenset(name for name, paths in stay.items() if paths & going)
    _refuse_wrong_md5(work, coming | again, settings)
    return again


def _refuse_wrong_md5(work: Work, names: Collection[str], settings: Settings) -> None:
    """Verify the MD5 of files that have one locked besides the SHA-256.

    Few locks have both, and uv is content with one correct hash. Packed files were verified before.
    """
    records = [
        record
        for record in work.choice.locked.pypi
        if record.name in names and record.md5 and record.sha256 and not record.is_folder
    ]
    if not records or work.choice.packed:
        return
    from conda_multiplat.engines.pypi.wheel_files import download_wheels

    ours = _installer(work, settings)
    base = work.project.folder
    with temporary_folder() as folder:
        download_wheels(records, folder, base, ours, settings=settings, progress=Progress())


@contextmanager
def _linked_aside(
    work: Work, records: Sequence[CondaRecord], settings: Settings, bar: Progress
) -> Iterator[Path | None]:
    """Provide a folder with linked conda packages; none if there is nothing to examine."""
    if not records:
        yield None
        return
    from conda_multiplat.engines.conda.install import linked_aside

    with linked_aside(
        records,
        settings.subdir,
        settings=settings,
        channels=channels(work.project, work.choice, settings),
        progress=bar,
        mended=work.mended,
        of=work.where,
    ) as prefix:
        yield prefix


def remove_pypi(work: Work, again: Collection[str]) -> None:
    """Remove PyPI packages that go or are replaced, before anything is linked.

    A conda package may replace a PyPI package. Files that conda owns now stay.
    """
    noted = work.marker.get("pypi", {})
    if not (work.pypi or again or (noted and work.conda)):
        return
    from conda_multiplat.machine.distribution_files import remove_distributions
    from conda_multiplat.machine.prefix_files import is_in_conda_meta, owners
    from conda_multiplat.machine.site_packages import foreign_distributions, left_distributions

    python = python_of(work.choice.locked.records)
    changed = {change.name for change in work.pypi} | set(again)
    present = list(foreign_distributions(work.where, python))
    gone = [path for path, name, _ in present if name in changed]
    gone += [path for path, _, _ in left_distributions(work.where, python, noted)]
    if gone:
        prefixes.begin(work.where, {**work.marker, "state": "installing"})
        others = [path for path, name, _ in present if name not in changed]
        of_conda = owners(work.where)

        def stays(path: str) -> bool:
            return path in of_conda or is_in_conda_meta(path)

        remove_distributions(work.where, gone, stays, others)


def install_pypi(
    work: Work, again: Collection[str], settings: Settings, console: Console, bar: Progress
) -> None:
    """Install new packages, and ``again`` those that lost files to a removed conda package."""
    coming = {change.name for change in work.pypi if change.new is not None} | set(again)
    if not coming:
        return
    prefixes.begin(work.where, {**work.marker, "state": "installing"})
    if not bar.shown:
        console.say(f" installing {packages(len(coming))} from PyPI")
    records = [record for record in work.choice.locked.pypi if record.name in coming]
    _installer(work, settings).install(records)
    bar.step(len(records))


def _installer(work: Work, settings: Settings) -> UvInstaller:
    return installer(work.project, work.choice, work.where, settings)


def installer(project: Project, choice: Choice, where: Path, settings: Settings) -> UvInstaller:
    """Return the installer for an environment's PyPI packages, with its indexes."""
    from conda_multiplat.engines.pypi.install import UvInstaller

    own_target = target(project.manifest, choice.environment, settings.subdir)
    indexes = [url for _, url in own_target.pypi_options.indexes]
    wheels = _wheels(choice.packed) if choice.packed else None
    return UvInstaller(
        where, settings, project.folder, own_target.view.pypi, indexes, wheels=wheels
    )


def _wheels(packed: Path) -> Path:
    """Return the folder of a packed environment's wheels."""
    from conda_multiplat.export.packed import WHEELS  # late: few environments are packed

    return packed / WHEELS
