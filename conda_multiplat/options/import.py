"""The options of ``import``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.import_manifest import import_manifest
from conda_multiplat.config import Settings
from conda_multiplat.console import Console

EXAMPLES = """\
examples:
  conda multiplat import environment-linux.yml env.osx-arm64.yaml
  conda multiplat import gpu.yml@linux-64 mac.yml@osx-64,osx-arm64 --prefer-common
  conda multiplat import pixi.toml                     or pyproject.toml, or conda-lock.yml
  conda multiplat import --from-name robot --dry-run   from an environment that is there
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "arguments",
        metavar="FILE[@PLATFORM]",
        nargs="*",
        help="environment.yml files, pixi.toml, pyproject.toml, conda-lock.yml",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--from-prefix", dest="source_prefix", metavar="PREFIX", help="an environment's folder"
    )
    where.add_argument(
        "--from-name", dest="source_name", metavar="NAME", help="an environment's name"
    )
    parser.add_argument(
        "-o", "--output", dest="out_file", metavar="FILE", help="default: environment.yml"
    )
    parser.add_argument(
        "--prefer-common",
        dest="take_common",
        action="store_true",
        help="where platforms differ, write what most ask for or have in common, if anything",
    )
    parser.add_argument(
        "--no-builds",
        dest="keep_builds",
        action="store_false",
        help="leave out the builds of exact pins, a=1.0=py_0",
    )
    parser.add_argument(
        "--dry-run", dest="dry", action="store_true", help="print the manifest, write nothing"
    )
    parser.add_argument(
        "--force", dest="overwrite", action="store_true", help="replace files that are there"
    )


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    return import_manifest(
        arguments=[*args.files, *args.arguments],
        from_prefix=args.source_prefix,
        from_name=args.source_name,
        output=args.out_file,
        prefer_common=args.take_common,
        keep_builds=args.keep_builds,
        dry_run=args.dry,
        force=args.overwrite,
        settings=settings,
        console=console,
    )
