"""``conda multiplat update``: lock and install the newest versions that the manifest allows."""

from __future__ import annotations

import argparse

from conda_multiplat.actions.edit.follow import bring_up_to_date, followed, require_free
from conda_multiplat.actions.invocation import Invocation
from conda_multiplat.actions.lock.lock_project import lock_project
from conda_multiplat.actions.lock.plan import Update
from conda_multiplat.actions.lock.relock import Locked
from conda_multiplat.cli.options import (
    destination_options,
    drop_cuda_option,
    dry_run_option,
    flag,
    scope_options,
)
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT

EXAMPLES = """\
examples:
  conda multiplat update                    # all packages, of every environment and platform
  conda multiplat update numpy scipy        # let these two move, keep the rest
  conda multiplat update -e dev             # the packages of one environment
  conda multiplat update -n robot           # the packages of an installed environment
  conda multiplat update --dry-run          # show what would move, change nothing
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    summary = "locked packages, conda's or PyPI's, that may move (default: all)"
    parser.add_argument("packages", metavar="PKG", nargs="*", help=summary)
    flag(parser, "--all", "everything", "all packages (the default if none is named)")
    scope_options(parser)
    drop_cuda_option(parser)
    destination_options(parser, "the conda environment to update, which determines the manifest")
    dry_run_option(parser, "solve and show, but change nothing")
    summary = "lock only: leave the installed environment as it is"
    flag(parser, "--no-install", "install", summary, value=False)


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Let packages move, and update this machine's environment."""
    if args.everything and args.packages:
        hint = "leave out one of the two"
        raise UsageError(
            f"--all can't be combined with packages: {', '.join(args.packages)}", hints=[hint]
        )
    named = next(iter(args.environments), None)
    follows = followed(
        Invocation(settings, console, args.files, named, args.env_name, args.env_prefix)
    )
    of_prefix = [follows.environment] if follows.where and follows.environment else []

    def require_followed_free(locked: Locked) -> None:
        if args.install:
            require_free(locked, follows, settings)

    locked = lock_project(
        follows.files,
        settings,
        console,
        environments=args.environments or of_prefix,
        platforms=args.platforms,
        update=Update.of(args.packages, everything=not args.packages),
        drop_cuda=args.drop_cuda,
        dry_run=args.dry,
        unchanged="nothing newer that the manifest allows",
        may_follow=require_followed_free,
    )
    document = locked.told
    if args.install and not args.dry:
        document |= bring_up_to_date(
            locked.project,
            follows.environment or DEFAULT_ENVIRONMENT,
            settings,
            console,
            "the locks are changed",
            where=follows.where,
        )
    console.result(document)
    return 0
