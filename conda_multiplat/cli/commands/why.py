r"""``conda multiplat why``: who asks for a package, and why it is not the newest or a CUDA build.

Flow::

    locks -> records of that name, by target -> origin (the lock says)
                                            \-> newest, CUDA build (each tried by a solve)
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conda_multiplat.actions.locked_targets import warn_stale
from conda_multiplat.cli.options import environments_option, platforms_option
from conda_multiplat.lockfile.dependency_graph import Origin, origin
from conda_multiplat.lockfile.model import LockFile, PlatformLock
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.project import Project, load_project
from conda_multiplat.machine.settings import Settings
from conda_multiplat.manifest.targets import Target, targets
from conda_multiplat.solving.alternatives import CpuBuild, Newest
from conda_multiplat.solving.groups.conda import with_peers_lines
from conda_multiplat.solving.outcomes import Question
from conda_multiplat.solving.requests import request
from conda_multiplat.vocabulary.errors import NoSolutionError
from conda_multiplat.vocabulary.names import did_you_mean
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord, Record

EXAMPLES = """\
examples:
  conda multiplat why numpy                 in every environment, on every platform
  conda multiplat why pytorch -e cuda12 --platform linux-64
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("package", metavar="PKG", help="a locked package, conda's or PyPI's")
    environments_option(parser)
    platforms_option(parser, "only on these platforms")


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    return why(
        name=args.package,
        files=args.files,
        environments=args.environments,
        platforms=args.platforms,
        settings=settings,
        console=console,
    )


#: So many of those that need a package are named.
_SHOWN = 10


@dataclass(frozen=True)
class _Found:
    """A package in the lock of a target."""

    target: Target
    lock: LockFile
    locked: PlatformLock
    record: Record


@dataclass(frozen=True)
class _Answer:
    """All that is said of a package in the lock of a target."""

    found: _Found
    origin: Origin
    newest: Newest
    cpu_build: CpuBuild | None

    def lines(self) -> list[str]:
        """What a person reads, the name and the target apart."""
        record, came = self.found.record, self.origin
        said = [f"asked for in {each.at}  {each.text}" for each in came.asked]
        if came.root:
            chain = " → ".join(came.path)
            said.append(f"there because of {came.root.at}  {came.root.text}: {chain}")
        said += [
            f"needed by {each.name} {each.version}  {constraint or '*'}"
            for each, constraint in came.needed_by[:_SHOWN]
        ]
        if len(came.needed_by) > _SHOWN:
            said.append(f"needed by {len(came.needed_by) - _SHOWN} more")
        said += self.newest.lines(record.version)
        if self.cpu_build:
            said += [f"a CPU build: {self.cpu_build.reason}", *self.cpu_build.fixes()]
        return said

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        record, came = self.found.record, self.origin
        return {
            "target": str(self.found.target),
            "name": record.name,
            "manager": record.manager,
            "version": record.version,
            "build": record.build,
            "asked": [each.to_dict() for each in came.asked],
            "path": list(came.path),
            "needed_by": [
                {"name": each.name, "version": each.version, "constraint": constraint}
                for each, constraint in came.needed_by
            ],
            "newest": self.newest.to_dict(),
            "cpu_build": self.cpu_build.to_dict() if self.cpu_build else None,
        }


def why(
    *,
    name: str,
    files: Sequence[str] = (),
    environments: Sequence[str] = (),
    platforms: Sequence[str] = (),
    settings: Settings,
    console: Console,
) -> int:
    """Answer for one package; see ``conda multiplat why --help``.

    Returns:
        0. Every other outcome is raised as a ``MultiplatError``.
    """
    project = load_project(files, host_subdirs=tuple(platforms) or (settings.subdir,))
    wanted = targets(project.manifest, environments, platforms)
    locks = {each: project.existing_lock(each) for each in {each.environment for each in wanted}}
    warn_stale([(each, locks[each.environment]) for each in wanted], console)
    name = name.lower()
    found = [
        _Found(target, lock, locked, record)
        for target in wanted
        if (locked := (lock := locks[target.environment]).platforms.get(target.subdir))
        for record in locked.every
        if record.name == name
    ]
    if not found:
        raise _not_locked(name, wanted, locks)
    newest, cpu_builds = _alternatives(project, found, settings)
    answers = [
        _Answer(each, origin(name, each.target, each.locked), newest[i], cpu_builds.get(i))
        for i, each in enumerate(found)
    ]
    _show(answers, console)
    console.result({"package": name, "answers": [each.to_dict() for each in answers]})
    return 0


def _not_locked(
    name: str, wanted: Sequence[Target], locks: Mapping[str, LockFile]
) -> NoSolutionError:
    platforms = [lock for each in locks.values() for lock in each.platforms.values()]
    known = {each.name for lock in platforms for each in lock.every}
    where = ", ".join(map(str, wanted))
    otherwise = "nothing that is asked for needs it"
    return NoSolutionError(
        f"{name} is not locked in {where}", hints=[did_you_mean(name, known, otherwise)]
    )


def _alternatives(
    project: Project, found: Sequence[_Found], settings: Settings
) -> tuple[dict[int, Newest], dict[int, CpuBuild]]:
    """What else could have been chosen, by position in ``found``."""
    newest: dict[int, Newest] = {}
    cpu_builds: dict[int, CpuBuild] = {}
    conda = {i: _question(each, settings) for i, each in enumerate(found)}
    questions = {i: each for i, each in conda.items() if each is not None}
    if questions:
        from conda_multiplat.engines.conda.solver import RattlerEngine

        answers = RattlerEngine(settings, project.folder).why(list(questions.values()))
        for i, each in zip(questions, answers, strict=True):
            newest[i] = each.newest
            if each.cpu_build:
                cpu_builds[i] = each.cpu_build
    pypi = {
        i: (each.target, each.locked, each.record)
        for i, each in enumerate(found)
        if isinstance(each.record, PypiRecord)
    }
    if pypi:
        from conda_multiplat.actions.newest_pypi import newest_of_pypi
        from conda_multiplat.engines.pypi.pypi_table import name_table
        from conda_multiplat.engines.pypi.resolver import UvEngine

        engine = UvEngine(settings, project.folder)
        try:
            of_pypi = newest_of_pypi(list(pypi.values()), engine, name_table())
        finally:
            engine.close()
        newest |= dict(zip(pypi, of_pypi, strict=True))
    return newest, cpu_builds


def _question(found: _Found, settings: Settings) -> Question | None:
    if not isinstance(found.record, CondaRecord):
        return None
    asked = request(
        found.target,
        default_channels=settings.channels,
        channel_priority=found.lock.channel_priority or settings.channel_priority,
        locked=found.locked.records,
    )
    return with_peers_lines(asked), found.record


def _show(answers: Sequence[_Answer], console: Console) -> None:
    """The answers, those of targets that differ in nothing else together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for each in answers:
        record = each.found.record
        manager = " of PyPI" if record.manager == "pypi" else ""
        title = f"{record.name} {record.version} {record.build}".strip() + manager
        groups.setdefault((title, *each.lines()), []).append(str(each.found.target))
    for (title, *lines), where in groups.items():
        console.show(f"{title}  ({', '.join(where)})")
        for line in lines:
            console.show(f"  {line}")
