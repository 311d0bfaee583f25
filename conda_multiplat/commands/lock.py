"""``conda multiplat lock``: solve every target at once, then replace all locks or none.

The run itself is in ``locking``.
"""

from __future__ import annotations

from collections.abc import Sequence

from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.files import shown, write_all
from conda_multiplat.lock_plan import Update
from conda_multiplat.lock_report import changes_of, document, note_assumed_platforms, report
from conda_multiplat.locking import relock
from conda_multiplat.project import load_project


def lock(
    *,
    files: Sequence[str] = (),
    environments: Sequence[str] = (),
    platforms: Sequence[str] = (),
    update: Sequence[str] = (),
    update_all: bool = False,
    dry_run: bool = False,
    channel_priority: str | None = None,
    settings: Settings,
    console: Console,
) -> int:
    """Lock the environments of a manifest; see ``conda multiplat lock --help``.

    Returns:
        0. Every other outcome is raised as a ``MultiplatError``, which has its exit code.
    """
    from conda_multiplat.engines.specs import check_spec, is_newer

    host_subdirs = tuple(platforms) or (settings.subdir,)
    project = load_project(files, host_subdirs=host_subdirs, check_spec=check_spec)
    for warning in project.manifest.warnings:
        console.say(f"warning: {warning}")
    note_assumed_platforms(project, console)
    locked = relock(
        project,
        settings,
        console,
        environments=environments,
        platforms=platforms,
        update=Update(frozenset(name.lower() for name in update), update_all),
        channel_priority=channel_priority,
    )
    found = changes_of(locked, is_newer)
    report(locked, found, settings, console)
    texts = locked.texts()
    if not dry_run:
        write_all(texts)
    names = [shown(path) for path in texts]
    _conclude(names, dry_run=dry_run, console=console)
    console.result({"dry_run": dry_run, "files": names, **document(locked, found)})
    return 0


def _conclude(names: Sequence[str], *, dry_run: bool, console: Console) -> None:
    if not names:
        console.say(" in sync: nothing to write")
    else:
        console.say(f" {'would write' if dry_run else 'wrote'} {', '.join(names)}")
