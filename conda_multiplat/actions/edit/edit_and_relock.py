r"""What ``add``, ``remove`` and ``platform`` have in common: a manifest to edit, and what follows.

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

from conda_multiplat.actions.install.choose_environment import choose
from conda_multiplat.actions.install.choose_prefix import own_prefix
from conda_multiplat.actions.install.make_as_locked import make_as_locked
from conda_multiplat.actions.lock.relock import Locked, relock
from conda_multiplat.actions.lock.report import changes_of, document, note_assumed_platforms, report
from conda_multiplat.lockfile.platform_changes import packages
from conda_multiplat.machine import prefix as prefixes
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import read_text, refuse_read_only, shown, write_all
from conda_multiplat.machine.project import Project, load_project, manifest_files
from conda_multiplat.manifest.edit.draft import Draft
from conda_multiplat.manifest.read import Source
from conda_multiplat.vocabulary.errors import (
    ManifestError,
    MultiplatError,
    NoSolutionError,
    UsageError,
)
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, SUBDIRS, families, nearest_or_all
from conda_multiplat.vocabulary.selector_writer import Selection

_PLACES = ("no file was changed", "the places are those of the manifest with the change in it")


@dataclass(frozen=True)
class Original:
    """A manifest on disk that is to be edited.

    Attributes:
        paths: its files.
        draft: what they say.
        settings: the surroundings.
        console: where to talk to the user.
    """

    paths: tuple[Path, ...]
    draft: Draft
    settings: Settings
    console: Console

    def texts(self, draft: Draft) -> dict[Path, str]:
        """The files that ``draft`` changes, byte order marks included.

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
        """The project as ``draft`` makes it.

        Raises:
            ManifestError: with every problem of every file, at the places of ``draft``.
        """
        from conda_multiplat.engines.conda.specs import check_spec

        texts = {path: each.text for path, each in zip(self.paths, draft.sources, strict=True)}

        def read(path: Path) -> str:
            return texts[path] if path in texts else read_text(path)

        with _places(draft, self.draft):
            return load_project(
                self.paths, host_subdirs=draft.host_subdirs, check_spec=check_spec, read=read
            )


@contextmanager
def _places(new: Draft | None = None, old: Draft | None = None) -> Iterator[None]:
    """Say of errors that their places are in no file yet, unless two drafts are the same."""
    try:
        yield
    except (NoSolutionError, ManifestError) as error:
        if new is None or new is not old:
            error.hints = tuple(dict.fromkeys([*error.hints, *_PLACES]))
        raise


def read_original(files: Sequence[str], settings: Settings, console: Console) -> Original:
    """The manifest to edit: those files, or the one that is found.

    Raises:
        ManifestError: it is not there, or has problems: all of them.
    """
    paths = tuple(manifest_files(files))
    sources = tuple(Source(shown(path), read_text(path)) for path in paths)
    original = Original(paths, Draft(sources, (settings.subdir,)), settings, console)
    original.project(original.draft)
    return original


def environment_of(draft: Draft, wanted: str | None) -> str:
    """The environment that a change is for: one that is there, as a misspelt one must not be made.

    Raises:
        UsageError: with how to make it.
    """
    name = wanted or DEFAULT_ENVIRONMENT
    names = list(draft.manifest.environments)
    if name not in names:
        near = nearest_or_all(name, names, "there are")
        line = f"`{name}: {{dependencies: []}}`"
        fix = f"to make it write {line} under `multiplat:` `environments:`"
        raise UsageError(f"the manifest has no environment {name!r}", hints=[near, fix])
    return name


def select(draft: Draft, environment: str, platforms: Sequence[str], family: str) -> Selection:
    """The platforms that a change is for; all where none is named.

    Raises:
        UsageError: the manifest does not have one of them.
    """
    every = draft.reach(environment)
    for platform in platforms:
        if platform not in every:
            raise _no_platform(draft, environment, platform)
    named = frozenset(platforms)
    if family:
        named = frozenset(each for each in every if family in families(each))
        if not named:
            there = ", ".join(sorted(every))
            raise UsageError(f"the manifest has no {family} platform", hints=[f"it has {there}"])
    return Selection(named or every, every, family)


def on(selection: Selection) -> str:
    """The platforms of a selection in words; nothing where it is for all."""
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


def solve(original: Original, draft: Draft) -> Locked:
    """Lock a manifest that is not on disk as it is here.

    Raises:
        OutsideError: a file may not be written, which is better known before the solve.
        NoSolutionError, ManifestError: with places that are those of the manifest to be.
    """
    original.texts(draft)
    project = original.project(draft)
    with _places():
        return relock(project, original.settings, original.console)


def conclude(
    original: Original,
    draft: Draft,
    locked: Locked | None,
    *,
    said: Iterable[str],
    result: Mapping[str, Any],
    install: str | None = None,
) -> int:
    """Say what changes, write all files or none, bring the environment up to date.

    Args:
        original: the manifest as it was.
        draft: as it is to be.
        locked: the locks that go with it; ``None`` to leave them as they are.
        said: the lines that name the change.
        result: the same for ``--json``.
        install: the environment whose prefix on this machine is to follow, if it is there.

    Returns:
        The exit code: 0. Every other outcome is raised as a ``MultiplatError``.
    """
    settings, console = original.settings, original.console
    texts = original.texts(draft)
    told: dict[str, Any] = {}
    if locked:
        texts |= locked.texts()
        told = _tell(locked, settings, console)
    for line in said:
        console.say(line)
    write_all(texts)
    names = [shown(path) for path in texts]
    console.say(f" wrote {', '.join(names)}" if names else " nothing to write")
    if locked and install:
        changed = "the manifest and its locks are changed"
        told |= bring_up_to_date(locked.project, install, settings, console, changed)
    console.result({**result, "files": names, **told})
    return 0


def _tell(locked: Locked, settings: Settings, console: Console) -> dict[str, Any]:
    from conda_multiplat.engines.conda.specs import is_newer

    changes = changes_of(locked, is_newer)
    note_assumed_platforms(locked.project, console)
    report(locked, changes, settings, console)
    return document(locked, changes)


def bring_up_to_date(
    project: Project, environment: str, settings: Settings, console: Console, changed: str
) -> dict[str, Any]:
    """Make an environment's prefix on this machine as it is locked now, if there is one.

    It is the one that the manifest names or, where that was not installed, the only one there is.
    Others are told of: who has several may not want all of them to move.

    Args:
        project: the project, as it is locked on disk.
        environment: whose prefix.
        settings: the surroundings.
        console: where to talk to the user.
        changed: what is already changed, for the error where this fails.

    Returns:
        What was done, for ``--json``; nothing where there is no such environment.

    Raises:
        MultiplatError: as ``install``; what is changed stays so.
    """
    installed = _installed_from(project, settings)
    named = project.manifest.conda_name(environment) and own_prefix(project, environment, settings)
    where = named if named in installed else next(iter(installed)) if len(installed) == 1 else None
    done: dict[str, Any] = {}
    if where:
        with _going_on(changed):
            done = _made_as_locked(project, installed[where], where, settings, console)
    others = [prefix for prefix in installed if prefix != where]
    for prefix in others:
        own = prefix.name == project.manifest.conda_name(installed[prefix])
        fix = f"conda multiplat install {'' if own else f'-n {prefix.name} '}-e {installed[prefix]}"
        console.say(f" {prefix} is of this manifest too: {fix}")
    return {**done, "others": list(map(str, others))} if others else done


@contextmanager
def _going_on(changed: str) -> Iterator[None]:
    """Say of errors what was done before them, and what does the rest."""
    try:
        yield
    except MultiplatError as error:
        error.hints = (*error.hints, f"{changed}: `install` goes on")
        raise


def _installed_from(project: Project, settings: Settings) -> dict[Path, str]:
    """The prefixes among conda's that were made from a project's manifest, and of what in it."""
    manifest = list(map(str, project.files))
    made = {}
    for folder in filter(Path.is_dir, settings.envs_dirs):
        for path in sorted(folder.iterdir()):
            marker = prefixes.read_marker(path)
            environment = str(marker.get("environment", ""))
            if marker.get("manifest") == manifest and environment in project.manifest.environments:
                made[path] = environment
    return made


def _made_as_locked(
    project: Project, environment: str, where: Path, settings: Settings, console: Console
) -> dict[str, Any]:
    choice = choose(project, [environment], settings, console)
    work = make_as_locked(project, choice, where, settings, console)
    count = len(choice.locked.records) + len(choice.locked.pypi)
    changed = [*work.found, *work.pypi]
    words = "has" if changed else "already has"
    console.say(f" {where} {words} the {packages(count)} of {choice.environment}")
    return {"prefix": str(where), "installed": [each.to_dict() for each in changed]}
