"""Bringing a prefix to what is locked: for ``install``, and for all who work in the environment.

Flow::

    Choice, prefix -> may it be touched? -> what differs? -> Work
    Work -> (nothing differs: done) -> whose will the files be? -> remove PyPI packages that go
         -> verify, download, link -> PyPI packages that come (uv) -> records, history, variables

Nothing is solved. All that can be refused is refused before the prefix is changed, and all but two
owners of a file before anything is downloaded. A marker in ``conda-meta`` says that an install is
under way; one that was cut off is gone through again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda_multiplat.actions.install.choose_environment import Choice
from conda_multiplat.actions.install.choose_prefix import refuse_protected
from conda_multiplat.actions.named_variables import require_named
from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.lockfile.platform_changes import (
    MENDED,
    Change,
    IsNewer,
    changes,
    packages,
    to_install,
    with_mended,
)
from conda_multiplat.machine import prefix as prefixes
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.prefix_records import complete_records, installed
from conda_multiplat.machine.progress import Progress, progress
from conda_multiplat.machine.project import Project
from conda_multiplat.manifest.targets import target
from conda_multiplat.solving.requests import channels_of
from conda_multiplat.vocabulary.channels import base_url, public_name
from conda_multiplat.vocabulary.pip_entries import CONSTRAINT
from conda_multiplat.vocabulary.records import CondaRecord, python_of

if TYPE_CHECKING:
    from conda_multiplat.engines.conda.access import Channels
    from conda_multiplat.engines.pypi.install import UvInstaller


@dataclass(frozen=True)
class Work:
    """What is to be done.

    Attributes:
        choice: the environment, and its lock for this machine.
        where: the prefix.
        found: what must change there of conda's packages.
        pypi: what must change there of PyPI's.
        marker: what the last run noted there; empty where there was none.
    """

    project: Project
    choice: Choice
    where: Path
    found: Sequence[Change]
    pypi: Sequence[Change]
    marker: Mapping[str, Any]

    @property
    def finished(self) -> bool:
        """Whether the last run came to its end, if the prefix is still an environment."""
        return self.marker.get("state") == "complete" and prefixes.is_environment(self.where)


@dataclass(frozen=True)
class Look:
    """How closely the files of conda's packages are looked at.

    Attributes:
        contents: read them too; else their sizes are enough.
    """

    contents: bool = False


def make_as_locked(
    project: Project,
    choice: Choice,
    where: Path,
    settings: Settings,
    console: Console,
    *,
    look: Look | None = None,
    dry_run: bool = False,
    allow_frozen: bool = False,
    allow_base: bool = False,
) -> Work:
    """Make a prefix what is locked, and say what that took; with ``dry_run`` what it would take.

    Without ``look`` the files of conda's packages are taken to be there as they were linked.

    Raises:
        UnmetError: the prefix may not be touched.
        ChannelRefusedError: conda's configuration does not allow a locked package's channel.
        OutsideError: it could not be finished, or a file would have two owners.
    """
    from conda_multiplat.engines.conda.specs import is_newer

    refuse_protected(where, settings, allow_frozen=allow_frozen, allow_base=allow_base)
    marker = prefixes.read_marker(where)
    found = conda_changes(choice.locked, where, marker, is_newer, look)
    pypi = pypi_changes(choice.locked, where, marker, is_newer)
    work = Work(project, choice, where, found, pypi, marker)
    if found or not work.finished:
        require_allowed(project, choice, settings)
    if not dry_run:
        _carry_out(work, settings, console)
    return work


def conda_changes(
    locked: PlatformLock,
    where: Path,
    marker: Mapping[str, Any],
    is_newer: IsNewer,
    look: Look | None,
) -> list[Change]:
    """What must change of conda's packages, those with missing or altered files among them."""
    present = installed(where)
    found = to_install(present, locked.records, is_newer)
    if look is None:
        return found
    from conda_multiplat.machine.prefix_files import damage

    damaged = damage(where, marker.get("left_by_scripts", {}), contents=look.contents)
    return with_mended(found, locked.records, {name: str(each) for name, each in damaged.items()})


def _carry_out(work: Work, settings: Settings, console: Console) -> None:
    again: Collection[str] = ()
    try:
        with progress(console, _steps(work)) as bar:
            if work.choice.locked.pypi and (work.found or work.pypi):
                again = _refuse_two_owners(work, settings, bar)
            _remove_pypi(work, again)
            if work.found or not work.finished:
                _link(work, settings, bar)
            _install_pypi(work, again, settings, console, bar)
        _settle(work, settings)
    except OSError as error:
        reason = f"{error.filename or work.where}: {error.strerror}"
        raise prefixes.unfinished(work.where, reason) from None


def _steps(work: Work) -> int:
    """How many packages there are to link and install; with PyPI's each is done twice."""
    both = 2 if work.choice.locked.pypi else 1
    return both * len(work.found) + 2 * sum(change.new is not None for change in work.pypi)


def _refuse_two_owners(work: Work, settings: Settings, bar: Progress) -> frozenset[str]:
    """Refuse a path of both sides.

    Returns:
        The PyPI packages that stay, and lose files with a conda package that goes: earlier
        versions have installed them over each other.
    """
    from conda_multiplat.actions.install import file_owners
    from conda_multiplat.engines.pypi.install import python_program
    from conda_multiplat.machine.prefix_files import owners

    locked = work.choice.locked
    python = python_of(locked.records)
    come = [change.new for change in work.found if isinstance(change.new, CondaRecord)]
    wanted = {change.name for change in work.pypi if change.new is not None}
    records = [record for record in locked.pypi if record.name in wanted]
    changed = {change.name for change in work.found}
    runs = bool(records) and ("python" in changed or not python_program(work.where).exists())
    aside_records = file_owners.to_link_aside(locked.records, come, runs=runs)
    with _linked_aside(work, aside_records, settings, bar) as aside:
        conda = file_owners.conda_owners(work.where, changed, aside, {each.name for each in come})
        stay = file_owners.staying_files(work.where, python, {change.name for change in work.pypi})
        # what is known to be refused need not be downloaded
        file_owners.refuse_two_owners(conda, stay, work.where, aside)
        bar.now("packages of PyPI")
        interpreter = aside if runs and aside else work.where
        new = file_owners.coming_files(_installer(work, settings), records, interpreter)
        file_owners.refuse_two_owners(conda, new, work.where, aside)
    bar.step(len(records))
    going = {path for path, names in owners(work.where).items() if changed & set(names)}
    return frozenset(name for name, paths in stay.items() if paths & going)


@contextmanager
def _linked_aside(
    work: Work, records: Sequence[CondaRecord], settings: Settings, bar: Progress
) -> Iterator[Path | None]:
    """Conda packages in a folder of their own; none where there are none to see."""
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
        mended=_mended(work),
        of=work.where,
    ) as prefix:
        yield prefix


def _mended(work: Work) -> set[str]:
    return {change.name for change in work.found if change.kind == MENDED}


def pypi_changes(
    locked: PlatformLock, where: Path, marker: Mapping[str, Any], is_newer: IsNewer
) -> list[Change]:
    """What must change of PyPI's packages; where neither side has any, nobody looks.

    Args:
        locked: what should be there.
        where: the prefix.
        marker: what the last install noted there.
        is_newer: compares versions.
    """
    noted = marker.get("pypi", {})
    if not locked.pypi and not noted:
        return []
    from conda_multiplat.machine.site_packages import installed_pypi

    present = installed_pypi(where, python_of(locked.records), noted)
    return changes(present, locked.pypi, is_newer)


def _installer(work: Work, settings: Settings) -> UvInstaller:
    from conda_multiplat.engines.pypi.install import UvInstaller

    here = target(work.project.manifest, work.choice.environment, settings.subdir)
    indexes = [url for _, url in here.pypi_options.indexes]
    return UvInstaller(work.where, settings, work.project.folder, here.view.pypi, indexes)


def _remove_pypi(work: Work, again: Collection[str]) -> None:
    """Remove what goes or is replaced, before anything is linked.

    A conda package may come in the place of one of PyPI's. What conda owns by now stays.
    """
    noted = work.marker.get("pypi", {})
    if not (work.pypi or again or (noted and work.found)):
        return
    from conda_multiplat.machine.distribution_files import remove_distributions
    from conda_multiplat.machine.prefix_files import owners
    from conda_multiplat.machine.site_packages import foreign_distributions, left_distributions

    python = python_of(work.choice.locked.records)
    changed = {change.name for change in work.pypi} | set(again)
    present = list(foreign_distributions(work.where, python))
    gone = [path for path, name, _ in present if name in changed]
    gone += [path for path, _, _ in left_distributions(work.where, python, noted)]
    if gone:
        prefixes.begin(work.where, {**work.marker, "state": "installing"})
        others = [path for path, name, _ in present if name not in changed]
        remove_distributions(work.where, gone, owners(work.where).__contains__, others)


def _install_pypi(
    work: Work, again: Collection[str], settings: Settings, console: Console, bar: Progress
) -> None:
    wanted = {change.name for change in work.pypi if change.new is not None} | set(again)
    if not wanted:
        return
    prefixes.begin(work.where, {**work.marker, "state": "installing"})
    if not bar.shown:
        console.say(f" installing {packages(len(wanted))} of PyPI")
    records = [record for record in work.choice.locked.pypi if record.name in wanted]
    _installer(work, settings).install(records)
    bar.step(len(records))


def _link(work: Work, settings: Settings, bar: Progress) -> None:
    """Download and link; what the marker said before stays in it until all is done."""
    from conda_multiplat.engines.conda.install import install_records

    locked = work.choice.locked
    changed = [change.new for change in work.found if isinstance(change.new, CondaRecord)]
    meagre = install_records(
        locked.records,
        work.where,
        settings.subdir,
        changed=changed,
        requested=locked.requested,
        settings=settings,
        channels=channels(work.project, work.choice, settings),
        progress=bar,
        begin=lambda: prefixes.begin(work.where, {**work.marker, "state": "installing"}),
        mended=_mended(work),
    )
    # After a run that was cut off, nobody knows which of the records it had completed.
    if work.marker and not work.finished:
        meagre = {record.name for record in locked.records}
    complete_records(work.where, meagre)


def require_allowed(project: Project, choice: Choice, settings: Settings) -> None:
    """Refuse locked packages of channels that conda's configuration does not allow.

    Raises:
        ManifestError: a line refers to an environment variable that may not be sent.
        ChannelRefusedError: with every such channel.
    """
    from conda_multiplat.engines.conda.access import Channels

    require_named([target(project.manifest, choice.environment, settings.subdir)], settings)
    urls = (base_url(each.url) for each in choice.locked.records)
    Channels(settings, project.folder).require_allowed(urls)


def channels(project: Project, choice: Choice, settings: Settings) -> Channels:
    """The channels as the manifest and the configuration write them: with their credentials."""
    from conda_multiplat.engines.conda.access import Channels

    found = Channels(settings, project.folder)
    here = target(project.manifest, choice.environment, settings.subdir)
    for name in (*settings.channels, *channels_of(here, ())):
        found.urls(name, settings.subdir)
    return found


def _settle(work: Work, settings: Settings) -> None:
    """Write what conda wants to know of the environment, where it differs from what it knows."""
    requested = list(work.choice.locked.requested)
    previously = [str(name) for name in work.marker.get("requested", [])]
    variables = dict(work.project.manifest.variables.get(settings.subdir, {}))
    if work.found or requested != previously or not work.finished:
        revision = prefixes.Revision(
            command=f"conda multiplat install -e {work.choice.environment}",
            removed=[each.old for each in work.found if isinstance(each.old, CondaRecord)],
            added=[each.new for each in work.found if isinstance(each.new, CondaRecord)],
            requested=requested,
            previously=previously,
        )
        prefixes.append_history(work.where, revision)
    prefixes.set_variables(work.where, variables, work.marker.get("variables", []))
    if settings.register_envs:
        prefixes.register(work.where)
    now: dict[str, Any] = {
        "state": "complete",
        "environment": work.choice.environment,
        "lock": str(work.project.lock_path(work.choice.environment)),
        "manifest": list(map(str, work.project.files)),
        "requested": requested,
        "variables": sorted(variables),
    }
    if locked := work.choice.locked.pypi:
        now["pypi"] = {each.name: {"url": each.url, "sha256": each.sha256} for each in locked}
        here = target(work.project.manifest, work.choice.environment, settings.subdir)
        now["pip"] = [
            line.text if "${" in line.text else public_name(line.text)
            for line in here.view.pypi
            if not line.text.startswith(CONSTRAINT)
        ]
    if left := _left_by_scripts(work):
        now["left_by_scripts"] = left
    if now != work.marker:
        prefixes.write_marker(work.where, now)


def _left_by_scripts(work: Work) -> Mapping[str, int | None]:
    """What packages' own scripts have made of files that were just linked."""
    if not work.found:
        known: Mapping[str, int | None] = work.marker.get("left_by_scripts", {})
        return known
    from conda_multiplat.machine.prefix_files import left_by_scripts

    return left_by_scripts(work.where, _mended(work))
