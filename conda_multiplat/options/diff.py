"""The options of ``diff``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.diff import diff, textconv
from conda_multiplat.console import Console
from conda_multiplat.git_setup import DIFF
from conda_multiplat.options.shared import environments, git_setup, platforms, run_git_setup

EXAMPLES = """\
examples:
  conda multiplat diff                      the work tree against HEAD
  conda multiplat diff main --markdown      for a pull request's comment
  conda multiplat diff old-lock.yml conda-lock.yml
  conda multiplat diff --setup              git diff, log -p and show: a line for each package
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    for name, meaning in (
        ("old", "a git revision or a lock file (default: HEAD)"),
        ("new", "the same (default: the work tree)"),
    ):
        parser.add_argument(f"{name}_side", metavar=name.upper(), nargs="?", help=meaning)
    environments(parser)
    platforms(parser, "only these platforms")
    parser.add_argument(
        "--markdown", dest="as_markdown", action="store_true", help="tables for a pull request"
    )
    parser.add_argument(
        "--exit-code", dest="tell_by_code", action="store_true", help="1 where something differs"
    )
    parser.add_argument(
        "--textconv", dest="textconv_file", metavar="FILE", help="a lock as git compares it"
    )
    git_setup(parser)
    parser.set_defaults(needs_settings=False)


def run(args: argparse.Namespace, _: None, console: Console) -> int:
    """Run the command."""
    if args.git_setup:
        return run_git_setup(DIFF, args, console)
    if args.textconv_file is not None:
        return textconv(file=args.textconv_file, console=console)
    return diff(
        old=args.old_side,
        new=args.new_side,
        files=args.files,
        environments=args.environments,
        platforms=args.platforms,
        markdown=args.as_markdown,
        exit_code=args.tell_by_code,
        console=console,
    )
