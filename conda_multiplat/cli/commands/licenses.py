"""``conda multiplat licenses``: list the licences of locked packages, and which are denied."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from conda_multiplat.actions.licenses import Licensed, licensed, unused
from conda_multiplat.actions.locked_targets import locked_targets
from conda_multiplat.actions.package_facts import package_facts
from conda_multiplat.cli.options import environments_option, flag, platforms_option
from conda_multiplat.cli.show import licenses as show
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.project import load_project
from conda_multiplat.manifest.license_rules import LicenseException
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.spdx import entry_problem

EXAMPLES = """\
examples:
  conda multiplat licenses                  # of everything locked; exit code 1 if one is denied
  conda multiplat licenses -e default --platform linux-64
  conda multiplat licenses --denied         # only what is denied or unknown
  conda multiplat licenses --json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    environments_option(parser)
    platforms_option(parser, "only these platforms")
    flag(parser, "--denied", "only_denied", "list only what is denied or unknown")


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Show licences.

    Returns:
        1 if the manifest denies one, otherwise 0.
    """
    hosts = args.platforms or [settings.subdir]
    project = load_project(args.files, host_subdirs=hosts, check_license=entry_problem)
    rules = project.manifest.licenses
    locked = locked_targets(project, args.environments, args.platforms, console)
    facts = package_facts(project, settings, console, locked)
    packages = licensed(locked, facts, rules)
    # Only all locks together show which exceptions are unused.
    complete = not (args.environments or args.platforms)
    idle = unused(packages, rules) if complete else []
    targets = [target.target for target in locked]
    _show(packages, targets, idle, console, only_denied=args.only_denied)
    for line in show.summary(packages, idle, rules=bool(rules.allow or rules.deny)):
        console.say(line)
    denied = [package for package in packages if package.judged.verdict == "denied"]
    console.result(
        {
            "packages": [package.to_dict() for package in packages],
            "denied": sorted({package.record.name for package in denied}),
            "unused_exceptions": [exception.package for exception in idle],
            "targets": list(map(str, targets)),
        }
    )
    return 1 if denied else 0


def _show(
    packages: Sequence[Licensed],
    targets: Sequence[Target],
    idle: Sequence[LicenseException],
    console: Console,
    *,
    only_denied: bool,
) -> None:
    flagged = [p for p in packages if p.judged.verdict in ("denied", "unknown")]
    listed = flagged if only_denied else packages
    for line in [*show.table(listed, targets, console.answer_width), *show.refused(packages)]:
        console.show(line)
