"""The options of ``add``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from conda_multiplat.commands.add import add
from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.errors import UsageError
from conda_multiplat.options.shared import follow_up, selection

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
    parser.add_argument(
        "-e",
        "--environment",
        dest="environment_names",
        action="append",
        default=[],
        metavar="ENV",
        help="which environment of the manifest; with --pypi also a project's folder (./…)",
    )
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
    names, folders = _environments_and_folders(args.environment_names, pypi=args.pypi)
    if len(names) > 1:
        raise UsageError("one -e ENV at a time")
    specs = [*args.specs, *(f"-e {each}" for each in folders)]
    if not specs:
        raise UsageError("nothing to add", hints=["name a package: conda multiplat add numpy"])
    if args.index_urls and not args.pypi:
        raise UsageError("--index is for packages of PyPI: add --pypi")
    return add(
        specs=specs,
        files=args.files,
        environment=names[0] if names else None,
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


def _environments_and_folders(values: Sequence[str], *, pypi: bool) -> tuple[list[str], list[str]]:
    """What ``-e`` names: with --pypi it is pip's, too. No environment's name looks like a path."""
    folders = [each for each in values if pypi and (each.startswith(".") or "/" in each)]
    return [each for each in values if each not in folders], folders
