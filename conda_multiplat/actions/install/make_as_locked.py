"""Bringing a prefix to what is locked: for ``install``, and for all who work in the environment.

Flow::

    Choice, prefix -> may it be touched? -> what differs? -> Work
    Work -> (nothing differs: done) -> remove PyPI packages that go -> verify, download, link
         -> PyPI packages that come (uv) -> records, history, variables

Nothing is solved. All that can be refused is refused before anything is downloaded. A marker in
``conda-meta`` says that an install is under way; one that was cut off is gone through again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda_multiplat.actions.install.choose_environment import Choice
from conda_multiplat.actions.install.choose_prefix import refuse_protected
from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.lockfile.platform_changes import Change, IsNewer, changes, packages, to_install
from conda_multiplat.machine import prefix as prefixes
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.prefix_records import complete_records, installed
from conda_multiplat.machine.project import Project
from conda_multiplat.manifest.targets import target
from conda_multiplat.solving.requests import channels_of
from conda_multiplat.vocabulary.channels import base_url
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


def make_as_locked(
    project: Project,
    choice: Choice,
    where: Path,
    settings: Settings,
    console: Console,
    *,
    dry_run: bool = False,
    allow_frozen: bool = False,
    allow_base: bool = False,
) -> Work:
    """Make a prefix what is locked, and say what that took; with ``dry_run`` what it would take.

    Raises:
        UnmetError: the prefix may not be touched.
        ChannelRefusedError: conda's configuration does not allow a locked package's channel.
        OutsideError: it could not be finished.
    """
    from conda_multiplat.engines.conda.specs import is_newer

    refuse_protected(where, settings, allow_frozen=allow_frozen, allow_base=allow_base)
    found = to_install(installed(where), choice.locked.records, is_newer)
    marker = prefixes.read_marker(where)
    pypi = pypi_changes(choice.locked, where, marker, is_newer)
    work = Work(project, choice, where, found, pypi, marker)
    if found or not work.finished:
        require_allowed(project, choice, settings)
    if not dry_run:
        _carry_out(work, settings, console)
    return work


def _carry_out(work: Work, settings: Settings, console: Console) -> None:
    try:
        _remove_pypi(work, settings, console)
        if work.found or not work.finished:
            _link(work, settings, console)
        _install_pypi(work, settings, console)
        _settle(work, settings)
    except OSError as error:
        reason = f"{error.filename or work.where}: {error.strerror}"
        raise prefixes.unfinished(work.where, reason) from None


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


def _installer(work: Work, settings: Settings, console: Console) -> UvInstaller:
    from conda_multiplat.engines.pypi.install import UvInstaller

    here = target(work.project.manifest, work.choice.environment, settings.subdir)
    return UvInstaller(
        work.where,
        settings,
        work.project.folder,
        here.view.pypi,
        show_progress=console.interactive,
    )


def _remove_pypi(work: Work, settings: Settings, console: Console) -> None:
    """Before anything is linked: a conda package may come in the place of one of PyPI's."""
    gone = [package.name for package in work.pypi if package.new is None]
    if gone:
        prefixes.begin(work.where, {**work.marker, "state": "installing"})
        _installer(work, settings, console).remove(gone)


def _install_pypi(work: Work, settings: Settings, console: Console) -> None:
    wanted = {package.name for package in work.pypi if package.new is not None}
    if not wanted:
        return
    from conda_multiplat.engines.pypi.install import refuse_owned
    from conda_multiplat.machine.site_packages import owned_projects

    refuse_owned(sorted(wanted), owned_projects(work.where), work.where)
    prefixes.begin(work.where, {**work.marker, "state": "installing"})
    console.say(f" installing {packages(len(wanted))} of PyPI")
    records = [package for package in work.choice.locked.pypi if package.name in wanted]
    _installer(work, settings, console).install(records)


def _link(work: Work, settings: Settings, console: Console) -> None:
    """Download and link; what the marker said before stays in it until all is done."""
    from conda_multiplat.engines.conda.install import install_records

    locked = work.choice.locked
    changed = [each.new for each in work.found if isinstance(each.new, CondaRecord)]
    meagre = install_records(
        locked.records,
        work.where,
        settings.subdir,
        changed=changed,
        requested=locked.requested,
        settings=settings,
        channels=channels(work.project, work.choice, settings),
        show_progress=console.interactive,
        begin=lambda: prefixes.begin(work.where, {**work.marker, "state": "installing"}),
    )
    # After a run that was cut off, nobody knows which of the records it had completed.
    if work.marker and not work.finished:
        meagre = {record.name for record in locked.records}
    complete_records(work.where, meagre)


def require_allowed(project: Project, choice: Choice, settings: Settings) -> None:
    """Refuse locked packages of channels that conda's configuration does not allow.

    Raises:
        ChannelRefusedError: with every such channel.
    """
    from conda_multiplat.engines.conda.access import Channels

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
    if now != work.marker:
        prefixes.write_marker(work.where, now)
