"""Check whether rendered files next to the locks match them.

An explicit file counts whoever made it: conda-lock renders some with the same name, but with its
own comments. The other kinds have names that people also give to their own files, so only those
with our header count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from conda_multiplat.actions.check.verdict import RENDER, Verdict
from conda_multiplat.export.explicit import HashKind
from conda_multiplat.export.kinds import EXPLICIT, MARKS, OF_ALL, text, text_of_all
from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import read_lock_text, shown, typed
from conda_multiplat.machine.lock_sources import is_of_others
from conda_multiplat.machine.project import Project
from conda_multiplat.vocabulary.file_names import (
    Kind,
    RenderedName,
    read_rendered_name,
    rendered_name,
)


@dataclass(frozen=True)
class Rendered:
    """A rendered file: its kind, its lock and its text."""

    path: Path
    kind: Kind
    environment: str
    subdir: str
    content: str

    @property
    def ours(self) -> bool:
        """Return whether we wrote it."""
        return self.content.startswith(MARKS[self.kind])

    @property
    def hash_kind(self) -> HashKind:
        """Return the kind of hashes in an explicit file."""
        urls = _urls(self.content)
        return "sha256" if urls and all("#sha256:" in url for url in urls) else "md5"

    def says(self, wanted: str) -> bool:
        """Return whether the text is up to date; in another tool's file, comments are ignored."""
        if self.ours:
            return self.content == wanted
        return _urls(self.content) == _urls(wanted)


def _urls(content: str) -> set[str]:
    """Return the packages of an explicit file."""
    return {line for line in content.splitlines() if line and not line.startswith(("#", "@"))}


def standing(
    project: Project, paths: Sequence[Path], environments: Sequence[str] = ()
) -> list[Rendered]:
    """Return the rendered files among some files, optionally of some environments only."""
    files = []
    for path in paths:
        name = read_rendered_name(path.name)
        if name is None:
            continue
        environment = _environment(project, path, name)
        if environments and environment not in environments:
            continue
        content = read_lock_text(path).replace("\r\n", "\n")
        file = Rendered(path, name.kind, environment, name.subdir, content)
        if file.ours or file.kind == "explicit":
            files.append(file)
    return files


def _environment(project: Project, path: Path, name: RenderedName) -> str:
    """Return the environment of a file's name; not every name contains it."""
    first = project.sources[0]
    environments = project.manifest.environments
    return next(
        (
            environment
            for environment in environments
            if rendered_name(name.kind, environment, name.subdir, first) == path.name
        ),
        name.environment,
    )


def rendered_verdicts(project: Project, files: Sequence[Rendered]) -> list[Verdict]:
    """Return a verdict on each rendered file that does not match its lock.

    Raises:
        LockFileError: a lock can't be read.
    """
    result = []
    whole = [file for file in files if file.kind in OF_ALL]
    parts = [file for file in files if file not in whole]
    for environment in dict.fromkeys(file.environment for file in parts):
        own = [file for file in parts if file.environment == environment]
        in_manifest = environment in project.manifest.environments
        if not in_manifest and is_of_others(project, project.lock_path(environment)):
            continue
        subdirs = project.manifest.platforms_of(environment) if in_manifest else ()
        asked = [file.subdir for file in own if file.subdir in subdirs]
        lock = project.lock(environment, asked) if asked else None
        for file in own:
            if file.subdir in subdirs:
                result += _judged(project, lock, file)
            elif file.ours:
                result.append(_of_nothing(file, f"the manifest has no {environment}/{file.subdir}"))
    return [*result, *(verdict for file in whole for verdict in _judged_whole(project, file))]


def _judged(project: Project, lock: LockFile | None, file: Rendered) -> list[Verdict]:
    if lock is None or file.subdir not in lock.platforms:
        return [_waiting(file)]
    if file.kind == "sbom":
        from conda_multiplat.actions.sbom import sbom_as_locked  # late: few have one

        bill = sbom_as_locked(project, lock, file.subdir, file.content)
        return [] if file.says(bill) else [_stale(file)]
    fresh_text = partial(text, file.kind, project.manifest, lock, file.subdir)
    plain = fresh_text()
    if plain is None:
        return [_of_nothing(file, "no PyPI packages are locked any more")]
    if file.says(plain) or (file.kind in EXPLICIT and file.says(fresh_text("sha256") or "")):
        return []
    return [_stale(file)]


def _judged_whole(project: Project, file: Rendered) -> list[Verdict]:
    locks = [project.lock(name) for name in project.manifest.environments]
    if None in locks:
        return [_waiting(file)]
    fresh_text = text_of_all(project.manifest, [lock for lock in locks if lock])
    return [] if file.says(fresh_text) else [_stale(file)]


def _waiting(file: Rendered) -> Verdict:
    return Verdict(shown(file.path), ("its packages are not locked",))


def _stale(file: Rendered) -> Verdict:
    return Verdict(shown(file.path), ("it differs from the lock",), command=RENDER)


def _of_nothing(file: Rendered, reason: str) -> Verdict:
    fix = f"delete it: {typed(file.path)}"
    return Verdict(shown(file.path), (reason,), command="", fix=fix)


def fresh_texts(
    project: Project, files: Sequence[Rendered], settings: Settings, console: Console
) -> dict[Path, str]:
    """Return the new texts of outdated rendered files.

    Bills of materials keep the facts of packages that stay; those of others are looked up.

    Raises:
        LockFileError: a lock is missing, edited, or can't be read.
        OutsideError: a channel or an index can't be read.
    """
    stale = {
        verdict.file for verdict in rendered_verdicts(project, files) if verdict.command == RENDER
    }
    waiting = [file for file in files if shown(file.path) in stale]
    bills = [file for file in waiting if file.kind == "sbom"]
    made = _fresh_bills(project, bills, settings, console) if bills else {}
    return {file.path: made.get(file.path) or _fresh(project, file) for file in waiting}


def _fresh_bills(
    project: Project, bills: Sequence[Rendered], settings: Settings, console: Console
) -> dict[Path, str]:
    from conda_multiplat.actions.sbom import sbom_texts

    locks = [(project.existing_lock(bill.environment), bill.subdir) for bill in bills]
    texts = sbom_texts(project, settings, console, locks, [bill.content for bill in bills])
    return dict(zip((bill.path for bill in bills), texts, strict=True))


def _fresh(project: Project, file: Rendered) -> str:
    if file.kind in OF_ALL:
        return text_of_everything(project)
    lock = project.existing_lock(file.environment, [file.subdir])
    return text(file.kind, project.manifest, lock, file.subdir, file.hash_kind) or ""


def text_of_everything(project: Project) -> str:
    """Return the text of a file for all environments and platforms.

    Raises:
        LockFileError: a lock is missing, edited, or can't be read.
    """
    locks = [project.existing_lock(name) for name in project.manifest.environments]
    return text_of_all(project.manifest, locks)
