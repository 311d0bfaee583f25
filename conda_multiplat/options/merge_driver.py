"""The options of ``merge-driver``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.merge_driver import merge_driver
from conda_multiplat.console import Console
from conda_multiplat.git_setup import MERGE
from conda_multiplat.options.shared import git_setup, run_git_setup

EXAMPLES = """\
examples:
  conda multiplat merge-driver --setup      in each clone, once; commit .gitattributes
  conda multiplat merge-driver --undo       git merges locks as text again
git calls it as: conda-multiplat merge-driver %O %A %B %P
"""
_FILES = {
    "base": "the common ancestor (%%O)",
    "ours": "our side, and where the result goes (%%A)",
    "theirs": "the other side (%%B)",
    "path": "the lock's path in the repository (%%P)",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    for name, meaning in _FILES.items():
        parser.add_argument(f"{name}_file", metavar=name.upper(), nargs="?", help=meaning)
    git_setup(parser)
    parser.set_defaults(needs_settings=False, refuse=parser.error)


def run(args: argparse.Namespace, _: None, console: Console) -> int:
    """Run the command."""
    if args.git_setup:
        return run_git_setup(MERGE, args, console)
    if args.path_file is None:
        args.refuse("--setup, --undo, or git's four files: %O %A %B %P")
    return merge_driver(
        base=args.base_file,
        ours=args.ours_file,
        theirs=args.theirs_file,
        name=args.path_file,
        console=console,
    )
