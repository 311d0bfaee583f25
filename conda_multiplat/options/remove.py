"""The options of ``remove``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.remove import remove
from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.errors import UsageError
from conda_multiplat.options.shared import environment_or_folder, follow_up, selection, told_apart

EXAMPLES = """\
examples:
  conda multiplat remove numpy
  conda multiplat remove --pypi robosuite
  conda multiplat remove --platform osx-arm64 gdb     the other platforms keep it
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("packages", metavar="PKG", nargs="*", help="what the manifest asks for")
    selection(parser)
    environment_or_folder(parser)
    parser.add_argument("--pypi", dest="pypi", action="store_true", help="packages of PyPI")
    follow_up(parser)


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    environment, folders = told_apart(args.environment_names, pypi=args.pypi)
    names = [*args.packages, *folders]
    if not names:
        hint = "name a package: conda multiplat remove numpy"
        several = "-f takes several files: write it after the packages"
        raise UsageError("nothing to remove", hints=[several if len(args.files) > 1 else hint])
    return remove(
        names=names,
        files=args.files,
        environment=environment,
        platforms=args.platforms,
        family=args.family,
        pypi=args.pypi,
        lock=args.lock,
        install=args.install,
        settings=settings,
        console=console,
    )
