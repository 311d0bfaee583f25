"""Bills of materials of locks, and whether existing ones are up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from conda_multiplat.actions.locked_targets import LockedTarget
from conda_multiplat.export.sbom import (
    Contents,
    Identity,
    Licenses,
    record_identity,
    render,
    stated_licenses,
)
from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.project import Project
from conda_multiplat.manifest.targets import target

if TYPE_CHECKING:
    from conda_multiplat.actions.package_facts import Facts


def sbom_texts(
    project: Project,
    settings: Settings,
    console: Console,
    locks: Sequence[tuple[LockFile, str]],
    existing: Sequence[str] = (),
) -> list[str]:
    """Return the bill of materials of each lock's platform.

    Args:
        project: the project.
        settings: for reaching channels and indexes.
        console: for progress.
        locks: each with a platform.
        existing: the existing bills, in the same order: licences that they contain are taken from
            them, and only the others are looked up.

    Raises:
        LockFileError: a lock has packages from places that the manifest does not allow.
        OutsideError: a channel, an index or a file can't be read.
    """
    targets = [_locked(project, *pair) for pair in locks]
    known = [stated_licenses(text) for text in existing] or [{} for _ in targets]
    looked_up = _looked_up(project, settings, console, targets, known)
    every = zip(targets, known, looked_up, strict=True)
    return [
        _text(project, locked_target, {**stated, **new}) for locked_target, stated, new in every
    ]


def sbom_as_locked(project: Project, lock: LockFile, subdir: str, bill: str) -> str:
    """Return what an existing bill should contain, with its own licences: nothing is looked up."""
    return _text(project, _locked(project, lock, subdir), stated_licenses(bill))


def sbom_of(project: Project, lock: LockFile, subdir: str, facts: Facts) -> str:
    """Return the bill of a lock's platform, from known facts of its packages."""
    from conda_multiplat.export.sbom_licenses import license_choices

    locked_target = _locked(project, lock, subdir)
    licenses = {
        record_identity(record): license_choices(facts[record.manager, record.name])
        for record in locked_target.locked.every
        if (record.manager, record.name) in facts
    }
    return _text(project, locked_target, licenses)


def _locked(project: Project, lock: LockFile, subdir: str) -> LockedTarget:
    wanted = target(project.manifest, lock.environment, subdir)
    return LockedTarget(wanted, lock, lock.platforms[subdir])


def _text(
    project: Project, locked_target: LockedTarget, licenses: Mapping[Identity, Licenses]
) -> str:
    environment, subdir = locked_target.target.environment, locked_target.target.subdir
    name = project.manifest.conda_name(environment) or environment
    promised = locked_target.locked.virtual_packages
    return render(Contents(name, environment, subdir, locked_target.graph(), promised), licenses)


def _looked_up(
    project: Project,
    settings: Settings,
    console: Console,
    targets: Sequence[LockedTarget],
    known: Sequence[Mapping[Identity, Licenses]],
) -> list[dict[Identity, Licenses]]:
    """Look up unknown licences."""
    new = [
        {
            (record.manager, record.name): identity
            for record in locked_target.locked.every
            if (identity := record_identity(record)) not in stated
        }
        for locked_target, stated in zip(targets, known, strict=True)
    ]
    if not any(new):
        return [{} for _ in targets]
    from conda_multiplat.actions.package_facts import package_facts
    from conda_multiplat.export.sbom_licenses import license_choices

    facts = package_facts(project, settings, console, targets, new)
    return [
        {names[key]: license_choices(stated[key]) for key in names}
        for names, stated in zip(new, facts, strict=True)
    ]
