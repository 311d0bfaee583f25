"""``conda multiplat list``: list what is locked, or what is installed and not as locked."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from conda_multiplat.actions.enter_environment import InstalledEnvironment, installed_environment
from conda_multiplat.actions.install.prefix_changes import Look, conda_changes
from conda_multiplat.actions.invocation import Invocation
from conda_multiplat.actions.locked_targets import LockedTarget, locked_targets, near_names
from conda_multiplat.cli.options import (
    destination_options,
    environments_option,
    flag,
    platforms_option,
)
from conda_multiplat.cli.show import listing as show
from conda_multiplat.lockfile.listing import Filter, Present, document, entries, patterns, present
from conda_multiplat.lockfile.platform_changes import packages, to_install
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.prefix_records import installed
from conda_multiplat.machine.project import invocation, load_project_as_locked
from conda_multiplat.machine.site_packages import installed_pypi
from conda_multiplat.vocabulary.errors import NoSolutionError, UnmetError, UsageError
from conda_multiplat.vocabulary.names import did_you_mean, unique
from conda_multiplat.vocabulary.records import python_of
from conda_multiplat.vocabulary.styled import Span

EXAMPLES = """\
examples:
  conda multiplat list                      # everything locked, a row for platforms that agree
  conda multiplat list '^numpy$' cuda --platform linux-64
  conda multiplat list --manager pypi -e dev
  conda multiplat list --installed --exit-code      # 1 if something is not as locked
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
    parser.add_argument(
        "--manager", choices=("conda", "pypi"), help="only packages from conda, or only from PyPI"
    )
    summary = "list what is installed in the conda environment, and what is not as locked"
    flag(parser, "--installed", "in_prefix", summary)
    destination_options(parser)
    summary = "with --installed: exit code 1 if something is not as locked"
    flag(parser, "--exit-code", "tell_by_code", summary)
    summary = "with --installed: read the contents of conda's files too, not only their sizes"
    flag(parser, "--verify", "verify", summary)


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """List what is locked or, with ``--installed``, what an environment has.

    Returns:
        0; with ``--exit-code`` 1 if something that is listed is not as locked.
    """
    chosen = Filter(patterns(args.regexes), args.manager)
    if args.in_prefix:
        return _list_installed(args, chosen, settings, console)
    for value, option in ((args.env_name, "-n"), (args.env_prefix, "-p")):
        if value is not None:
            raise UsageError(f"{option} {value} can be used only with --installed")
    for given, option in ((args.tell_by_code, "--exit-code"), (args.verify, "--verify")):
        if given:
            raise UsageError(f"{option} can be used only with --installed")
    return _list_locked(args, chosen, console)


def _list_locked(args: argparse.Namespace, chosen: Filter, console: Console) -> int:
    project = load_project_as_locked(args.files)
    targets = locked_targets(project, args.environments, args.platforms, console)
    records = {
        target.target: [r for r in target.locked.every if chosen.takes(r)] for target in targets
    }
    if args.regexes and not any(records.values()):
        where = ", ".join(map(str, records))
        raise _no_such_package(where, args.regexes, near_names(args.regexes, targets))
    asked = {target.target: target.graph().asked for target in targets}
    names = unique(target.environment for target in records)
    for name in names:
        subdirs = {target.subdir: target for target in records if target.environment == name}
        listed = entries(
            {subdir: records[target] for subdir, target in subdirs.items()},
            {subdir: asked[target] for subdir, target in subdirs.items()},
        )
        title = [] if len(names) == 1 else [[Span(name, "bold")]]
        for line in (*title, *show.locked(listed, console.answer_width)):
            console.show(line)
    documents = [
        {
            "environment": target.environment,
            "locked_for": target.subdir,
            **document(record, target.subdir),
            "asked": (record.manager, record.name) in asked[target],
        }
        for target in records
        for record in records[target]
    ]
    console.result({"packages": documents})
    return 0


def _no_such_package(
    where: object, regexes: Sequence[str], hints: Sequence[str]
) -> NoSolutionError:
    return NoSolutionError(f"nothing in {where} is named {' or '.join(regexes)}", hints=hints)


def _list_installed(
    args: argparse.Namespace, chosen: Filter, settings: Settings, console: Console
) -> int:
    if args.platforms:
        raise UsageError("--installed lists this machine's platform: leave out --platform")
    if len(args.environments) > 1:
        raise UsageError("--installed lists one environment", hints=["give only one -e"])
    environment = next(iter(args.environments), None)
    here = installed_environment(
        Invocation(settings, console, args.files, environment, args.env_name, args.env_prefix)
    )
    target = _of_this_machine(here, settings, console)
    present_packages = _present(here, target, Look(contents=args.verify))
    listed = [package for package in present_packages if chosen.takes(package.record)]
    if args.regexes and not listed:
        known = [package.record.name for package in present_packages]
        hints = [did_you_mean(regex, known) for regex in args.regexes]
        raise _no_such_package(here.where, args.regexes, hints)
    wrong = sum(package.state != "locked" for package in listed)
    verdict = f"{wrong} not as locked" if wrong else "all as locked"
    for line in show.installed(listed, console.answer_width):
        console.show(line)
    console.say(f" {here.where}: {packages(len(listed))}, {verdict}")
    console.result(
        {
            "prefix": str(here.where),
            "environment": here.environment,
            "skipped": [environment.to_dict() for environment in here.skipped],
            "packages": [_installed_document(package, settings.subdir) for package in listed],
        }
    )
    return 1 if args.tell_by_code and wrong else 0


def _of_this_machine(
    here: InstalledEnvironment, settings: Settings, console: Console
) -> LockedTarget:
    """Return the environment's locked target for this machine's platform.

    Raises:
        UnmetError: it is not locked for this platform.
    """
    targets = locked_targets(here.project, [here.environment], [settings.subdir], console)
    if not targets:
        raise UnmetError(
            f"{here.environment} is not locked for {settings.subdir}, this machine's platform",
            hints=[f"run `{invocation(here.project, 'lock')}`"],
        )
    return targets[0]


def _present(here: InstalledEnvironment, target: LockedTarget, look: Look) -> list[Present]:
    """Return the installed packages of conda and PyPI, compared with the locked ones."""
    from conda_multiplat.engines.conda.specs import is_newer

    conda = installed(here.where)
    noted = here.marker.get("pypi", {})
    pypi = installed_pypi(here.where, python_of(conda), noted, target.locked.pypi)
    wrong = [
        *conda_changes(target.locked, here.where, here.marker, is_newer, look),
        *to_install(pypi, target.locked.pypi, is_newer),
    ]
    return present([*conda, *pypi], target.locked.every, wrong, target.graph().asked)


def _installed_document(package: Present, subdir: str) -> dict[str, Any]:
    locked = package.locked
    return {
        **document(package.record, subdir),
        "asked": package.asked,
        "state": package.state,
        **({"damage": package.note} if package.note else {}),
        "locked": {"version": locked.version, "build_string": locked.build} if locked else None,
    }
