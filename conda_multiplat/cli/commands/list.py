"""``conda multiplat list``: what is locked, or what is installed and how that differs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from conda_multiplat.actions.enter import InstalledEnvironment, installed_environment
from conda_multiplat.actions.locked_targets import LockedTarget, locked_targets, near_names
from conda_multiplat.cli.options import destination_options, environments_option, platforms_option
from conda_multiplat.cli.show import listing as rendering
from conda_multiplat.lockfile.changes import changes, packages, to_install
from conda_multiplat.lockfile.dependency_graph import Key
from conda_multiplat.lockfile.listing import Filter, Present, document, entries, patterns, present
from conda_multiplat.machine import prefix as prefixes
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.project import load_project_as_locked
from conda_multiplat.machine.settings import Settings
from conda_multiplat.machine.site_packages import installed_pypi
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.errors import NoSolutionError, UnmetError, UsageError
from conda_multiplat.vocabulary.names import did_you_mean
from conda_multiplat.vocabulary.records import Record, python_of

EXAMPLES = """\
examples:
  conda multiplat list                      all that is locked, platforms that agree together
  conda multiplat list '^numpy$' cuda --platform linux-64
  conda multiplat list --manager pypi -e dev
  conda multiplat list --installed --exit-code      1 where something is not as locked
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "regexes",
        metavar="PATTERN",
        nargs="*",
        help="a regular expression for names, as in `conda list`; several widen the list",
    )
    environments_option(parser)
    platforms_option(parser, "only these platforms")
    parser.add_argument("--manager", choices=("conda", "pypi"), help="only whose packages")
    parser.add_argument(
        "--installed",
        dest="in_prefix",
        action="store_true",
        help="what the conda environment has, with what is not as locked",
    )
    destination_options(parser)
    parser.add_argument(
        "--exit-code",
        dest="tell_by_code",
        action="store_true",
        help="with --installed: 1 where something is not as locked",
    )


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    if args.in_prefix:
        if args.platforms:
            raise UsageError("--platform is not for --installed: that is this machine's")
        return list_installed(
            regexes=args.regexes,
            files=args.files,
            environments=args.environments,
            name=args.env_name,
            prefix=args.env_prefix,
            manager=args.manager,
            exit_code=args.tell_by_code,
            settings=settings,
            console=console,
        )
    for given, flag in ((args.env_name, "-n"), (args.env_prefix, "-p")):
        if given is not None:
            raise UsageError(f"{flag} {given} is for --installed", hints=["add --installed"])
    if args.tell_by_code:
        raise UsageError("--exit-code is for --installed", hints=["add --installed"])
    return list_locked(
        regexes=args.regexes,
        files=args.files,
        environments=args.environments,
        platforms=args.platforms,
        manager=args.manager,
        console=console,
    )


def list_locked(
    *,
    regexes: Sequence[str] = (),
    files: Sequence[str] = (),
    environments: Sequence[str] = (),
    platforms: Sequence[str] = (),
    manager: str | None = None,
    console: Console,
) -> int:
    """List what is locked; see ``conda multiplat list --help``.

    Returns:
        0. Every other outcome is raised as a ``MultiplatError``.
    """
    chosen = Filter(patterns(regexes), manager)
    project = load_project_as_locked(files)
    found = locked_targets(project, environments, platforms, console)
    _refuse_nothing(regexes, chosen, found)
    asked = {each.target: each.graph().asked for each in found}
    names = list(dict.fromkeys(each.target.environment for each in found))
    for name in names:
        group = [each for each in found if each.target.environment == name]
        listed = entries(
            {each.target.subdir: _chosen(each, chosen) for each in group},
            {each.target.subdir: asked[each.target] for each in group},
        )
        title = [] if len(names) == 1 else [name]
        console.show("\n".join([*title, *rendering.locked(listed)]))
    documents = [_document(each, one, asked) for one in found for each in _chosen(one, chosen)]
    console.result({"packages": documents})
    return 0


def _chosen(found: LockedTarget, chosen: Filter) -> list[Record]:
    return [each for each in found.locked.every if chosen.takes(each)]


def _document(
    record: Record, found: LockedTarget, asked: Mapping[Target, frozenset[Key]]
) -> dict[str, Any]:
    return {
        "environment": found.target.environment,
        "locked_for": found.target.subdir,
        **document(record, found.target.subdir),
        "asked": (record.manager, record.name) in asked[found.target],
    }


def _refuse_nothing(regexes: Sequence[str], chosen: Filter, found: Sequence[LockedTarget]) -> None:
    if regexes and not any(chosen.takes(record) for each in found for record in each.locked.every):
        where = ", ".join(str(each.target) for each in found)
        raise NoSolutionError(
            f"nothing in {where} is named {' or '.join(regexes)}",
            hints=near_names(regexes, found),
        )


def list_installed(
    *,
    regexes: Sequence[str] = (),
    files: Sequence[str] = (),
    environments: Sequence[str] = (),
    name: str | None = None,
    prefix: str | None = None,
    manager: str | None = None,
    exit_code: bool = False,
    settings: Settings,
    console: Console,
) -> int:
    """List what an environment has; see ``conda multiplat list --help``.

    Returns:
        0; with ``exit_code`` 1 where something that is listed is not as locked.
    """
    if len(environments) > 1:
        raise UsageError("--installed is about one environment", hints=["give one -e"])
    chosen = Filter(patterns(regexes), manager)
    here = installed_environment(
        files=files,
        name=name,
        prefix=prefix,
        environment=environments[0] if environments else None,
        settings=settings,
    )
    found = _of_this_machine(here, settings, console)
    every = _present(here, found)
    if regexes and not any(chosen.takes(each.record) for each in every):
        known = [each.record.name for each in every]
        hints = [did_you_mean(each, known) for each in regexes]
        raise NoSolutionError(
            f"nothing in {here.where} is named {' or '.join(regexes)}", hints=hints
        )
    listed = [each for each in every if chosen.takes(each.record)]
    wrong = sum(each.state != "locked" for each in listed)
    console.show("\n".join(rendering.installed(listed)))
    console.say(f" {here.where}: {packages(len(listed))}, {wrong or 'none'} not as locked")
    console.result(
        {
            "prefix": str(here.where),
            "environment": here.environment,
            "packages": [_installed_document(each, found) for each in listed],
        }
    )
    return 1 if exit_code and wrong else 0


def _of_this_machine(
    here: InstalledEnvironment, settings: Settings, console: Console
) -> LockedTarget:
    """What is locked for the environment on this machine's platform.

    Raises:
        UnmetError: nothing is.
    """
    found = locked_targets(here.project, [here.environment], [settings.subdir], console)
    if not found:
        raise UnmetError(
            f"{here.environment} is not locked for {settings.subdir}, this machine's platform",
            hints=["run `conda multiplat lock`"],
        )
    return found[0]


def _present(here: InstalledEnvironment, found: LockedTarget) -> list[Present]:
    """What there is of conda's and of PyPI's, each compared with what is locked."""
    from conda_multiplat.engines.conda.specs import is_newer

    conda = prefixes.installed(here.where)
    pypi = installed_pypi(here.where, python_of(conda), here.marker.get("pypi", {}))
    locked = found.locked
    wrong = [*to_install(conda, locked.records, is_newer), *changes(pypi, locked.pypi, is_newer)]
    return present([*conda, *pypi], locked.every, wrong, found.graph().asked)


def _installed_document(found: Present, target: LockedTarget) -> dict[str, Any]:
    locked = found.locked
    return {
        **document(found.record, target.target.subdir),
        "asked": found.asked,
        "state": found.state,
        "locked": {"version": locked.version, "build_string": locked.build} if locked else None,
    }
