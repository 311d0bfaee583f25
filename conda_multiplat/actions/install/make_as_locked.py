"""Make a prefix as locked, for ``install`` and all commands that use the environment.

Flow::

    Choice, prefix -> may it be touched? -> what differs? -> Work
    Work -> (nothing differs: done) -> whose will the files be? -> remove PyPI packages that go
         -> verify, download, link -> PyPI packages that come (uv) -> records, history, variables

Nothing is solved. Everything that can be refused is refused before the prefix is changed, and all
but two owners of a file before anything is downloaded. A marker in ``conda-meta`` says that an
install is in progress; an interrupted one is repeated. Concurrent installs wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from conda_multiplat.actions.install.choose_environment import Choice
from conda_multiplat.actions.install.choose_prefix import folder_of, is_of, refuse_protected
from conda_multiplat.actions.install.prefix_changes import (
    Look,
    Work,
    channels,
    conda_changes,
    pypi_changes,
    require_allowed,
)
from conda_multiplat.actions.install.pypi_side import (
    install_pypi,
    refuse_two_owners,
    remove_pypi,
)
from conda_multiplat.importers.conda_history import requested_specs
from conda_multiplat.machine import prefix as prefixes
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.file_locks import one_at_a_time
from conda_multiplat.machine.prefix_records import complete_records
from conda_multiplat.machine.progress import Progress, progress
from conda_multiplat.machine.project import Project, invocation
from conda_multiplat.manifest.targets import promises_for, target
from conda_multiplat.vocabulary.channels import public_name
from conda_multiplat.vocabulary.errors import InUseError
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT
from conda_multiplat.vocabulary.records import CondaRecord


def _nothing() -> None:
    pass


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
    then: Callable[[], None] = _nothing,
) -> Work:
    """Make a prefix as locked and return what changed; with ``dry_run``, what would change.

    Without ``look``, the files of conda packages are assumed to be unchanged. ``then`` is called
    at the end, before others can change the prefix again.

    Raises:
        UnmetError: the prefix may not be changed.
        InUseError: it would have to change, but is in use.
        ChannelRefusedError: conda's configuration does not allow a locked package's channel.
        OutsideError: it could not be finished, or a file would have two owners.
    """
    refuse_protected(where, settings, allow_frozen=allow_frozen, allow_base=allow_base)
    if dry_run:
        return _look_at(project, choice, where, settings, look)
    with one_at_a_time(where, lambda: console.say(f" waiting for another install into {where}")):
        refuse_protected(where, settings, allow_frozen=allow_frozen, allow_base=allow_base)
        work = _look_at(project, choice, where, settings, look)
        if work.conda or work.pypi or not work.finished:
            refuse_in_use(where)
        _say_what_it_was(work, settings, console)
        _carry_out(work, settings, console, contents=look is not None and look.contents)
        then()
    return work


def _look_at(
    project: Project, choice: Choice, where: Path, settings: Settings, look: Look | None
) -> Work:
    """Determine the necessary changes."""
    from conda_multiplat.engines.conda.specs import is_newer

    marker = prefixes.read_marker(where)
    conda = conda_changes(choice.locked, where, marker, is_newer, look)
    pypi = pypi_changes(choice.locked, where, marker, is_newer)
    work = Work(project, choice, where, conda, pypi, marker)
    if conda or not work.finished:
        require_allowed(project, choice, settings)
    return work


def _carry_out(work: Work, settings: Settings, console: Console, *, contents: bool) -> None:
    again: Collection[str] = ()
    try:
        with progress(console, _steps(work)) as bar:
            if work.choice.locked.pypi and (work.conda or work.pypi):
                again = refuse_two_owners(work, settings, bar)
            remove_pypi(work, again)
            if work.conda or not work.finished:
                _link(work, settings, bar, contents=contents)
            install_pypi(work, again, settings, console, bar)
        _settle(work, settings)
    except OSError as error:
        reason = f"{error.filename or work.where}: {error.strerror}"
        raise prefixes.unfinished(work.where, reason) from None


def refuse_in_use(where: Path) -> None:
    """Refuse to change a prefix that is in use.

    Raises:
        InUseError: with the processes that use it.
    """
    from conda_multiplat.machine.prefix_users import users

    if users_of_prefix := users(where):
        raise InUseError(
            f"{where} is in use, and would have to change",
            details=[f"by {user}" for user in users_of_prefix],
            hints=["wait until it ends, or install elsewhere with -n NAME or -p PREFIX"],
        )


def _say_what_it_was(work: Work, settings: Settings, console: Console) -> None:
    """Say, once, which environment a prefix shared by several belongs to."""
    was, now, where = str(work.marker.get("environment", "")), work.choice.environment, work.where
    name = work.project.manifest.conda_name(now)
    if not was or not is_of(work.project, work.marker):
        return
    if was != now:
        console.say(f" {where} changes from {was} to {now}")
    elif _is_shared(work, settings) and not work.marker.get("shared"):
        console.say(
            f" {where} stays {now}, as when all environments shared one prefix (for a prefix of "
            f"its own: {invocation(work.project, f'install -e {now} -n {name}')})"
        )


def _is_shared(work: Work, settings: Settings) -> bool:
    """Return whether an environment other than ``default`` is in the prefix of ``default``."""
    name, environment = work.project.manifest.prefix_name, work.choice.environment
    return (
        environment != DEFAULT_ENVIRONMENT
        and name is not None
        and work.where == folder_of(name, settings)
    )


def _steps(work: Work) -> int:
    """Return the number of packages to link and install; with PyPI packages, each counts twice."""
    both = 2 if work.choice.locked.pypi else 1
    return both * len(work.conda) + 2 * sum(change.new is not None for change in work.pypi)


def _link(work: Work, settings: Settings, bar: Progress, *, contents: bool) -> None:
    """Download and link; the marker keeps its old content until everything is done."""
    from conda_multiplat.engines.conda.install import install_records

    locked = work.choice.locked
    meagre = install_records(
        locked.records,
        work.where,
        settings.subdir,
        changed=work.to_link,
        requested=locked.requested,
        settings=settings,
        channels=channels(work.project, work.choice, settings),
        progress=bar,
        begin=lambda: prefixes.begin(work.where, {**work.marker, "state": "installing"}),
        mended=work.mended,
        contents=contents,
    )
    # After an interrupted run, it is unknown which records were completed.
    if work.marker and not work.finished:
        meagre = {record.name for record in locked.records}
    complete_records(work.where, meagre)


def _settle(work: Work, settings: Settings) -> None:
    """Update conda's history and variables, and our marker."""
    requested = list(work.choice.locked.requested)
    # not only what we requested: conda's own commands add to it
    in_force = requested_specs(prefixes.read_history(work.where))
    variables = dict(work.project.manifest.variables.get(settings.subdir, {}))
    is_known = in_force == requested_specs(f"# update specs: {requested}")
    if work.conda or not is_known or not work.finished:
        revision = prefixes.Revision(
            command=f"conda multiplat install -e {work.choice.environment}",
            removed=[change.old for change in work.conda if isinstance(change.old, CondaRecord)],
            added=[change.new for change in work.conda if isinstance(change.new, CondaRecord)],
            requested=requested,
            previously=list(in_force.values()),
        )
        prefixes.append_history(work.where, revision)
    prefixes.set_variables(work.where, variables, work.marker.get("variables", []))
    if settings.register_envs:
        prefixes.register(work.where)
    marker: dict[str, Any] = {
        "state": "complete",
        "environment": work.choice.environment,
        "lock": str(work.project.lock_path(work.choice.environment)),
        "manifest": list(map(str, work.project.files)),
        "variables": sorted(variables),
    }
    if _is_shared(work, settings):
        marker["shared"] = True
    if locked := work.choice.locked.pypi:
        marker["pypi"] = {
            package.name: {"url": package.url, "sha256": package.sha256} for package in locked
        }
        marker |= _asked_of_pypi(work, settings.subdir)
    if left := _left_by_scripts(work):
        marker["left_by_scripts"] = left
    if marker != work.marker:
        prefixes.write_marker(work.where, marker)


def _asked_of_pypi(work: Work, subdir: str) -> dict[str, Any]:
    """Return the manifest's options for PyPI packages, for a later import of the prefix."""
    manifest, name = work.project.manifest, work.choice.environment
    own_target = target(manifest, name, subdir)
    options = own_target.pypi_options
    stated = {
        "pypi_options": options.choices(),
        "indexes": {name: _without_login(url) for name, url in options.indexes},
        "sources": dict(options.sources),
        "pypi_names": {package: list(projects) for package, projects in own_target.pypi_names},
        "promises": promises_for(manifest, name, subdir),
    }
    lines = [_without_login(line.text) for line in own_target.view.pypi]
    return {"pip": lines, **{key: value for key, value in stated.items() if value}}


def _without_login(text: str) -> str:
    return text if "${" in text else public_name(text)


def _left_by_scripts(work: Work) -> Mapping[str, int | None]:
    """Return how packages' own scripts have changed files that were just linked."""
    if not work.conda:
        noted: Mapping[str, int | None] = work.marker.get("left_by_scripts", {})
        return noted
    from conda_multiplat.machine.prefix_files import left_by_scripts

    return left_by_scripts(work.where, work.mended)
