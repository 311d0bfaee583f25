"""Refuse to replace locked CUDA builds unless the user asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from conda_multiplat.actions.lock.plan import Plan
from conda_multiplat.actions.missing_promises import missing, where
from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.machine.project import Project, invocation
from conda_multiplat.manifest.targets import Target, stated_promises
from conda_multiplat.solving.outcomes import Solution
from conda_multiplat.vocabulary.errors import NoSolutionError
from conda_multiplat.vocabulary.implied_promises import Implied, as_mapping
from conda_multiplat.vocabulary.match_spec import parse_spec
from conda_multiplat.vocabulary.names import spec_name
from conda_multiplat.vocabulary.records import CondaRecord
from conda_multiplat.vocabulary.virtual_packages import has_cuda


def refuse_lost_cuda(
    project: Project, plans: Sequence[Plan], solutions: Mapping[Target, Solution]
) -> None:
    """Refuse solutions that replace locked CUDA builds by CPU builds.

    They are allowed if the manifest revokes CUDA (``cuda: null``), names the build, or promises the
    CUDA that the locked builds need: then something else rules them out.

    Raises:
        NoSolutionError: with the packages, and what to promise.
    """
    lost: dict[Target, list[CondaRecord]] = {}
    for plan in plans:
        for target in plan.targets:
            old = plan.old.platforms.get(target.subdir) if plan.old else None
            if old and target in solutions and not _is_said(project, target, old):
                builds = list(_lost(old.records, solutions[target].records))
                lost |= {target: builds} if builds else {}
    if lost:
        olds = {plan.environment: plan.old for plan in plans if plan.old}
        promises = {
            target: _cuda(target, olds[target.environment].platforms[target.subdir])
            for target in lost
        }
        raise _error(project, lost, promises)


def _is_said(project: Project, target: Target, old: PlatformLock) -> bool:
    """Return whether the manifest mentions CUDA, or the build of a package that needs it."""
    stated = "cuda" in stated_promises(project.manifest, target.environment, target.subdir)
    promised = has_cuda(target.virtual_packages)
    if stated and not (promised and _cuda(target, old)):  # `null`, or a promise that suffices
        return True
    cuda = {record.name for record in old.records if _needs_cuda(record)}
    asked = [line.text for line in target.view.conda if line.name in cuda]
    return any("build" in parse_spec(text).fields for text in asked)


def _cuda(target: Target, old: PlatformLock) -> list[Implied]:
    """Return the promise of CUDA that the locked packages need and the target lacks."""
    return [implied for implied in missing(target, old) if implied.name == "cuda"]


def _lost(old: Iterable[CondaRecord], new: Iterable[CondaRecord]) -> Iterable[CondaRecord]:
    now = {record.name: record for record in new}
    for record in old:
        other = now.get(record.name)
        if _needs_cuda(record) and other and not _needs_cuda(other):
            yield record


def _needs_cuda(record: CondaRecord) -> bool:
    return any(spec_name(spec) == "__cuda" for spec in record.depends if "__" in spec)


def _error(
    project: Project,
    lost: Mapping[Target, Sequence[CondaRecord]],
    promises: Mapping[Target, Sequence[Implied]],
) -> NoSolutionError:
    file = project.manifest.files[0]
    return NoSolutionError(
        "CUDA builds are locked, and the manifest promises no CUDA for them",
        details=[
            f"{target}  {record.name} {record.version} {record.build} would become a CPU build"
            for target, records in lost.items()
            for record in records
        ],
        hints=[
            *(
                f"to keep them, add to {file} {where(target)}: {as_mapping(implied)}"
                for target, implied in promises.items()
                if implied
            ),
            f"to drop them: {invocation(project, 'lock --drop-cuda')}",
            "no file was changed",
        ],
        data={"lost": {str(target): [r.name for r in records] for target, records in lost.items()}},
    )
