r"""Find outdated locked packages, for ``outdated`` and ``upgrade``.

Flow::

    locks -> LockedTarget ----------------------------------\
    manifest -> relock, all may move -> what is allowed -----> Outdated, alike targets together
                                     \-> the newest there is -/

There are two rounds, whatever the number of packages: one solve of all targets, and one look-up of
the newest versions, conda's and PyPI's at once. The versions in indexes depend on no solve, so they
are requested while it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from conda_multiplat.actions.lock.adopt import adopt
from conda_multiplat.actions.lock.plan import Update
from conda_multiplat.actions.lock.relock import Locked, relock
from conda_multiplat.actions.locked_targets import LockedTarget, locked_targets
from conda_multiplat.actions.waiting_text import done_of, while_reading
from conda_multiplat.lockfile.dependency_graph import Key
from conda_multiplat.lockfile.exclude_newer import as_locked
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.progress import waiting
from conda_multiplat.machine.project import Project
from conda_multiplat.manifest.targets import Target, target
from conda_multiplat.solving.newest_versions import NewestVersion, SolvedRequest
from conda_multiplat.solving.pypi import PypiSolution, pypi_request
from conda_multiplat.solving.requests import request
from conda_multiplat.solving.solve_groups.conda import with_peers_lines
from conda_multiplat.vocabulary.names import project_name
from conda_multiplat.vocabulary.records import python_of

if TYPE_CHECKING:
    from conda_multiplat.engines.conda.solver import RattlerEngine
    from conda_multiplat.engines.pypi.resolver import UvEngine

#: The newest version of a package on a target.
Newest = Mapping[Key, NewestVersion]


class Versions(NamedTuple):
    """The versions of an outdated package.

    Attributes:
        name: the package.
        manager: ``conda`` or ``pypi``.
        locked: the locked version.
        allowed: the newest that the manifest allows; the locked one if none is newer.
        newest: the newest that exists.
        reason: what prevents the newest, a phrase; ``""`` if nothing does.
    """

    name: str
    manager: str
    locked: str
    allowed: str
    newest: str
    reason: str

    def named(self, names: Collection[str]) -> bool:
        """Return whether names, as users type them, include it; no names mean all."""
        matching = {name for name in names if self.name in (name, project_name(name))}
        return not names or bool(matching)


@dataclass(frozen=True)
class Outdated:
    """An outdated package, and the targets on which it is outdated.

    Attributes:
        versions: its versions.
        asked: whether a line of the manifest asks for it.
        targets: the targets with the same versions.
    """

    versions: Versions
    asked: bool
    targets: tuple[Target, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        targets = list(map(str, self.targets))
        return {**self.versions._asdict(), "asked": self.asked, "targets": targets}


class Answer(NamedTuple):
    """The outdated packages, and what was compared.

    Attributes:
        outdated: the packages, by name.
        locked: the targets that were examined.
        allowed: the locks with the newest versions that the manifest allows.
    """

    outdated: Sequence[Outdated]
    locked: Sequence[LockedTarget]
    allowed: Locked


def outdated(
    project: Project,
    settings: Settings,
    console: Console,
    environments: Sequence[str] = (),
    platforms: Sequence[str] = (),
    *,
    exclude_newer: str | None = None,
) -> Answer:
    """Return the locked packages that have newer versions.

    ``exclude_newer`` says what is too new, in addition to the manifest; ``None`` uses the locks'
    own option.

    Raises:
        LockFileError: an environment has no lock that can be used.
        NoSolutionError: the manifest has no solution any more.
        OutsideError: a channel or an index can't be read.
    """
    from conda_multiplat.engines.conda.solver import RattlerEngine
    from conda_multiplat.engines.pypi.resolver import UvEngine

    every = locked_targets(project, environments, platforms, console)
    adopted = adopt(project, settings, console, environments=environments, platforms=platforms)
    project = adopted.project  # another tool's lock is updated with its own promises
    engine = RattlerEngine(settings, project.folder)
    pypi = any(locked.locked.pypi for locked in every)
    with closing(UvEngine(settings, project.folder)) if pypi else nullcontext() as pypi_engine:
        if pypi_engine:
            _expect(project, every, pypi_engine)
        allowed = relock(
            project,
            settings,
            console,
            environments=environments,
            platforms=platforms,
            update=Update(everything=True),
            drop_cuda=True,
            exclude_newer=exclude_newer,
            engine=engine,
        )
        solved = [_solved(project, locked, allowed, settings) for locked in every]
        newest = _newest(solved, allowed.pypi, engine, pypi_engine, console)
    return Answer(_grouped(every, allowed, newest), every, allowed)


def _expect(project: Project, every: Sequence[LockedTarget], engine: UvEngine) -> None:
    """Start to look up the newest versions of locked PyPI packages, which needs no solution."""
    from conda_multiplat.engines.pypi.conda_names import name_table

    table = name_table()
    for locked in every:
        wanted = target(project.manifest, locked.target.environment, locked.target.subdir)
        if locked.locked.pypi and python_of(locked.locked.records):
            request = pypi_request(wanted, locked.locked.records, table)
            engine.expect_newest(request, locked.locked.pypi)


def _grouped(
    every: Sequence[LockedTarget], allowed: Locked, newest: Mapping[str, Newest]
) -> list[Outdated]:
    """Return the packages that are not the newest, equal targets together."""
    rows: dict[Versions, list[LockedTarget]] = {}
    for locked in every:
        for versions in _versions(locked, allowed, newest[str(locked.target)]):
            rows.setdefault(versions, []).append(locked)
    asked = {key for locked in every for key in locked.graph().asked}
    return [
        Outdated(
            versions,
            (versions.manager, versions.name) in asked,
            tuple(locked.target for locked in targets),
        )
        for versions, targets in sorted(rows.items(), key=lambda row: row[0])
    ]


def _versions(locked: LockedTarget, allowed: Locked, newest: Newest) -> Iterator[Versions]:
    """Return the packages of a target that are not the newest."""
    now = {(package.manager, package.name): package for package in allowed.of(locked.target).every}
    for record in locked.locked.every:
        key = (record.manager, record.name)
        if key not in now or key not in newest:  # no longer needed, or in no index
            continue
        newer = _comparison(record.manager)
        best, (version, reason) = now[key].version, newest[key]
        best = best if newer(best, record.version) else record.version
        if not newer(version, best):
            version, reason = best, ""
        if newer(version, record.version):
            yield Versions(record.name, record.manager, record.version, best, version, reason)


def _comparison(manager: str) -> Callable[[str, str], bool]:
    """Return the function that compares versions, by the rules of conda or of PyPI."""
    if manager == "conda":
        from conda_multiplat.engines.conda.specs import is_newer

        return is_newer
    from packaging.version import Version

    return lambda version, other: Version(version) > Version(other)


def _newest(
    solved: Sequence[SolvedRequest],
    pypi: Mapping[Target, PypiSolution],
    conda_engine: RattlerEngine,
    pypi_engine: UvEngine | None,
    console: Console,
) -> Mapping[str, Newest]:
    """Return the newest versions that the manifest allows, by the target's name."""
    targets = [str(request.target) for request, _ in solved]
    solutions = {str(key): solution for key, solution in pypi.items() if str(key) in targets}
    futures = {
        name: pypi_engine.newest(solution) for name, solution in solutions.items() if pypi_engine
    }
    requests = [request for request, _ in solved]
    with while_reading(conda_engine, requests, console, "looking for newer versions"):
        of_conda = conda_engine.newest(solved)
    found: dict[str, dict[Key, NewestVersion]] = {
        name: {("conda", package): newest for package, newest in known.items()}
        for name, known in zip(targets, of_conda, strict=True)
    }
    asked = list(futures.values())
    with waiting(console, lambda: f"PyPI: newest versions of {done_of(asked)} targets found"):
        for name, future in futures.items():
            newest = future.result().items()
            found[name] |= {("pypi", project): version for project, version in newest}
    return found


def _solved(
    project: Project, locked: LockedTarget, allowed: Locked, settings: Settings
) -> SolvedRequest:
    """Return the solved request of a locked target, and its records."""
    environment, subdir = locked.target.environment, locked.target.subdir
    cooldown = allowed.of(locked.target).cooldown
    asked = request(
        as_locked(target(project.manifest, environment, subdir), cooldown),
        default_channels=settings.channels,
        channel_priority=locked.lock.channel_priority or settings.channel_priority,
        now=cooldown.at,
    )
    return SolvedRequest(with_peers_lines(asked), allowed.of(locked.target).records)
