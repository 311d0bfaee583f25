"""The options of ``add``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.add import add
from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.errors import UsageError
from conda_multiplat.options.shared import (
    environment_or_folder,
    follow_up,
    selection,
    told_apart,
)

EXAMPLES = """\
examples:
  conda multiplat add numpy "scipy >=1.14"
  conda multiplat add --pypi robosuite
  conda multiplat add --platform linux-64 mesa-libegl-cos7-x86_64
  conda multiplat add -e dev pytest         only in environment dev
  conda multiplat add --pypi -e ./our-package
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("specs", metavar="SPEC", nargs="*", help='a package: numpy, "numpy >=2"')
    selection(parser)
    environment_or_folder(parser)
    parser.add_argument("--pypi", dest="pypi", action="store_true", help="packages of PyPI")
    parser.add_argument(
        "--index",
        dest="index_urls",
        action="append",
        default=[],
        metavar="URL",
        help="with --pypi: an index to look in beside the usual ones",
    )
    parser.add_argument(
        "--no-pin",
        dest="pin",
        action="store_false",
        help="no lower bound for packages that are only named",
    )
    follow_up(parser)


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    environment, folders = told_apart(args.environment_names, pypi=args.pypi)
    specs = [*args.specs, *folders]
    if not specs:
        hint = "name a package: conda multiplat add numpy"
        several = "-f takes several files: write it after the packages"
        raise UsageError("nothing to add", hints=[several if len(args.files) > 1 else hint])
    if args.index_urls and not args.pypi:
        raise UsageError("--index is for packages of PyPI: add --pypi")
    return add(
        specs=specs,
        files=args.files,
        environment=environment,
        platforms=args.platforms,
        family=args.family,
        pypi=args.pypi,
        indexes=args.index_urls,
        pin=args.pin,
        lock=args.lock,
        install=args.install,
        settings=settings,
        console=console,
    )
