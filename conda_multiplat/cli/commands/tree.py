"""``conda multiplat tree``: show the dependency tree of a lock, down or up."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from packaging.utils import canonicalize_name

from conda_multiplat.actions.locked_targets import LockedTarget, locked_targets, near_names
from conda_multiplat.cli.options import environment_option, flag, platform_option
from conda_multiplat.cli.show import tree as show
from conda_multiplat.lockfile import tree as trees
from conda_multiplat.lockfile.dependency_graph import VIRTUAL, Edge, Key, LockedGraph
from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import quoted
from conda_multiplat.machine.project import Project, invocation, load_project_as_locked
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.errors import LockFileError, NoSolutionError, UsageError
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT

EXAMPLES = """\
examples:
  conda multiplat tree                      # from the manifest's lines down
  conda multiplat tree pytorch --platform linux-64
  conda multiplat tree --invert mkl         # what needs mkl, up to the manifest's lines
  conda multiplat tree --invert __cuda -e cuda12   # what needs a CUDA driver
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "names", metavar="PKG", nargs="*", help="start from these packages, conda's or PyPI's"
    )
    flag(parser, "--invert", "upwards", "show what needs the packages")
    environment_option(parser)
    summary = "for which platform (default: this machine's, or the first that is locked)"
    platform_option(parser, summary)


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Show a dependency tree."""
    if args.upwards and not args.names:
        hint = "write it after the option: --invert PKG"
        raise UsageError("--invert needs a package", hints=[hint])
    project = load_project_as_locked(args.files)
    environment = args.environment_name or DEFAULT_ENVIRONMENT
    target = _target(project, environment, args.platform_name, settings, console)
    graph = target.graph()
    command = "tree --invert" if args.upwards else "tree"
    roots = _keys(args.names, target, graph, project, command)
    steps = (trees.upwards if args.upwards else trees.downwards)(graph, roots)
    lines = show.text(steps, graph.records, inverted=args.upwards)
    console.show("\n".join([str(target.target), *lines]))
    if any(step.repeated for step in steps):
        console.say(f" {show.REPEATED} shown further up")
    console.result(_document(target, graph, steps, invert=args.upwards))
    return 0


def _target(
    project: Project,
    environment: str,
    platform: str | None,
    settings: Settings,
    console: Console,
) -> LockedTarget:
    """Return the target; without a platform, this machine's or, if it is not locked, the first."""
    platforms = [platform] if platform else []
    targets = locked_targets(project, [environment], platforms, console)
    if not targets:
        where = f"{environment} for {platform}" if platform else environment
        hint = f"run `{invocation(project, 'lock')}`"
        raise LockFileError(f"{where} is not locked", hints=[hint])
    here = [target for target in targets if target.target.subdir == settings.subdir]
    if not here and not platform:
        console.say(
            f" not locked for {settings.subdir}, this machine's platform: "
            f"showing {targets[0].target.subdir}"
        )
    return (here or targets)[0]


def _keys(
    names: Sequence[str], target: LockedTarget, graph: LockedGraph, project: Project, command: str
) -> list[Key]:
    """Return the packages with some names, those of PyPI by any equivalent spelling.

    Args:
        names: the names.
        target: the target to look in.
        graph: its packages.
        project: the project, for the places of other names.
        command: the command with its options, as it is to be repeated for another place.

    Raises:
        NoSolutionError: some are not locked.
    """
    keys: list[Key] = []
    unknown: list[str] = []
    for name in names:
        spellings = dict.fromkeys([name.lower(), str(canonicalize_name(name))])
        known = [key for spelling in spellings for key in graph.named(spelling)]
        keys += known
        unknown += [] if known else [name.lower()]
    if unknown:
        raise NoSolutionError(
            f"{', '.join(unknown)} not locked in {target.target}",
            hints=_ways(unknown, target, project, command),
        )
    return list(dict.fromkeys(keys))


def _ways(names: Sequence[str], target: LockedTarget, project: Project, command: str) -> list[str]:
    """Return hints for names that are not in a tree: where they are, or similar names."""
    hints = []
    for name in names:
        places = _places(name, target.target, project, command)
        hints += [f"{name} is elsewhere: {place}" for place in places] or near_names(
            [name], [target]
        )
    return hints


def _places(name: str, here: Target, project: Project, command: str) -> list[str]:
    """Return the commands that show a name in other locked targets."""
    options = []
    for environment in project.manifest.environments:
        with suppress(LockFileError):
            platforms = project.existing_lock(environment).platforms
            subdirs = [subdir for subdir, locked in platforms.items() if _is_in(name, locked)]
            if subdirs:
                other = "" if here.subdir in subdirs else f" --platform {subdirs[0]}"
                again = f"{command} {quoted(name)} -e {environment}{other}"
                options.append(invocation(project, again))
    return options


def _is_in(name: str, locked: PlatformLock) -> bool:
    """Return whether a package is locked or, for a virtual one, needed by a conda package."""
    if name.startswith("__"):
        return any(name in record.dependencies for record in locked.records)
    return any(record.name == name for record in locked.every)


def _document(
    target: LockedTarget, graph: LockedGraph, steps: Sequence[trees.Step], *, invert: bool
) -> dict[str, Any]:
    """Return the graph for ``--json``: each package once, with the lines that ask for it."""
    keys = dict.fromkeys(step.key for step in steps if step.key)
    edges = graph.needed_by if invert else graph.needs
    return {
        "environment": target.target.environment,
        "platform": target.target.subdir,
        "roots": [_named(step.key) for step in steps if step.depth == 0 and step.key],
        "not_locked": [step.line.to_dict() for step in steps if step.line and not step.key],
        "packages": [_package(key, graph, edges.get(key, ()), invert=invert) for key in keys],
    }


def _package(
    key: Key, graph: LockedGraph, edges: Iterable[Edge], *, invert: bool
) -> dict[str, Any]:
    record = graph.records.get(key)
    return {
        **_named(key),
        "version": record.version if record else None,
        "build": record.build if record else None,
        "asked": [root.line.to_dict() for root in graph.roots if root.key == key],
        "needed_by" if invert else "depends": [
            {**_named(edge.key), "constraint": edge.constraint}
            for edge in edges
            if invert or edge.key[0] != VIRTUAL
        ],
    }


def _named(key: Key) -> dict[str, str]:
    return {"name": key[1], "manager": key[0]}
