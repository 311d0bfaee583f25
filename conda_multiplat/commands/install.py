"""``conda multiplat install``: make a conda environment exactly as it is locked.

Flow::

    lock -> records of this machine's platform -> unmet needs? -> prefix allowed? -> what differs?
         -> (nothing differs: done) -> remove PyPI packages that go -> verify, download, link
         -> PyPI packages that come (uv) -> records, history, variables

Nothing is solved. All that can be refused is refused before anything is downloaded. A marker in
``conda-meta`` says that an install is under way; one that was cut off is gone through again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda_multiplat import prefix as prefixes
from conda_multiplat.changes import Change, IsNewer, changes, packages, to_install
from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.destination import destination, refuse_protected
from conda_multiplat.errors import UsageError
from conda_multiplat.lock import PlatformLock
from conda_multiplat.project import Project, load_project
from conda_multiplat.records import CondaRecord, Record, python_of
from conda_multiplat.requests import channels_of
from conda_multiplat.selection import Choice, choose
from conda_multiplat.targets import target

if TYPE_CHECKING:
    from conda_multiplat.engines.access import Channels
    from conda_multiplat.engines.uv_install import UvInstaller

#: So many changes are named; a first install has hundreds.
_SHOWN = 20


@dataclass(frozen=True)
class _Work:
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


def install(
    *,
    files: Sequence[str] = (),
    name: str | None = None,
    prefix: str | None = None,
    environment: str | None = None,
    platform: str | None = None,
    dry_run: bool = False,
    download_only: bool = False,
    allow_frozen: bool = False,
    allow_base: bool = False,
    settings: Settings,
    console: Console,
) -> int:
    """Install a locked environment; see ``conda multiplat install --help``.

    Returns:
        0. Every other outcome is raised as a ``MultiplatError``.
    """
    from conda_multiplat.engines.specs import is_newer

    if platform is not None:
        if not (dry_run or download_only):
            raise UsageError(
                f"--platform {platform} is for another machine: nothing is installed here",
                hints=["add --dry-run to look at it, or --download-only to fill the cache"],
            )
        settings = replace(settings, subdir=platform, elsewhere=True)
    project = load_project(files, host_subdirs=(settings.subdir,))
    choice = choose(project, environment, settings, console)
    if choice.stale:
        console.say(
            f"warning: the manifest has changed since {choice.environment} was locked; "
            "this installs what is locked (`conda multiplat lock` brings the two together)"
        )
    if download_only or settings.elsewhere:
        return _prepare(project, choice, settings, console, fetch=not dry_run)
    where = destination(project, name, prefix, settings)
    refuse_protected(where, settings, allow_frozen=allow_frozen, allow_base=allow_base)
    found = to_install(prefixes.installed(where), choice.locked.records, is_newer)
    marker = prefixes.read_marker(where)
    pypi = _pypi_changes(choice.locked, where, marker, is_newer)
    work = _Work(project, choice, where, found, pypi, marker)
    if not dry_run:
        _carry_out(work, settings, console)
    _report(work, console, dry_run=dry_run)
    return 0


def _prepare(
    project: Project, choice: Choice, settings: Settings, console: Console, *, fetch: bool
) -> int:
    """Show what would be installed, or download it, without a prefix."""
    locked = choice.locked
    target_name = f"{choice.environment}/{settings.subdir}"
    if fetch:
        from conda_multiplat.engines.rattler_install import download_records

        download_records(
            locked.records,
            settings.subdir,
            settings=settings,
            channels=_channels(project, choice, settings),
            show_progress=console.interactive,
        )
        console.say(f" the {packages(len(locked.records))} of {target_name} are in the cache")
        if locked.pypi:
            console.say(f" not those of PyPI ({len(locked.pypi)}): uv fetches them at install")
    else:
        every: list[Record] = [*locked.records, *locked.pypi]
        _list([f"+ {each.name} {each.version}" for each in every], console)
        console.say(f" would install the {packages(len(every))} of {target_name}")
    console.result(
        {
            "dry_run": not fetch,
            "environment": choice.environment,
            "platform": settings.subdir,
            "packages": len(locked.records),
            "pypi": len(locked.pypi),
        }
    )
    return 0


def _carry_out(work: _Work, settings: Settings, console: Console) -> None:
    try:
        _remove_pypi(work, settings, console)
        if work.found or not work.finished:
            _link(work, settings, console)
        _install_pypi(work, settings, console)
        _settle(work, settings)
    except OSError as error:
        reason = f"{error.filename or work.where}: {error.strerror}"
        raise prefixes.unfinished(work.where, reason) from None


def _pypi_changes(
    locked: PlatformLock, where: Path, marker: Mapping[str, Any], is_newer: IsNewer
) -> list[Change]:
    """What must change of PyPI's packages; where neither side has any, nobody looks."""
    noted = marker.get("pypi", {})
    if not locked.pypi and not noted:
        return []
    from conda_multiplat.site_packages import installed_pypi

    present = installed_pypi(where, python_of(locked.records), noted)
    return changes(present, locked.pypi, is_newer)


def _installer(work: _Work, settings: Settings, console: Console) -> UvInstaller:
    from conda_multiplat.engines.uv_install import UvInstaller

    here = target(work.project.manifest, work.choice.environment, settings.subdir)
    return UvInstaller(
        work.where,
        settings,
        work.project.folder,
        here.view.pypi,
        show_progress=console.interactive,
    )


def _remove_pypi(work: _Work, settings: Settings, console: Console) -> None:
    """Before anything is linked: a conda package may come in the place of one of PyPI's."""
    gone = [each.name for each in work.pypi if each.new is None]
    if gone:
        prefixes.begin(work.where, {**work.marker, "state": "installing"})
        _installer(work, settings, console).remove(gone)


def _install_pypi(work: _Work, settings: Settings, console: Console) -> None:
    wanted = {each.name for each in work.pypi if each.new is not None}
    if not wanted:
        return
    from conda_multiplat.engines.uv_install import refuse_owned
    from conda_multiplat.site_packages import owned_projects

    refuse_owned(sorted(wanted), owned_projects(work.where), work.where)
    prefixes.begin(work.where, {**work.marker, "state": "installing"})
    console.say(f" installing {packages(len(wanted))} of PyPI")
    records = [each for each in work.choice.locked.pypi if each.name in wanted]
    _installer(work, settings, console).install(records)


def _link(work: _Work, settings: Settings, console: Console) -> None:
    """Download and link; what the marker said before stays in it until all is done."""
    from conda_multiplat.engines.rattler_install import install_records

    locked = work.choice.locked
    changed = [each.new for each in work.found if isinstance(each.new, CondaRecord)]
    meagre = install_records(
        locked.records,
        work.where,
        settings.subdir,
        changed=changed,
        requested=locked.requested,
        settings=settings,
        channels=_channels(work.project, work.choice, settings),
        show_progress=console.interactive,
        begin=lambda: prefixes.begin(work.where, {**work.marker, "state": "installing"}),
    )
    # After a run that was cut off, nobody knows which of the records it had completed.
    if work.marker and not work.finished:
        meagre = {each.name for each in locked.records}
    prefixes.complete_records(work.where, meagre)


def _channels(project: Project, choice: Choice, settings: Settings) -> Channels:
    """The channels as the manifest and the configuration write them: with their credentials."""
    from conda_multiplat.engines.access import Channels

    found = Channels(settings, project.folder)
    here = target(project.manifest, choice.environment, settings.subdir)
    for name in (*settings.channels, *channels_of(here, ())):
        found.urls(name)
    return found


def _settle(work: _Work, settings: Settings) -> None:
    """Write what conda wants to know of the environment, where it differs from what it knows."""
    requested = list(work.choice.locked.requested)
    previously = [str(each) for each in work.marker.get("requested", [])]
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
        "manifest": [str(work.project.folder / each) for each in work.project.sources],
        "requested": requested,
        "variables": sorted(variables),
    }
    if locked := work.choice.locked.pypi:
        now["pypi"] = {each.name: {"url": each.url, "sha256": each.sha256} for each in locked}
    if now != work.marker:
        prefixes.write_marker(work.where, now)


def _list(found: Sequence[object], console: Console) -> None:
    """The first of many things, and how many more there are."""
    for each in found[:_SHOWN]:
        console.say(f"   {each}")
    if len(found) > _SHOWN:
        console.say(f"   and {len(found) - _SHOWN} more")


def _report(work: _Work, console: Console, *, dry_run: bool) -> None:
    found = [*work.found, *work.pypi]
    _list(found, console)
    where, environment = work.where, work.choice.environment
    locked = work.choice.locked
    count = len(locked.records) + len(locked.pypi)
    if not found:
        console.say(f" {where} is as locked: {packages(count)}")
    elif dry_run:
        console.say(f" would change {packages(len(found))} in {where}")
    else:
        name = where.name if where.parent.name == "envs" else where
        console.say(f" {where} has the {packages(count)} of {environment}")
        console.say(f" activate it with: conda activate {name}")
    console.result(
        {
            "dry_run": dry_run,
            "prefix": str(where),
            "environment": environment,
            "packages": count,
            "changes": [each.to_dict() for each in found],
        }
    )
