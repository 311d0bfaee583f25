r"""Edit a manifest, lock it and install: steps of ``add``, ``remove`` and ``platform``.

Flow::

    read_original     files -> Original
    manifest.edit     Draft -> Draft
    solve             Draft -> Project -> Locked
    conclude          what was done in words -> all files, or none -> this machine's environment
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conda_multiplat.actions.edit.follow import Followed, bring_up_to_date, require_free
from conda_multiplat.actions.lock.plan import Update
from conda_multiplat.actions.lock.relock import NOTHING, Locked, relock
from conda_multiplat.actions.lock.report import changes_of, document, note_assumed_platforms, report
from conda_multiplat.actions.lock.written import say_written
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import (
    read_text,
    refuse_read_only,
    shown,
    write_all,
)
from conda_multiplat.machine.project import Project, load_project, manifest_files
from conda_multiplat.manifest.edit.draft import Draft
from conda_multiplat.manifest.read import Source
from conda_multiplat.manifest.spec_warnings import spec_warnings
from conda_multiplat.vocabulary.errors import (
    ManifestError,
    NoSolutionError,
    UsageError,
)
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, SUBDIRS, families, nearest_or_all
from conda_multiplat.vocabulary.selector_writer import Selection
from conda_multiplat.vocabulary.styled import Line

_PLACES = ("no file was changed", "the line numbers are those of the changed manifest")


@dataclass(frozen=True)
class Original:
    """A manifest on disk that will be edited.

    Attributes:
        paths: its files.
        draft: what they say.
        settings: conda's settings.
        console: for messages.
    """

    paths: tuple[Path, ...]
    draft: Draft
    settings: Settings
    console: Console

    def texts(self, draft: Draft) -> dict[Path, str]:
        """Return the files that ``draft`` changes, including byte order marks.

        Raises:
            OutsideError: one of them may not be written.
        """
        changed = {}
        for path, old, new in zip(self.paths, self.draft.sources, draft.sources, strict=True):
            if old.text != new.text:
                refuse_read_only(path)
                marked = path.read_bytes().startswith(codecs.BOM_UTF8)
                changed[path] = f"\ufeff{new.text}" if marked else new.text
        return changed

    def project(self, draft: Draft) -> Project:
        """Return the project with the manifest of ``draft``.

        Raises:
            ManifestError: with every problem of every file, at the places of ``draft``.
        """
        from conda_multiplat.engines.conda.specs import check_spec

        texts = {path: source.text for path, source in zip(self.paths, draft.sources, strict=True)}

        def read(path: Path) -> str:
            return texts[path] if path in texts else read_text(path)

        with _places(draft, self.draft):
            return load_project(
                self.paths, host_subdirs=draft.host_subdirs, check_spec=check_spec, read=read
            )


@contextmanager
def _places(new: Draft | None = None, old: Draft | None = None) -> Iterator[None]:
    """Add to errors that their places are in the edited text, unless two drafts are the same."""
    try:
        yield
    except (NoSolutionError, ManifestError) as error:
        if new is None or new is not old:
            error.hints = tuple(dict.fromkeys([*error.hints, *_PLACES]))
        raise


def read_original(files: Sequence[str], settings: Settings, console: Console) -> Original:
    """Read the manifest to edit: the given files, or the nearest one.

    Raises:
        ManifestError: it is missing, or has problems; with all of them.
    """
    paths = tuple(manifest_files(files))
    sources = tuple(Source(shown(path), read_text(path)) for path in paths)
    original = Original(paths, Draft(sources, (settings.subdir,)), settings, console)
    original.project(original.draft)
    return original


def environment_of(draft: Draft, wanted: str | None) -> str:
    """Return the environment to change; it must exist, since a misspelt one must not be created.

    Raises:
        UsageError: there is none of that name; with how to create it.
    """
    name = wanted or DEFAULT_ENVIRONMENT
    names = list(draft.manifest.environments)
    if name not in names:
        near = nearest_or_all(name, names, "there are")
        line = f"`{name}: {{dependencies: []}}`"
        fix = f"to create it, write {line} under `multiplat:` `environments:`"
        raise UsageError(f"the manifest has no environment {name!r}", hints=[near, fix])
    return name


def select(draft: Draft, environment: str, platforms: Sequence[str], family: str) -> Selection:
    """Return the platforms of a change; all if none is named.

    Raises:
        UsageError: the manifest does not have one of them.
    """
    every = draft.reach(environment)
    for platform in platforms:
        if platform not in every:
            raise _no_platform(draft, environment, platform)
    named = frozenset(platforms)
    if family:
        named = frozenset(name for name in every if family in families(name))
        if not named:
            there = ", ".join(sorted(every))
            raise UsageError(f"the manifest has no {family} platform", hints=[f"it has {there}"])
    return Selection(named or every, every, family)


def on(selection: Selection) -> str:
    """Return the platforms of a selection in words; ``""`` for all."""
    return "" if selection.everywhere else f"  ({', '.join(sorted(selection.platforms))})"


def _no_platform(draft: Draft, environment: str, name: str) -> UsageError:
    if name not in SUBDIRS:
        hint = nearest_or_all(name, SUBDIRS)
        return UsageError(f"unknown platform {name!r}", hints=[hint])
    own = environment != DEFAULT_ENVIRONMENT and draft.manifest.environments[environment].platforms
    option = f" -e {environment}" if own else ""
    there = ", ".join(sorted(draft.reach(environment)))
    return UsageError(
        f"{environment} has no platform {name!r}; it has {there}",
        hints=[f"to add it: conda multiplat platform add {name}{option}"],
    )


def solve(
    original: Original, draft: Draft, *, update: Update = NOTHING, drop_cuda: bool = False
) -> Locked:
    """Lock an edited manifest that has not been written yet.

    Args:
        original: what is on disk.
        draft: the manifest.
        update: what may move although it still fits.
        drop_cuda: whether locked CUDA builds may become CPU builds.

    Raises:
        OutsideError: a file may not be written; this is checked before the solve.
        NoSolutionError, ManifestError: with places in the edited manifest.
    """
    original.texts(draft)
    project = original.project(draft)
    with _places():
        return relock(
            project, original.settings, original.console, update=update, drop_cuda=drop_cuda
        )


def conclude(
    original: Original,
    draft: Draft,
    locked: Locked | None,
    *,
    changes: Iterable[str | Line],
    result: Mapping[str, Any],
    install: Followed | None = None,
    dry_run: bool = False,
) -> int:
    """Say what changes; write all files or none, and bring the environment up to date.

    Args:
        original: the manifest as it was.
        draft: the edited manifest.
        locked: the locks that go with it; ``None`` to leave them as they are.
        changes: the lines to print for the changes of the manifest.
        result: these changes for ``--json``.
        install: the conda environment on this machine to update, if it exists.
        dry_run: change nothing.

    Returns:
        The exit code: 0. Every other outcome is raised as a ``MultiplatError``.

    Raises:
        InUseError: the environment can't be updated; nothing was printed or written.
    """
    settings, console = original.settings, original.console
    texts = original.texts(draft)
    if locked and install and not dry_run:
        require_free(locked, install, settings)  # before any table of changes is shown
    report_document: dict[str, Any] = {}
    if locked:
        texts |= locked.texts()
        report_document = _tell(locked, settings, console)
    for line in changes:
        console.say(line)
    write_all(texts, dry_run=dry_run)
    names = say_written(texts, locked, console, dry_run=dry_run)
    if locked and install and not dry_run:
        environment = install.environment or DEFAULT_ENVIRONMENT
        changed = "the manifest and its locks are changed"
        report_document |= bring_up_to_date(
            locked.project, environment, settings, console, changed, where=install.where
        )
    console.result({**result, "dry_run": dry_run, "files": names, **report_document})
    return 0


def _tell(locked: Locked, settings: Settings, console: Console) -> dict[str, Any]:
    from conda_multiplat.engines.conda.specs import is_newer

    changes = changes_of(locked, is_newer)
    note_assumed_platforms(locked.project, console)
    for warning in spec_warnings(locked.project.manifest):
        console.say(f"warning: {warning}")
    report(locked, changes, settings, console)
    return document(locked, changes)
