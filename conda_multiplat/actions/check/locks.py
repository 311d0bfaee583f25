"""Check whether the locks of a project satisfy its manifest: nothing is fetched, solved or written.

1. By digests: of each target's request, and of the packages' text. Only heads are read.
2. If a digest differs, the packages are read and compared in detail (``satisfies``): a request that
   only became looser is still satisfied.
3. Rendered files next to a lock are compared with it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from conda_multiplat.actions.check.verdict import Verdict
from conda_multiplat.lockfile.digests import NEWER, in_sync, is_newer
from conda_multiplat.lockfile.model import LockFile, PlatformLock
from conda_multiplat.machine.files import lock_files, rendered_files, shown, typed
from conda_multiplat.machine.lock_sources import is_of_others
from conda_multiplat.machine.project import Project, invocation, load_project
from conda_multiplat.manifest.targets import Target, select_environments, targets
from conda_multiplat.vocabulary.file_names import locked_environment
from conda_multiplat.vocabulary.names import did_you_mean

_CHANGED = "the manifest has changed, and what is locked still meets it"
_FOREIGN = "another tool locked it, and what is locked meets the manifest"
#: The possible difference between the clocks of two machines, in seconds.
_CLOCKS_DIFFER = 3600
_NEWER = f"{NEWER}, and what is locked meets the manifest"


def verdicts(project: Project, environments: Sequence[str] = ()) -> list[Verdict]:
    """Return verdicts on locks, on outdated rendered files, and on locks without an environment.

    Raises:
        UsageError: the manifest does not have one of the environments.
        ManifestError: a lock is compared in detail, and lines of the manifest are not MatchSpecs.
        LockFileError: a lock can't be read.
    """
    names = select_environments(project.manifest, environments)
    lock_verdicts = [lock_verdict(project, name) for name in names]
    others = _rendered(project, environments)
    others += [] if environments else _orphans(project)
    return [*lock_verdicts, *(_with_way(project, verdict) for verdict in others)]


def lock_verdict(project: Project, environment: str) -> Verdict:
    """Return a verdict on one lock.

    Raises:
        ManifestError: it is compared in detail, and lines of the manifest are not MatchSpecs.
        LockFileError: it can't be read.
    """
    return _with_way(project, _lock(project, environment))


def _with_way(project: Project, verdict: Verdict) -> Verdict:
    """Add the command that fixes it, if there is one."""
    if not verdict.fails(strict=True) or not verdict.command:
        return verdict
    return verdict._replace(fix=f"run: {invocation(project, verdict.command)}")


def _lock(project: Project, environment: str) -> Verdict:
    file = shown(project.lock_path(environment))
    asked = targets(project.manifest, [environment])
    lock = project.lock_head(environment)
    if lock is None:
        return Verdict(file, ("there is no such lock",))
    if lock.unmerged:
        return Verdict(file, (f"it is not merged: {lock.unmerged}",))
    if not lock.intact:
        return Verdict(file, ("it was edited after it was made",))
    subdirs = [target.subdir for target in asked]
    missing = [subdir for subdir in subdirs if subdir not in lock.platforms]
    extra = [platform for platform in lock.platforms if platform not in subdirs]
    reasons = [f"{target}: not locked" for target in missing]
    reasons += [f"{target}: locked, but the manifest does not name it" for target in extra]
    stale = [
        target for target in asked if target.subdir in lock.platforms and not in_sync(lock, target)
    ]
    # If the request changed, the channels may have changed too: compare in detail.
    fresh = [target for target in asked if target not in stale]
    reasons += _strays(project, environment, lock, fresh) if fresh else []
    reasons += _ages(
        project, environment, lock, [target for target in fresh if target.subdir in lock.platforms]
    )
    if not stale:
        return Verdict(file, tuple(reasons))
    reasons += _close_look(project, environment, stale)
    met = () if reasons else tuple(target.subdir for target in stale)
    if is_newer(lock):
        fix = "update conda-multiplat: a newer version made this lock"
        return Verdict(file, tuple(reasons), met, _NEWER, command="", fix=fix)
    notes = () if lock.recipe else _of_extras(project, environment, stale)
    verdict = Verdict(file, tuple(reasons), met, _CHANGED if lock.recipe else _FOREIGN, notes=notes)
    return _with_promises(project, lock, stale, verdict) if reasons else verdict


def _strays(
    project: Project, environment: str, lock: LockFile, wanted: Sequence[Target]
) -> list[str]:
    """Return packages from places that the manifest does not allow; digests can't detect them."""
    from conda_multiplat.actions.provenance import lock_strays

    lines = lock_strays(project, environment, lock, wanted)
    return [f"{line}  ({', '.join(subdirs)})" for line, subdirs in lines.items()]


def _ages(
    project: Project, environment: str, lock: LockFile, wanted: Sequence[Target]
) -> list[str]:
    """Return what is wrong with the times of packages locked with ``exclude-newer``."""
    if not any(lock.platforms[target.subdir].cooldown.exclude_newer.is_stated for target in wanted):
        return []
    from conda_multiplat.actions.provenance import places_in
    from conda_multiplat.lockfile.exclude_newer import age_faults
    from conda_multiplat.lockfile.places import Places
    from conda_multiplat.vocabulary.exclude_newer import in_words

    places = places_in(project.lock_path(environment))
    lines: dict[str, list[str]] = {}
    for target in wanted:
        cooldown = lock.platforms[target.subdir].cooldown
        names = places.get(target.subdir, Places({}, [], [])).names()
        for what, why in age_faults(target, cooldown, dict.fromkeys(names, "")):
            lines.setdefault(f"{what}: {why}", []).append(target.subdir)
        if cooldown.at > time.time() + _CLOCKS_DIFFER:
            line = f"its exclude-newer counts from {in_words(cooldown.at)}, which is in the future"
            lines.setdefault(line, []).append(target.subdir)
    return [f"{line}  ({', '.join(subdirs)})" for line, subdirs in lines.items()]


def _places(project: Project, target: Target, lock: LockFile) -> list[str]:
    from conda_multiplat.actions.provenance import target_strays

    return target_strays(project, target, lock)


def _close_look(project: Project, environment: str, stale: Sequence[Target]) -> list[str]:
    """Return why targets are not satisfied, equal reasons of several platforms together."""
    _refuse_what_is_no_spec(project)
    lock = project.existing_lock(environment)
    reasons: dict[str, list[str]] = {}
    for target in stale:
        wrong = unmet_lines(target, lock.platforms[target.subdir])
        places = _channels(lock, target) or _places(project, target, lock)
        for entry in [*places, *wrong]:
            reasons.setdefault(entry, []).append(target.subdir)
    return [f"{reason}  ({', '.join(subdirs)})" for reason, subdirs in reasons.items()]


def _of_extras(project: Project, environment: str, stale: Sequence[Target]) -> tuple[str, ...]:
    """Return PyPI packages that only an extra can need; other tools' locks don't record extras."""
    from conda_multiplat.lockfile.satisfies import may_be_of_extras

    lock = project.existing_lock(environment)
    subdirs_by_package: dict[str, list[str]] = {}
    for target in stale:
        for package in may_be_of_extras(target, lock.platforms[target.subdir]):
            subdirs_by_package.setdefault(f"{package.name} {package.version}", []).append(
                target.subdir
            )
    return tuple(
        f"note: {package}: nothing in this lock asks for it; an extra may, but other tools' "
        f"locks don't record that  ({', '.join(subdirs)})"
        for package, subdirs in subdirs_by_package.items()
    )


def _with_promises(
    project: Project, lock: LockFile, stale: Sequence[Target], verdict: Verdict
) -> Verdict:
    """Name the promises that would make the lock fit, if some are missing.

    `lock` adds promises for another tool's lock. If our own lock lacks one, somebody removed it:
    the user has to decide whether CUDA builds may go.
    """
    from conda_multiplat.actions.missing_promises import missing, where
    from conda_multiplat.vocabulary.implied_promises import as_mapping

    lacking = {target: missing(target, lock.platforms[target.subdir]) for target in stale}
    lines = [
        f"add the promise to {project.manifest.files[0]}: {where(target)}: {as_mapping(implied)}"
        for target, implied in lacking.items()
        if implied
    ]
    verdict = verdict._replace(notes=(*lines, *verdict.notes))
    cuda = any(promise.name == "cuda" for implied in lacking.values() for promise in implied)
    if not (lock.recipe and cuda):
        return verdict
    drop = invocation(project, "lock --drop-cuda")
    lock_again = invocation(project, "lock")
    fix = f"add that promise, then run: {lock_again}\nor, to drop CUDA builds: {drop}"
    return verdict._replace(command="", fix=fix)


def _refuse_what_is_no_spec(project: Project) -> None:
    """Read the manifest again as ``lock`` does: only the engine can tell what is a MatchSpec."""
    from conda_multiplat.engines.conda.specs import check_spec

    files = project.files
    load_project(files, host_subdirs=project.manifest.platforms, check_spec=check_spec)


def unmet_lines(target: Target, locked: PlatformLock) -> list[str]:
    """Return why a target's lock does not satisfy it; MatchSpecs are read by the engine."""
    from conda_multiplat.engines.conda.specs import record_matches, spec_matches
    from conda_multiplat.engines.pypi.conda_names import name_table
    from conda_multiplat.lockfile.satisfies import mismatches
    from conda_multiplat.lockfile.satisfies_pypi import pypi_mismatches

    table = name_table() if target.view.pypi or locked.pypi else {}
    wrong = mismatches(
        target,
        locked,
        record_matches=record_matches,
        virtual_matches=spec_matches,
        pypi=lambda target, locked: pypi_mismatches(target, locked, table),
    )
    return list(map(str, wrong))


def _channels(lock: LockFile, target: Target) -> list[str]:
    """Return how the channels differ from those of the lock; empty if they do not."""
    from conda_multiplat.solving.requests import channels_of
    from conda_multiplat.vocabulary.channels import public_name

    asked = [public_name(channel).rstrip("/") for channel in channels_of(target, ())]
    locked = [channel.url.rstrip("/") for channel in lock.channels]
    if not asked or asked == [name for name in locked if name in asked]:
        return []
    return [f"channels {', '.join(asked)}: locked: {', '.join(locked)}"]


def _rendered(project: Project, environments: Sequence[str]) -> list[Verdict]:
    """Return verdicts on outdated rendered files; most projects have none."""
    paths = rendered_files(project.folder)
    if not paths:
        return []
    from conda_multiplat.actions.check.rendered import rendered_verdicts, standing

    return rendered_verdicts(project, standing(project, paths, environments))


def _orphans(project: Project) -> list[Verdict]:
    """Return verdicts on locks of environments that the manifest does not have."""
    environments = project.manifest.environments
    orphans = []
    for path in lock_files(project.folder):
        name = locked_environment(path.name)
        if name in environments and path == project.lock_path(name):
            continue
        if not is_of_others(project, path):
            near = did_you_mean(name, environments)
            reason = f"the manifest has no environment {name!r}" + (f" ({near})" if near else "")
            fix = f"delete it: {typed(path)}"
            orphans.append(Verdict(shown(path), (reason,), command="", fix=fix))
    return orphans
