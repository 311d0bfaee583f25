"""Which environment to install on this machine, and whether the machine can run it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.detect import virtual_packages
from conda_multiplat.errors import LockFileError, UnmetError
from conda_multiplat.lock import PlatformLock
from conda_multiplat.names import DEFAULT_ENVIRONMENT, VirtualPackage, spec_name
from conda_multiplat.project import Project
from conda_multiplat.sync import in_sync
from conda_multiplat.targets import select_environments, target
from conda_multiplat.virtual_packages import Unmet, unmet


@dataclass(frozen=True)
class Choice:
    """The environment to install, and what is locked of it for this machine."""

    environment: str
    locked: PlatformLock
    stale: bool


def choose(
    project: Project, environment: str | None, settings: Settings, console: Console
) -> Choice:
    """The environment asked for or, without one, the first of ``prefer`` that fits."""
    if environment is not None:
        select_environments(project.manifest, [environment])
        return _checked(project, environment, settings)
    names = project.manifest.prefer or (DEFAULT_ENVIRONMENT,)
    for name in names[:-1]:
        found = _checked_or_error(project, name, settings)
        if isinstance(found, Choice):
            return found
        console.say(f"passed over {name}: {found.message}")
        for line in found.details:
            console.say(f"  {line}")
    return _checked(project, names[-1], settings)


def _checked_or_error(
    project: Project, name: str, settings: Settings
) -> Choice | UnmetError | LockFileError:
    try:
        return _checked(project, name, settings)
    except (UnmetError, LockFileError) as error:
        return error


def _checked(project: Project, environment: str, settings: Settings) -> Choice:
    """What is locked for this machine, if this machine can run it.

    Raises:
        UnmetError: it is not locked for this platform, or the machine lacks what it needs.
        LockFileError: there is no lock that can be used.
    """
    from conda_multiplat.engines.specs import spec_matches

    lock = project.existing_lock(environment, [settings.subdir])
    locked = lock.platforms.get(settings.subdir)
    if locked is None:
        every = project.existing_lock(environment).platforms
        raise UnmetError(
            f"{environment} is not locked for {settings.subdir}, this machine's platform",
            details=[f"locked: {', '.join(every)}"],
            hints=["add it to `platforms:` and run `conda multiplat lock`"],
        )
    has = virtual_packages(settings, {spec_name(each.spec) for each in locked.needs})
    lacking = unmet(locked.needs, has, spec_matches)
    if lacking:
        raise _unmet_error(environment, locked, lacking, settings.subdir)
    here = target(project.manifest, environment, settings.subdir)
    return Choice(environment, locked, stale=lock.recipe > 0 and not in_sync(lock, here))


def _unmet_error(
    environment: str, locked: PlatformLock, lacking: Sequence[Unmet], subdir: str
) -> UnmetError:
    versions = {each.name: each.version for each in locked.records}
    ordered = sorted(lacking, key=lambda each: (each.need.spec, each.need.record))
    by_need: dict[tuple[str, VirtualPackage | None], list[str]] = {}
    for each in ordered:
        record = f"{each.need.record} {versions.get(each.need.record, '')}".strip()
        by_need.setdefault((each.need.spec, each.has), []).append(record)
    rows = [(_several(records), spec, has) for (spec, has), records in by_need.items()]
    width = max(len(who) for who, _, _ in rows)
    lines = [f"{who:{width}} {spec}   this machine: {has or 'none'}" for who, spec, has in rows]
    names = sorted({spec_name(each.need.spec).removeprefix("__").upper() for each in lacking})
    return UnmetError(
        f"this machine can't run {environment} for {subdir}",
        details=lines,
        hints=[
            "nothing was downloaded or changed",
            "if you know that it works: "
            + ", ".join(f"CONDA_OVERRIDE_{name}=VERSION" for name in names),
        ],
        data={
            "unmet": [
                {"records": records, "needs": spec, "has": _document(has)}
                for (spec, has), records in by_need.items()
            ]
        },
    )


def _several(records: Sequence[str]) -> str:
    if len(records) == 1:
        return f"{records[0]} needs"
    return f"{records[0]} and {len(records) - 1} more need"


def _document(package: VirtualPackage | None) -> dict[str, str] | None:
    if package is None:
        return None
    return {"name": package.name, "version": package.version, "build": package.build}
