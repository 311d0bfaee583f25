"""Choose the environment to install, and check whether this machine can run it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conda_multiplat.actions.invocation import Skipped
from conda_multiplat.actions.provenance import (
    refuse_strays,
    stray_error,
    strays_of_unknown_configuration,
)
from conda_multiplat.engines.detect_virtual_packages import virtual_packages
from conda_multiplat.lockfile.digests import has_changed
from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.project import Project, invocation
from conda_multiplat.manifest.targets import Target, target
from conda_multiplat.vocabulary.errors import LockFileError, UnmetError
from conda_multiplat.vocabulary.names import VirtualPackage, spec_name, unique
from conda_multiplat.vocabulary.unmet_virtual_packages import Grouped, grouped, hints_for, lines
from conda_multiplat.vocabulary.virtual_packages import Unmet, unmet

_NOTHING = "nothing was downloaded or changed"


@dataclass(frozen=True)
class Choice:
    """The environment to install, and its lock for this machine.

    Attributes:
        environment: its name.
        locked: its lock.
        stale: whether the manifest has changed since it was locked.
        strays: packages from other places than this machine's configuration has for the
            manifest's channels, one line each. Only for another machine, which has its own
            configuration: for this one, they are refused.
        packed: a folder with all packages as files, so that no server is needed.
        skipped: the preferred environments that this machine can't run, with the reasons.
    """

    environment: str
    locked: PlatformLock
    stale: bool
    strays: tuple[str, ...] = ()
    packed: Path | None = None
    skipped: tuple[Skipped, ...] = ()

    @property
    def skipped_document(self) -> list[dict[str, Any]]:
        """The JSON form of ``skipped``."""
        return [environment.to_dict() for environment in self.skipped]


def choose(
    project: Project,
    names: Sequence[str],
    settings: Settings,
    console: Console,
    *,
    is_known: Callable[[str], bool] = lambda _: False,
) -> Choice:
    """Choose the first environment that fits this machine, and say which ones were skipped.

    Nothing is printed if ``is_known`` returns True for the environment: the user knows already.

    Raises:
        LockFileError: for example, its packages are from places that the manifest does not name.
    """
    choice = choose_to_look(project, names, settings, console, is_known=is_known)
    if choice.strays:
        chosen_target = target(project.manifest, choice.environment, settings.subdir)
        raise stray_error(project, chosen_target, choice.strays)
    return choice


def choose_to_look(
    project: Project,
    names: Sequence[str],
    settings: Settings,
    console: Console,
    *,
    is_known: Callable[[str], bool] = lambda _: False,
) -> Choice:
    """Choose like :func:`choose`, but only to show another machine's packages, with ``strays``."""
    skipped: list[Skipped] = []
    choice: Choice | UnmetError | LockFileError | None = None
    for name in names[:-1]:
        choice = checked(project, name, settings)
        if isinstance(choice, Choice):
            break
        skipped.append(Skipped(name, choice))
    if not isinstance(choice, Choice):
        choice = _checked_with_ways_out(project, names[-1], settings)
    user_knows = isinstance(choice, Choice) and is_known(choice.environment)
    for environment in () if user_knows else skipped:
        console.say(environment.words)
    if not isinstance(choice, Choice):
        raise choice
    return replace(choice, skipped=tuple(skipped))


def warn_if_stale(choice: Choice, console: Console) -> None:
    """Warn if the manifest has changed since the environment was locked."""
    if choice.stale:
        console.say(
            f"warning: the manifest has changed since {choice.environment} was locked; "
            "this installs what is locked (`conda multiplat lock` updates the lock)"
        )


def _checked_with_ways_out(
    project: Project, name: str, settings: Settings
) -> Choice | UnmetError | LockFileError:
    """Check as :func:`checked`; an error also names the environments that this machine can run."""
    answer = checked(project, name, settings)
    if isinstance(answer, UnmetError):
        manifest = project.manifest
        others = [
            other for other in unique((*manifest.prefer, *manifest.environments)) if other != name
        ]
        fits = f"is locked for {settings.subdir}" if settings.elsewhere else "fits this machine"
        fitting = [
            f"{invocation(project, f'install -e {other}')}: {fits}"
            for other in others
            if isinstance(checked(project, other, settings), Choice)
        ]
        answer.hints = (*answer.hints[:1], *fitting, *answer.hints[1:])
    return answer


def checked(project: Project, name: str, settings: Settings) -> Choice | UnmetError | LockFileError:
    """Return an environment for this machine, or the error that rules it out."""
    try:
        return _checked(project, name, settings)
    except (UnmetError, LockFileError) as error:
        return error


def _checked(project: Project, environment: str, settings: Settings) -> Choice:
    """Return the lock for this machine, if this machine can run it.

    Raises:
        UnmetError: it is not locked for this platform, or the machine lacks what it needs.
        LockFileError: there is no usable lock, or its packages are from places that the manifest
            does not name.
    """
    from conda_multiplat.engines.conda.specs import spec_matches

    _refuse_foreign_platform(project, environment, settings)
    lock = project.existing_lock(environment, [settings.subdir])
    locked = lock.platforms.get(settings.subdir)
    if locked is None:
        locked_platforms = project.existing_lock(environment).platforms
        whose = "" if settings.elsewhere else ", this machine's platform"
        raise UnmetError(
            f"{environment} is not locked for {settings.subdir}{whose}",
            details=[f"locked: {', '.join(locked_platforms)}"],
            hints=["add it to `platforms:` and run `conda multiplat lock`"],
        )
    own_target = target(project.manifest, environment, settings.subdir)
    if settings.elsewhere:  # another tool's lock does not record its promises
        has = locked.virtual_packages or own_target.virtual_packages
        if lacking := unmet(locked.machine_needs, has, spec_matches):
            raise _unpromised_error(project, own_target, locked, lacking)
    else:
        refuse_unmet(environment, locked, settings)
    stale = has_changed(lock, own_target)
    if settings.elsewhere:
        strays = strays_of_unknown_configuration(project, own_target, lock)
        return Choice(environment, locked, stale, strays)
    refuse_strays(project, own_target, lock, anywhere=False)
    return Choice(environment, locked, stale)


def refuse_unmet(environment: str, locked: PlatformLock, settings: Settings) -> None:
    """Refuse what this machine can't run.

    Raises:
        UnmetError: with each unmet need.
    """
    needs = locked.machine_needs
    if not needs:
        return
    from conda_multiplat.engines.conda.specs import spec_matches

    has = virtual_packages(settings, {spec_name(need.spec) for need in needs})
    if lacking := unmet(needs, has, spec_matches):
        raise _unmet_error(environment, locked, lacking, settings.subdir)


def _refuse_foreign_platform(project: Project, environment: str, settings: Settings) -> None:
    """Refuse an environment that neither is nor can be locked for this machine's platform.

    Raises:
        UnmetError: `lock` would not help.
    """
    platforms = project.manifest.platforms_of(environment)
    if settings.subdir in platforms or project.lock_path(environment).exists():
        return
    whose = "" if settings.elsewhere else ", this machine's platform"
    raise UnmetError(
        f"{environment} has no platform {settings.subdir}{whose}",
        details=[f"it has {', '.join(platforms)}"],
        hints=["add it to `platforms:` and run `conda multiplat lock`"],
    )


def _unmet_error(
    environment: str, locked: PlatformLock, lacking: Sequence[Unmet], subdir: str
) -> UnmetError:
    groups = grouped(lacking, {record.name: record.version for record in locked.every})
    return UnmetError(
        f"this machine can't run {environment} for {subdir}",
        details=lines(groups),
        hints=[_NOTHING, *hints_for(lacking, subdir)],
        data=_unmet_document(groups),
    )


def _unpromised_error(
    project: Project, here: Target, locked: PlatformLock, lacking: Sequence[Unmet]
) -> UnmetError:
    """Return the error for another machine, of which only the promises are known."""
    from conda_multiplat.actions.missing_promises import missing, where  # late: rare, and slow
    from conda_multiplat.vocabulary.implied_promises import as_mapping

    groups = grouped(lacking, {record.name: record.version for record in locked.every})
    implied = missing(here, locked)
    file = project.manifest.files[0]
    hints = [f"add the promise to {file}: {where(here)}: {as_mapping(implied)}"] if implied else []
    return UnmetError(
        f"{here.environment} needs more than is promised for {here.subdir}",
        details=lines(groups, f"the promises of {here.subdir}"),
        hints=[_NOTHING, *hints],
        data=_unmet_document(groups),
    )


def _unmet_document(groups: Grouped) -> dict[str, Any]:
    return {
        "unmet": [
            {"records": list(records), "needs": spec, "has": _document(has)}
            for (spec, has), records in groups.items()
        ]
    }


def _document(package: VirtualPackage | None) -> dict[str, str] | None:
    if package is None:
        return None
    return {"name": package.name, "version": package.version, "build": package.build}
