"""Whether the locks of a project answer its manifest: nothing fetched, solved or written.

1. By digests: of each target's request, and of the packages' text. Only heads are read.
2. Where a digest differs, the packages are read and looked at closely (``satisfies``): a request
   that has only become looser is still met.
3. Rendered explicit files that lie beside a lock are compared with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from conda_multiplat.files import lock_files, locked_environment, read_text, shown
from conda_multiplat.lock import LockFile
from conda_multiplat.names import did_you_mean
from conda_multiplat.project import Project
from conda_multiplat.sync import in_sync
from conda_multiplat.targets import Target, select_environments, targets

#: What to do about a lock, and about an explicit file.
LOCK = "run: conda multiplat lock"
RENDER = "run: conda multiplat render --kind explicit"


class Verdict(NamedTuple):
    """What was found of one file.

    Attributes:
        file: the lock, or a rendered file.
        reasons: why it is out of date, a line each; nothing where it is not.
        met: the platforms whose request has changed and is met all the same.
        way: what to do.
    """

    file: str
    reasons: tuple[str, ...] = ()
    met: tuple[str, ...] = ()
    way: str = LOCK

    def fails(self, *, strict: bool = False) -> bool:
        """Whether something has to be done; ``strict`` where what is only met is not enough."""
        return bool(self.reasons or (strict and self.met))

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; ``state`` is ``in sync``, ``met`` or ``out of date``."""
        state = "out of date" if self.reasons else "met" if self.met else "in sync"
        return {
            "file": self.file,
            "state": state,
            "reasons": list(self.reasons),
            "met": list(self.met),
            "way": self.way if self.fails(strict=True) else "",
        }


def verdicts(project: Project, environments: Sequence[str] = ()) -> list[Verdict]:
    """A verdict on each lock, each rendered file that differs, and each lock that nobody owns.

    Raises:
        UsageError: an environment that the manifest does not have.
        LockFileError: a lock that can't be read.
    """
    names = select_environments(project.manifest, environments)
    found = [_lock(project, name) for name in names]
    found += [each for name in names for each in _rendered(project, name)]
    return found if environments else [*found, *_orphans(project)]


def _lock(project: Project, environment: str) -> Verdict:
    file = shown(project.lock_path(environment))
    wanted = targets(project.manifest, [environment])
    lock = project.lock_head(environment)
    if lock is None:
        return Verdict(file, ("there is no such lock",))
    if not lock.intact:
        return Verdict(file, ("its packages were edited after it was made",))
    known = [target.subdir for target in wanted]
    missing = [each for each in known if each not in lock.platforms]
    extra = [each for each in lock.platforms if each not in known]
    reasons = [f"{each}: not locked" for each in missing]
    reasons += [f"{each}: locked, but the manifest does not name it" for each in extra]
    stale = [each for each in wanted if each.subdir in lock.platforms and not in_sync(lock, each)]
    if not stale:
        return Verdict(file, tuple(reasons))
    reasons += _close_look(project, environment, stale)
    met = () if reasons else tuple(each.subdir for each in stale)
    return Verdict(file, tuple(reasons), met)


def _close_look(project: Project, environment: str, stale: Sequence[Target]) -> list[str]:
    """The reasons for which targets are not met, those of several platforms together."""
    from conda_multiplat.engines.specs import record_matches, spec_matches
    from conda_multiplat.pypi_table import name_table
    from conda_multiplat.satisfies import mismatches
    from conda_multiplat.satisfies_pypi import pypi_mismatches

    lock = project.existing_lock(environment)
    table = name_table() if any(each.view.pypi for each in stale) else {}
    found: dict[str, list[str]] = {}
    for target in stale:
        wrong = mismatches(
            target,
            lock.platforms[target.subdir],
            record_matches=record_matches,
            virtual_matches=spec_matches,
            pypi=lambda target, locked: pypi_mismatches(target, locked, table),
        )
        for each in [*_channels(lock, target), *map(str, wrong)]:
            found.setdefault(each, []).append(target.subdir)
    return [f"{reason}  ({', '.join(subdirs)})" for reason, subdirs in found.items()]


def _channels(lock: LockFile, target: Target) -> list[str]:
    """Whether the channels are those that were locked; other tools' locks name them alike."""
    from conda_multiplat.channels import public_name
    from conda_multiplat.requests import channels_of

    asked = [public_name(each).rstrip("/") for each in channels_of(target, ())]
    locked = [each.url.rstrip("/") for each in lock.channels]
    if not asked or asked == [each for each in locked if each in asked]:
        return []
    return [f"channels {', '.join(asked)}: locked: {', '.join(locked)}"]


def _rendered(project: Project, environment: str) -> list[Verdict]:
    """The explicit files beside a lock that are not what it says."""
    from conda_multiplat.render import explicit

    subdirs = project.manifest.platforms_of(environment)
    files = {each: project.folder / explicit.file_name(environment, each) for each in subdirs}
    there = [each for each in subdirs if files[each].is_file()]
    lock = project.lock(environment, there) if there else None
    found = []
    for subdir in there:
        if lock is None or subdir not in lock.platforms:
            reason = "what it was made from is not locked"
        elif _as_rendered(lock, subdir, read_text(files[subdir])):
            continue
        else:
            reason = "it is not what the lock says"
        found.append(Verdict(shown(files[subdir]), (reason,), way=RENDER))
    return found


def _as_rendered(lock: LockFile, subdir: str, text: str) -> bool:
    """Whether an explicit file is as it would be rendered, with either kind of hash."""
    from conda_multiplat.render import explicit

    plain = text.replace("\r\n", "\n")
    return plain in (explicit.render(lock, subdir), explicit.render(lock, subdir, "sha256"))


def _orphans(project: Project) -> list[Verdict]:
    """Locks beside the manifest whose environment it does not have."""
    known = project.manifest.environments
    found = []
    for path in lock_files(project.folder):
        name = locked_environment(path.name)
        if name not in known or path != project.lock_path(name):
            near = did_you_mean(name, known)
            reason = f"the manifest has no environment {name!r}" + (f" ({near})" if near else "")
            found.append(Verdict(shown(path), (reason,), way=f"delete it: {shown(path)}"))
    return found
