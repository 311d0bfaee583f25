"""``conda multiplat render``: files that any conda can install, from the locks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from conda_multiplat.channels import public_name
from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.errors import UsageError
from conda_multiplat.files import shown, write_all
from conda_multiplat.lock import LockFile
from conda_multiplat.names import DEFAULT_ENVIRONMENT, did_you_mean
from conda_multiplat.project import Project, load_project
from conda_multiplat.render import environment as environment_file
from conda_multiplat.render import explicit, requirements
from conda_multiplat.targets import select_environments


def render(
    *,
    files: Sequence[str] = (),
    kind: Literal["explicit", "environment"],
    environments: Sequence[str] = (),
    platforms: Sequence[str] = (),
    hash_kind: Literal["md5", "sha256"] = "md5",
    settings: Settings,
    console: Console,
) -> int:
    """Render locks; see ``conda multiplat render --help``.

    Returns:
        0. Every other outcome is raised as a ``MultiplatError``.
    """
    project = load_project(files, host_subdirs=(settings.subdir,))
    texts: dict[Path, str] = {}
    for name in select_environments(project.manifest, environments):
        lock = project.existing_lock(name)
        for subdir in _subdirs(lock, platforms, all_of_them=len(environments) == 1):
            if kind == "explicit":
                text = explicit.render(lock, subdir, hash_kind)
                texts[project.folder / explicit.file_name(name, subdir)] = text
                if lock.platforms[subdir].pypi:
                    beside = project.folder / requirements.file_name(name, subdir)
                    texts[beside] = requirements.render(lock, subdir)
            else:
                text = environment_file.render(
                    lock,
                    subdir,
                    _name(project, name),
                    project.manifest.variables.get(subdir, {}),
                    _options(project, name, subdir),
                )
                texts[project.folder / environment_file.file_name(name, subdir)] = text
    _refuse_nothing(texts, platforms)
    write_all(texts)
    names = [shown(path) for path in texts]
    console.say(f" wrote {', '.join(names)}")
    console.result({"files": names})
    return 0


def _name(project: Project, environment: str) -> str | None:
    """The conda environment's name: the manifest's, with the environment's own where it has one."""
    name = project.manifest.name
    return name if name is None or environment == DEFAULT_ENVIRONMENT else f"{name}-{environment}"


def _options(project: Project, environment: str, subdir: str) -> list[str]:
    """The options of ``pip:`` that say where packages come from, without credentials."""
    entries = [each.text for each in project.manifest.view(environment, subdir).pypi]
    return [public_name(each) for each in entries if each.startswith("-") and each[:2] != "-e"]


def _subdirs(lock: LockFile, platforms: Sequence[str], *, all_of_them: bool) -> Iterator[str]:
    """The wanted platforms of a lock; not every environment need have each of them."""
    for subdir in platforms or lock.platforms:
        if subdir in lock.platforms:
            yield subdir
        elif all_of_them:
            hint = did_you_mean(subdir, lock.platforms, f"locked: {', '.join(lock.platforms)}")
            raise UsageError(f"{lock.environment} is not locked for {subdir!r}", hints=[hint])


def _refuse_nothing(texts: dict[Path, str], platforms: Sequence[str]) -> None:
    if not texts:
        raise UsageError(f"nothing is locked for {', '.join(platforms) or 'any platform'}")
