"""Whether the locks of a project answer its manifest: nothing fetched, solved or written.

1. By digests: of each target's request, and of the packages' text. Only heads are read.
2. Where a digest differs, the packages are read and looked at closely (``satisfies``): a request
   that has only become looser is still met.
3. Rendered files that lie beside a lock are compared with it.
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
#: Seconds by which the clocks of two machines may differ.
_CLOCKS_DIFFER = 3600
_NEWER = f"{NEWER}, and what is locked meets the manifest"


def verdicts(project: Project, environments: Sequence[str] = ()) -> list[Verdict]:
    """A verdict on each lock, each rendered file that differs, and each lock that nobody owns.

    Raises:
        UsageError: an environment that the manifest does not have.
        ManifestError: a lock needs a close look, and lines of the manifest are not MatchSpecs.
        LockFileError: a lock that can't be read.
    """
    names = select_environments(project.manifest, environments)
    found = [lock_verdict(project, name) for name in names]
    others = _rendered(project, environments)
    others += [] if environments else _orphans(project)
    return [*found, *(_with_way(project, verdict) for verdict in others)]


def lock_verdict(project: Project, environment: str) -> Verdict:
    """A verdict on one lock.

    Raises:
        ManifestError: it needs a close look, and lines of the manifest are not MatchSpecs.
        LockFileError: it can't be read.
    """
    return _with_way(project, _lock(project, environment))


def _with_way(project: Project, verdict: Verdict) -> Verdict:
    """With the command to run, where there is one."""
    if not verdict.fails(strict=True) or not verdict.command:
        return verdict
    return verdict._replace(fix=f"run: {invocation(project, verdict.command)}")


def _lock(project: Project, environment: str) -> Verdict:
    file = shown(project.lock_path(environment))
    wanted = targets(project.manifest, [environment])
    lock = project.lock_head(environment)
    if lock is None:
        return Verdict(file, ("there is no such lock",))
    if lock.unmerged:
        return Verdict(file, (f"it is not merged: {lock.unmerged}",))
    if not lock.intact:
        return Verdict(file, ("it was edited after it was made",))
    known = [target.subdir for target in wanted]
    missing = [each for each in known if each not in lock.platforms]
    extra = [platform for platform in lock.platforms if platform not in known]
    reasons = [f"{each}: not locked" for each in missing]
    reasons += [f"{each}: locked, but the manifest does not name it" for each in extra]
    stale = [
        target for target in wanted if target.subdir in lock.platforms and not in_sync(lock, target)
    ]
    # Where the request has changed, and with it perhaps the channels, a closer look tells more.
    fresh = [target for target in wanted if target not in stale]
    reasons += _strays(project, environment, lock, fresh) if fresh else []
    reasons += _ages(
        project, environment, lock, [each for each in fresh if each.subdir in lock.platforms]
    )
    if not stale:
        return Verdict(file, tuple(reasons))
    reasons += _close_look(project, environment, stale)
    met = () if reasons else tuple(each.subdir for each in stale)
    if is_newer(lock):
        fix = "update conda-multiplat, which made this lock"
        return Verdict(file, tuple(reasons), met, _NEWER, command="", fix=fix)
    notes = () if lock.recipe else _of_extras(project, environment, stale)
    verdict = Verdict(file, tuple(reasons), met, _CHANGED if lock.recipe else _FOREIGN, notes=notes)
    return _with_promises(project, lock, stale, verdict) if reasons else verdict


def _strays(
    project: Project, environment: str, lock: LockFile, wanted: Sequence[Target]
) -> list[str]:
    """Packages that are from elsewhere than the manifest says; the digests can't tell."""
    from conda_multiplat.actions.provenance import lock_strays

    lines = lock_strays(project, environment, lock, wanted)
    return [f"{line}  ({', '.join(subdirs)})" for line, subdirs in lines.items()]


def _ages(
    project: Project, environment: str, lock: LockFile, wanted: Sequence[Target]
) -> list[str]:
    """What is wrong with the ages of packages that were locked with ``exclude-newer``."""
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
            line = f"its days count from {in_words(cooldown.at)}, which is yet to come"
            lines.setdefault(line, []).append(target.subdir)
    return [f"{line}  ({', '.join(subdirs)})" for line, subdirs in lines.items()]


def _places(project: Project, target: Target, lock: LockFile) -> list[str]:
    from conda_multiplat.actions.provenance import target_strays

    return target_strays(project, target, lock)


def _close_look(project: Project, environment: str, stale: Sequence[Target]) -> list[str]:
    """The reasons for which targets are not met, those of several platforms together."""
    _refuse_what_is_no_spec(project)
    lock = project.existing_lock(environment)
    reasons: dict[str, list[str]] = {}
    for target in stale:
        wrong = unmet_lines(target, lock.platforms[target.subdir])
        places = _channels(lock, target) or _places(project, target, lock)
        for each in [*places, *wrong]:
            reasons.setdefault(each, []).append(target.subdir)
    return [f"{reason}  ({', '.join(subdirs)})" for reason, subdirs in reasons.items()]


def _of_extras(project: Project, environment: str, stale: Sequence[Target]) -> tuple[str, ...]:
    """PyPI packages that only an extra can have asked for, which other tools' locks don't say."""
    from conda_multiplat.lockfile.satisfies import may_be_of_extras

    lock = project.existing_lock(environment)
    found: dict[str, list[str]] = {}
    for target in stale:
        for package in may_be_of_extras(target, lock.platforms[target.subdir]):
            found.setdefault(f"{package.name} {package.version}", []).append(target.subdir)
    return tuple(
        f"note: {package}: nothing in this lock asks for it but an extra may, and "
        f"only our locks say that  ({', '.join(subdirs)})"
        for package, subdirs in found.items()
    )


def _with_promises(
    project: Project, lock: LockFile, stale: Sequence[Target], verdict: Verdict
) -> Verdict:
    """A verdict that names the promises which would do, where some are missing.

    `lock` makes those that another tool's lock needs. Of ours a promise was taken back: that CUDA
    builds are to go is for the user to say.
    """
    from conda_multiplat.actions.missing_promises import missing, where
    from conda_multiplat.vocabulary.implied_promises import as_mapping

    lacking = {target: missing(target, lock.platforms[target.subdir]) for target in stale}
    lines = [
        f"to promise in {project.manifest.files[0]}: {where(target)}: {as_mapping(implied)}"
        for target, implied in lacking.items()
        if implied
    ]
    verdict = verdict._replace(notes=(*lines, *verdict.notes))
    cuda = any(each.name == "cuda" for implied in lacking.values() for each in implied)
    if not (lock.recipe and cuda):
        return verdict
    drop = invocation(project, "lock --drop-cuda")
    fix = f"promise that, then run: {invocation(project, 'lock')}\nor, to lose CUDA builds: {drop}"
    return verdict._replace(command="", fix=fix)


def _refuse_what_is_no_spec(project: Project) -> None:
    """Read the manifest once more, as ``lock`` does: only the engine knows what a MatchSpec is."""
    from conda_multiplat.engines.conda.specs import check_spec

    files = project.files
    load_project(files, host_subdirs=project.manifest.platforms, check_spec=check_spec)


def unmet_lines(target: Target, locked: PlatformLock) -> list[str]:
    """What is locked for a target and does not meet it, a line each, with the engine's reading."""
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
    """Whether the channels are those that were locked; other tools' locks name them alike."""
    from conda_multiplat.solving.requests import channels_of
    from conda_multiplat.vocabulary.channels import public_name

    asked = [public_name(channel).rstrip("/") for channel in channels_of(target, ())]
    locked = [channel.url.rstrip("/") for channel in lock.channels]
    if not asked or asked == [each for each in locked if each in asked]:
        return []
    return [f"channels {', '.join(asked)}: locked: {', '.join(locked)}"]


def _rendered(project: Project, environments: Sequence[str]) -> list[Verdict]:
    """Verdicts on the rendered files that are not what the locks say; most projects have none."""
    paths = rendered_files(project.folder)
    if not paths:
        return []
    from conda_multiplat.actions.check.rendered import rendered_verdicts, standing

    return rendered_verdicts(project, standing(project, paths, environments))


def _orphans(project: Project) -> list[Verdict]:
    """Locks beside the manifest for environments that it does not have."""
    known = project.manifest.environments
    orphans = []
    for path in lock_files(project.folder):
        name = locked_environment(path.name)
        if name in known and path == project.lock_path(name):
            continue
        if not is_of_others(project, path):
            near = did_you_mean(name, known)
            reason = f"the manifest has no environment {name!r}" + (f" ({near})" if near else "")
            fix = f"delete it: {typed(path)}"
            orphans.append(Verdict(shown(path), (reason,), command="", fix=fix))
    return orphans
