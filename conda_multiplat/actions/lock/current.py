"""Check before work in an environment that its lock satisfies the manifest.

If it does not, ``run`` and ``shell`` lock first (``current``), fail (``locked``), or use the lock
unchanged (``frozen``). Commands that never solve warn (``warn``), or fail with ``--locked``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from conda_multiplat.actions.install.choose_environment import (
    Choice,
    choose,
    choose_to_look,
    warn_if_stale,
)
from conda_multiplat.lockfile.digests import has_changed
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.file_locks import one_at_a_time
from conda_multiplat.machine.files import shown
from conda_multiplat.machine.hook_settings import CURRENT, FROZEN, LOCKED
from conda_multiplat.machine.project import Project
from conda_multiplat.manifest.targets import target
from conda_multiplat.vocabulary.errors import MultiplatError, OutOfDateError


def choose_by_rule(
    project: Project,
    names: Sequence[str],
    rule: str,
    settings: Settings,
    console: Console,
    *,
    before_locking: Callable[[str], None] = lambda _: None,
    is_known: Callable[[str], bool] = lambda _: False,
    look_only: bool = False,
) -> tuple[Project, Choice]:
    """Choose the first environment that fits this machine, and apply the rule to its lock.

    Args:
        project: the project.
        names: the environments, the preferred ones first.
        rule: ``current``, ``locked``, ``frozen`` or ``warn``.
        settings: conda's settings.
        console: for messages.
        before_locking: called with each environment that has to be locked.
        is_known: whether the user already knows that others were skipped for an environment.
        look_only: whether nothing will be downloaded (see ``choose_to_look``).

    Returns:
        The project with its current lock, and the environment.

    Raises:
        OutOfDateError: the rule is ``locked``, and the lock is out of date.
        MultiplatError: as ``lock``, if the project has to be locked; nothing was written.
    """
    if rule == CURRENT and (stale := [n for n in names if is_stale(project, n, settings.subdir)]):
        for name in stale:
            before_locking(name)
        project = _locked(project, stale[0], settings, console)
    choose_one = choose_to_look if look_only else choose
    choice = choose_one(project, names, settings, console, is_known=is_known)
    if rule == LOCKED:
        require_in_sync(project, choice.environment)
    elif rule != FROZEN:
        warn_if_stale(choice, console)
    return project, choice


def is_stale(project: Project, environment: str, subdir: str) -> bool:
    """Return whether an environment has to be locked again to satisfy the manifest.

    A lock that was edited by hand is not replaced without being asked.

    Raises:
        LockFileError: it can't be read.
    """
    if subdir not in project.manifest.platforms_of(environment):
        return False
    lock = project.lock_head(environment)
    if lock is None:
        return True
    return lock.intact and has_changed(lock, target(project.manifest, environment, subdir))


def require_in_sync(project: Project, environment: str) -> None:
    """Refuse a lock that ``check`` reports as out of date.

    Raises:
        OutOfDateError: with the reasons.
    """
    from conda_multiplat.actions.check.locks import lock_verdict

    verdict = lock_verdict(project, environment)
    if verdict.fails():
        raise OutOfDateError(
            f"{verdict.file} is out of date",
            details=verdict.reasons,
            hints=[verdict.fix, *verdict.notes],
        )


def _locked(project: Project, environment: str, settings: Settings, console: Console) -> Project:
    """Lock the whole project, keeping what fits, and return it.

    If several processes do this at once, one locks and the others use its result.
    """
    from conda_multiplat.actions.lock.lock_project import lock_project
    from conda_multiplat.actions.lock.plan import Update

    file = project.lock_path(environment)
    waiting = f" waiting for another process that locks {shown(file)}"
    with one_at_a_time(project.folder, lambda: console.say(waiting)):
        if not is_stale(project, environment, settings.subdir):
            return project
        lock_exists = file.exists()
        what = "is not what the manifest asks for" if lock_exists else "does not exist yet"
        console.say(f" {shown(file)} {what}: locking")
        with _as_it_is(lock_exists):
            files = [str(path) for path in project.files]
            return lock_project(files, settings, console, update=Update()).project


@contextmanager
def _as_it_is(there: bool) -> Iterator[None]:
    """Add to an error how to continue without locking, if that is possible."""
    try:
        yield
    except MultiplatError as error:
        if there:
            error.hints = (*error.hints, "--frozen uses the lock as it is")
        raise
