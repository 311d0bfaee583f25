r"""``conda multiplat why``: why a package is locked, and why not the newest or a CUDA build.

Flow::

    locks -> records of that name, by target -> origin (the lock says)
                                            \-> newest, CUDA build (each tried by a solve)

A virtual package (``__cuda``) is not locked: the answer is what promises it, and what needs it.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from conda_multiplat.actions.locked_targets import LockedTarget, locked_targets, near_names
from conda_multiplat.actions.named_variables import require_named
from conda_multiplat.actions.waiting_text import while_reading
from conda_multiplat.cli.options import environments_option, platforms_option
from conda_multiplat.cli.show import virtual_origin as show_virtual
from conda_multiplat.cli.show.origin import origin_lines
from conda_multiplat.lockfile.dependency_graph import Origin, origin
from conda_multiplat.lockfile.exclude_newer import as_locked
from conda_multiplat.lockfile.virtual_origin import virtual_origin
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.progress import waiting
from conda_multiplat.machine.project import Project, invocation, load_project
from conda_multiplat.manifest.targets import Target, targets
from conda_multiplat.solving.alternatives import CpuBuild, Newest
from conda_multiplat.solving.outcomes import Question
from conda_multiplat.solving.requests import request
from conda_multiplat.solving.solve_groups.conda import with_peers_lines
from conda_multiplat.vocabulary.errors import NoSolutionError
from conda_multiplat.vocabulary.names import nearest
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord, Record
from conda_multiplat.vocabulary.virtual_packages import NAMES

EXAMPLES = """\
examples:
  conda multiplat why numpy                 # in every environment, on every platform
  conda multiplat why pytorch -e cuda12 --platform linux-64
  conda multiplat why __cuda                # what needs a driver, and what promises one
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "package", metavar="PKG", help="a locked package, conda's or PyPI's, or __cuda"
    )
    environments_option(parser)
    platforms_option(parser, "only on these platforms")


#: The maximum number of dependent packages to name.
_SHOWN = 10


class _Place(NamedTuple):
    """A package in the lock of a target."""

    locked: LockedTarget
    record: Record


@dataclass(frozen=True)
class _Answer:
    """The answer about a package in the lock of a target."""

    place: _Place
    origin: Origin
    newest: Newest
    cpu_build: CpuBuild | None

    def lines(self, *, whole: bool) -> list[str]:
        """Return the lines below the title; without ``whole``, only the beginning of long lists."""
        record, package_origin = self.place.record, self.origin
        lines = origin_lines(package_origin)
        lines += [
            f"needed by {parent.name} {parent.version}  {constraint or '*'}"
            for parent, constraint in package_origin.needed_by[: None if whole else _SHOWN]
        ]
        if len(package_origin.needed_by) > _SHOWN and not whole:
            lines.append(f"needed by {len(package_origin.needed_by) - _SHOWN} more")
        lines += self.newest.lines(record.version, whole=whole)
        if self.cpu_build:
            lines += [f"a CPU build: {self.cpu_build.reason}", *self.cpu_build.fixes(whole=whole)]
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Return the answer for ``--json``."""
        record, package_origin = self.place.record, self.origin
        return {
            "target": str(self.place.locked.target),
            "name": record.name,
            "manager": record.manager,
            "version": record.version,
            "build": record.build,
            "asked": [line.to_dict() for line in package_origin.asked],
            "path": list(package_origin.path),
            "needed_by": [
                {"name": parent.name, "version": parent.version, "constraint": constraint}
                for parent, constraint in package_origin.needed_by
            ],
            "newest": self.newest.to_dict(),
            "cpu_build": self.cpu_build.to_dict() if self.cpu_build else None,
        }


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Explain one package."""
    project = load_project(args.files, host_subdirs=args.platforms or [settings.subdir])
    locked = locked_targets(project, args.environments, args.platforms, console)
    name = args.package.lower()
    if name.startswith("__"):
        return _why_virtual(name, project, locked, console)
    places = [
        _Place(target, record)
        for target in locked
        for record in target.locked.every
        if record.name == name
    ]
    if not places:
        asked_targets = targets(project.manifest, args.environments, args.platforms)
        where = ", ".join(map(str, asked_targets))
        raise NoSolutionError(f"{name} is not locked in {where}", hints=near_names([name], locked))
    newest, cpu_builds = _alternatives(project, places, settings, console)
    answers = [
        _Answer(place, _origin(place), newest[i], cpu_builds.get(i))
        for i, place in enumerate(places)
    ]
    _show(answers, console)
    console.result({"package": name, "answers": [answer.to_dict() for answer in answers]})
    return 0


def _why_virtual(
    name: str, project: Project, locked: Sequence[LockedTarget], console: Console
) -> int:
    """Say what promises a virtual package, and which locked packages need it."""
    found = [
        (place.target, origin)
        for place in locked
        if (origin := virtual_origin(name, project.manifest, place.target, place.locked))
    ]
    if not found:
        where = ", ".join(str(place.target) for place in locked)
        raise NoSolutionError(
            f"no locked package needs {name}, and the manifest does not promise it, in {where}",
            hints=_standard_names(name.removeprefix("__")),
        )
    groups: dict[tuple[str, ...], list[str]] = {}
    for target, origin in found:
        lines = (show_virtual.title(origin), *show_virtual.lines(origin))
        groups.setdefault(lines, []).append(str(target))
    _show_groups(groups, console)
    answers = [{"target": str(target), **origin.to_dict()} for target, origin in found]
    console.result({"package": name, "answers": answers})
    return 0


def _standard_names(bare: str) -> list[str]:
    """Return a hint for a name that is not standard: the nearest one, or all."""
    if bare in NAMES:
        return []
    if near := nearest(bare, NAMES):
        return [f"did you mean '__{near[0]}'?"]
    return [f"standard virtual packages: {', '.join(f'__{name}' for name in NAMES)}"]


def _origin(place: _Place) -> Origin:
    return origin(place.record.name, place.locked.target, place.locked.locked)


def _alternatives(
    project: Project, places: Sequence[_Place], settings: Settings, console: Console
) -> tuple[dict[int, Newest], dict[int, CpuBuild]]:
    """Return other versions and builds that could be chosen, by position in ``places``."""
    require_named((place.locked.target for place in places), settings)
    name = places[0].record.name
    newest: dict[int, Newest] = {}
    cpu_builds: dict[int, CpuBuild] = {}
    conda = {i: _question(place, settings) for i, place in enumerate(places)}
    questions = {i: question for i, question in conda.items() if question is not None}
    if questions:
        from conda_multiplat.engines.conda.solver import RattlerEngine

        reader, asked = RattlerEngine(settings, project.folder), list(questions.values())
        requests = [request for request, _ in asked]
        with while_reading(
            reader, requests, console, f"trying other versions and builds of {name}"
        ):
            answers = reader.why(asked)
        for i, answer in zip(questions, answers, strict=True):
            newest[i] = answer.newest
            if answer.cpu_build:
                cpu_builds[i] = answer.cpu_build
        cpu_builds = _leaving_others_alone(cpu_builds, project, places)
    pypi = {
        i: (locked.target, locked.locked, record)
        for i, (locked, record) in enumerate(places)
        if isinstance(record, PypiRecord)
    }
    if pypi:
        from conda_multiplat.actions.newest_pypi import newest_of_pypi
        from conda_multiplat.engines.pypi.conda_names import name_table
        from conda_multiplat.engines.pypi.resolver import UvEngine

        engine = UvEngine(settings, project.folder)
        try:
            with waiting(console, lambda: f"PyPI: looking for the newest version of {name}"):
                of_pypi = newest_of_pypi(list(pypi.values()), engine, name_table())
        finally:
            engine.close()
        newest |= dict(zip(pypi, of_pypi, strict=True))
    return newest, cpu_builds


def _leaving_others_alone(
    builds: Mapping[int, CpuBuild], project: Project, places: Sequence[_Place]
) -> dict[int, CpuBuild]:
    """Return CPU builds with fixes for their targets only; ``builds`` by position in ``places``."""
    targets_with: dict[CpuBuild, list[Target]] = {}
    for i, build in builds.items():
        targets_with.setdefault(build, []).append(places[i].locked.target)
    if not targets_with:
        return {}
    all_targets, command = targets(project.manifest), invocation(project, "add")
    return {
        i: build.with_fix_for(targets_with[build], all_targets, command)
        for i, build in builds.items()
    }


def _question(place: _Place, settings: Settings) -> Question | None:
    locked = place.locked
    if not isinstance(place.record, CondaRecord):
        return None
    asked = request(
        as_locked(locked.target, locked.locked.cooldown),
        default_channels=settings.channels,
        channel_priority=locked.lock.channel_priority or settings.channel_priority,
        locked=locked.locked.records,
        now=locked.locked.cooldown.at,
    )
    return with_peers_lines(asked), place.record


def _show(answers: Sequence[_Answer], console: Console) -> None:
    """Show the answers, equal ones of several targets together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for answer in answers:
        locked, record = answer.place
        manager = " from PyPI" if record.manager == "pypi" else ""
        title = f"{record.name} {record.version} {record.build}".strip() + manager
        groups.setdefault((title, *answer.lines(whole=console.verbose)), []).append(
            str(locked.target)
        )
    _show_groups(groups, console)


def _show_groups(groups: Mapping[tuple[str, ...], Sequence[str]], console: Console) -> None:
    """Show answers: (title, line, …) -> the targets that share it."""
    for (title, *lines), where in groups.items():
        console.show(f"{title}  ({', '.join(where)})")
        for line in lines:
            console.show(f"  {line}")
