r"""Lock a project, from the manifest's files to locks on disk, for ``lock`` and ``update``.

Flow::

    files -> Project -> adopt -> relock -> report -> all files or none written -> LockedProject
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from conda_multiplat.actions.lock.adopt import adopt
from conda_multiplat.actions.lock.plan import Update
from conda_multiplat.actions.lock.relock import Locked, relock
from conda_multiplat.actions.lock.report import changes_of, document, note_assumed_platforms, report
from conda_multiplat.actions.lock.written import say_written
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import write_all
from conda_multiplat.machine.lock_sources import gone_files, passed_over
from conda_multiplat.machine.project import Project, load_project
from conda_multiplat.machine.temporary import sweep
from conda_multiplat.manifest.spec_warnings import spec_warnings


def _nothing(_: Locked) -> None:
    pass


@dataclass(frozen=True)
class LockedProject:
    """A project that was locked.

    Attributes:
        project: as it was locked, including promises for other tools' locks.
        told: the report, for ``--json``.
    """

    project: Project
    told: dict[str, Any]


def lock_project(
    files: Sequence[str],
    settings: Settings,
    console: Console,
    *,
    environments: Sequence[str] = (),
    platforms: Sequence[str] = (),
    update: Update,
    channel_priority: str | None = None,
    drop_cuda: bool = False,
    exclude_newer: str | None = None,
    dry_run: bool = False,
    unchanged: str = "in sync",
    may_follow: Callable[[Locked], None] = _nothing,
) -> LockedProject:
    """Lock, report the changes, and write the locks unless ``dry_run``.

    Args:
        files: the manifest's files; if empty, the nearest manifest.
        settings: conda's settings.
        console: for messages.
        environments: only these; if empty, all.
        platforms: only these; the others stay as locked.
        update: packages that may change although the lock satisfies the manifest.
        channel_priority: overrides the locks' own and the configuration's.
        drop_cuda: whether locked CUDA builds may be replaced by CPU builds.
        exclude_newer: see :func:`relock`.
        dry_run: write nothing.
        unchanged: the message if there is nothing to write.
        may_follow: called before changes are reported or written; may raise to refuse them.

    Raises:
        MultiplatError: as :func:`relock`; nothing was written.
    """
    from conda_multiplat.engines.conda.specs import check_spec, is_newer

    host_subdirs = platforms or [settings.subdir]
    project = load_project(files, host_subdirs=host_subdirs, check_spec=check_spec)
    if not files and (note := passed_over(project) or gone_files(project)):
        console.say(note)
    for warning in (*project.manifest.warnings, *spec_warnings(project.manifest)):
        console.say(f"warning: {warning}")
    note_assumed_platforms(project, console)
    adopted = adopt(
        project,
        settings,
        console,
        environments=environments,
        platforms=platforms,
        drop_cuda=drop_cuda,
    )
    locked = relock(
        adopted.project,
        settings,
        console,
        environments=environments,
        platforms=platforms,
        update=update,
        channel_priority=channel_priority,
        drop_cuda=drop_cuda,
        exclude_newer=exclude_newer,
    )
    if not dry_run:
        may_follow(locked)
    changes = changes_of(locked, is_newer)
    report(locked, changes, settings, console)
    for line in adopted.lines():
        console.say(line)
    texts = {**adopted.texts, **locked.texts()}
    if not dry_run:
        sweep(project.folder)
    write_all(texts, dry_run=dry_run)
    nothing = f"{unchanged}: nothing to write"
    names = say_written(texts, locked, console, dry_run=dry_run, nothing=nothing)
    told: dict[str, Any] = {"dry_run": dry_run, "files": names}
    if adopted.promised:
        told["promised"] = [promise.to_dict() for promise in adopted.promised]
    return LockedProject(adopted.project, told | document(locked, changes))
