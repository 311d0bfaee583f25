"""The options of ``complete-words``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.complete_words import complete_words
from conda_multiplat.console import Console

EXAMPLES = """\
examples:
  conda multiplat complete-words environments -- lock -f robot/environment.yml
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "word_kind", metavar="KIND", help="environments, names, packages, platforms"
    )
    parser.add_argument("words", metavar="WORD", nargs="*", help="the command line so far")
    parser.set_defaults(needs_settings=False)


def run(args: argparse.Namespace, _: None, console: Console) -> int:
    """Run the command."""
    return complete_words(kind=args.word_kind, words=args.words, console=console)
