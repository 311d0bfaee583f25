"""Plan a run of ``lock``: what each environment keeps, and what has to be solved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from conda_multiplat.actions.provenance import target_strays
from conda_multiplat.lockfile.digests import NEWER, in_sync, is_newer
from conda_multiplat.lockfile.model import LockFile, PlatformLock
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import shown
from conda_multiplat.machine.project import Project
from conda_multiplat.manifest.targets import Target
from conda_multiplat.solving.requests import (
    RECIPES,
    SolveRequest,
    has_projects,
    recipe_for,
    request,
)
from conda_multiplat.vocabulary.errors import LockFileError, UsageError
from conda_multiplat.vocabulary.names import did_you_mean


@dataclass(frozen=True)
class Update:
    """What may change although the lock satisfies the manifest: some packages, or all."""

    names: frozenset[str] = frozenset()
    everything: bool = False

    @classmethod
    def of(cls, names: Iterable[str], *, everything: bool = False) -> Update:
        """Return the update of the given package names."""
        return cls(frozenset(name.lower() for name in names), everything)

    @property
    def anything(self) -> bool:
        """Return whether the user asked for newer packages."""
        return self.everything or bool(self.names)


@dataclass
class Plan:
    """The plan for one environment's lock: previous lock, kept targets, targets to solve."""

    environment: str
    targets: list[Target]
    old: LockFile | None
    kept: dict[str, PlatformLock] = field(default_factory=dict)
    requests: list[SolveRequest] = field(default_factory=list)
    priority: str = ""
    exclude_newer: str | None = None  # the option of this run, if there is one

    @property
    def locked_priority(self) -> str:
        """Return the channel priority of the lock.

        It overrides the configuration's, so that a colleague with another one does not solve
        everything again.
        """
        return self.old.channel_priority if self.old else ""

    @property
    def locked_options(self) -> set[str]:
        """Return the ``--exclude-newer`` of each locked target that has one."""
        subdirs = {target.subdir for target in self.targets}
        locked = self.old.platforms if self.old else {}
        options = (
            locked[subdir].cooldown.exclude_newer.option for subdir in subdirs & locked.keys()
        )
        return set(filter(None, options))

    @property
    def recipe(self) -> int:
        """Return the recipe of the lock's digests: the old one if any target stays as locked.

        So an update of conda-multiplat alone changes no lock. A new solution can need a newer
        recipe; targets that stay then have the same digest with both (see :func:`plan_targets`).
        """
        new = recipe_for(self.targets)
        kept = self.old.recipe if self.old and self.kept else new
        if kept not in RECIPES:
            return new
        return max(kept, new) if self.requests else kept


def make_plans(
    project: Project, wanted: Sequence[Target], update: Update, console: Console
) -> list[Plan]:
    """Make a plan for each environment, including what stays because it was not selected."""
    by_environment: dict[str, list[Target]] = {}
    for target in wanted:
        by_environment.setdefault(target.environment, []).append(target)
    plans: list[Plan] = []
    for name, its_targets in by_environment.items():
        plan = Plan(name, its_targets, _previous(project, name, update, console))
        _keep_other_platforms(project, plan)
        if plan.old and plan.old.unmerged:  # kept platforms stay as ours
            from conda_multiplat.machine.git.merge import both_sides  # late: runs git

            plan.old = both_sides(project.lock_path(name), plan.old)
        plans.append(plan)
    return plans


def _previous(
    project: Project, environment: str, update: Update, console: Console
) -> LockFile | None:
    """Return the existing lock. If it can't be read, fail only if its records are needed."""
    try:
        old = project.lock(environment)
    except LockFileError:
        if not update.everything:
            raise
        return None
    path = shown(project.lock_path(environment))
    if old and is_newer(old):
        console.say(
            f"warning: {path}: {NEWER}, and will be locked as this version does; "
            "to lock as before, use the newer one"
        )
    if old and not old.intact:
        what = "is not merged" if old.unmerged else "was edited after it was made"
        console.say(
            f"warning: {path} {what}; its records are only a starting point: look at the result "
            "with `conda multiplat diff`"
        )
    return old


def _keep_other_platforms(project: Project, plan: Plan) -> None:
    """Keep platforms that are not selected as locked; drop those that the manifest has lost."""
    asked = {target.subdir for target in plan.targets}
    others = set(project.manifest.platforms_of(plan.environment)) - asked
    for subdir, locked in (plan.old.platforms if plan.old else {}).items():
        if subdir in asked or (project.manifest.platforms_given and subdir not in others):
            continue
        plan.kept[subdir] = locked


def plan_targets(
    project: Project, plans: Sequence[Plan], update: Update, settings: Settings, now: int
) -> None:
    """Keep each target that is in sync, with all of its peers; plan to solve the others.

    Packages from other places than the manifest allows are solved again. Durations are counted
    from ``now``, in seconds since 1970.
    """
    fresh = update.anything
    stale = {
        (target.environment, target.subdir)
        for plan in plans
        for target in plan.targets
        if fresh or not _stays(project, plan, target)
    }
    while more := _of_newer_recipe(plans, stale) - stale:
        stale |= more
    for plan in plans:
        for target in plan.targets:
            if plan.old and not _members(target) & stale:
                plan.kept[target.subdir] = plan.old.platforms[target.subdir]
            else:
                plan.requests.append(_request(plan, target, update, settings, now))


def _members(target: Target) -> set[tuple[str, str]]:
    """Return a target and the targets that are solved together with it."""
    return {(member.environment, member.subdir) for member in (target, *target.peers)}


def _of_newer_recipe(
    plans: Sequence[Plan], stale: Collection[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Return the targets whose digest differs between the lock's recipe and the newer one.

    New solutions are locked with the newer one. A lock has one recipe for all of its platforms.
    """
    return {
        (target.environment, target.subdir)
        for plan in plans
        if plan.old and plan.old.recipe < recipe_for(plan.targets)
        if any(_members(target).intersection(stale) for target in plan.targets)
        for target in plan.targets
        if has_projects(target)
    }


def _stays(project: Project, plan: Plan, target: Target) -> bool:
    old = plan.old
    if old is None or old.channel_priority != plan.priority or not in_sync(old, target):
        return False
    locked_with = old.platforms[target.subdir].cooldown.exclude_newer
    if plan.exclude_newer not in (None, locked_with.option):
        return False
    return not target_strays(project, target, old)


def _request(
    plan: Plan, target: Target, update: Update, settings: Settings, now: int
) -> SolveRequest:
    locked = plan.old.platforms.get(target.subdir) if plan.old else None
    keep = locked.records if locked and not update.everything else ()
    return request(
        target,
        default_channels=settings.channels,
        channel_priority=plan.priority,
        locked=[package for package in keep if package.name not in update.names],
        now=now,
    )


def check_update(update: Update, plans: Sequence[Plan]) -> None:
    """Refuse to update packages that are not locked.

    Raises:
        UsageError: with similar names.
    """
    every = [lock for plan in plans if plan.old for lock in plan.old.platforms.values()]
    locked_names = {record.name for lock in every for record in lock.records}
    locked_names |= {package.name for lock in every for package in lock.pypi}
    unknown = sorted(
        name for name in update.names - locked_names if _project(name) not in locked_names
    )
    if unknown:
        hints = [did_you_mean(name, locked_names, f"{name}: no lock has it") for name in unknown]
        raise UsageError(f"can't update what is not locked: {', '.join(unknown)}", hints=hints)


def _project(name: str) -> str:
    """Return the normalised name (PEP 503) of a locked PyPI project."""
    from packaging.utils import canonicalize_name  # late: only needed for an unknown name

    return canonicalize_name(name)
