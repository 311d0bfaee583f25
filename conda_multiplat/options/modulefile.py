"""The options of ``modulefile``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.modulefile import modulefile
from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.options.shared import destination, environment, several

EXAMPLES = """\
examples:
  conda multiplat modulefile -n robot-cuda12 -o ~/modules/      ~/modules/robot/cuda12
  conda multiplat modulefile --kind lmod --prereq cuda-driver -o cuda12.lua
  module use ~/modules; module load robot/cuda12
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--kind",
        choices=("tcl", "lmod"),
        help="Tcl for Environment Modules, Lua for Lmod "
        "(default: as FILE's name says, else as the shell has)",
    )
    destination(parser)
    environment(parser)
    parser.add_argument(
        "--family",
        dest="module_family",
        metavar="FAMILY",
        help="what it has in common with the modules it can't be loaded with "
        "(default: the manifest's name)",
    )
    several(
        parser,
        "--prereq",
        dest="prereqs",
        metavar="MODULE",
        summary="modules that must be loaded before",
    )
    parser.add_argument(
        "-o",
        "--output",
        dest="output_file",
        metavar="FILE",
        help="where to write it; into a folder as FAMILY/ENV (default: standard output)",
    )


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    return modulefile(
        kind=args.kind,
        files=args.files,
        name=args.env_name,
        prefix=args.env_prefix,
        environment=args.environment_name,
        family=args.module_family,
        prereqs=args.prereqs,
        output=args.output_file,
        settings=settings,
        console=console,
    )
