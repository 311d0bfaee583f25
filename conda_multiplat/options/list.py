"""The options of ``list``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.list import list_installed, list_locked
from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.errors import UsageError
from conda_multiplat.options.shared import destination, environments, platforms

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
    environments(parser)
    platforms(parser, "only these platforms")
    parser.add_argument("--manager", choices=("conda", "pypi"), help="only whose packages")
    parser.add_argument(
        "--installed",
        dest="in_prefix",
        action="store_true",
        help="what the conda environment has, with what is not as locked",
    )
    destination(parser)
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
