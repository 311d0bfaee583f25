"""``conda multiplat unpack``: create the environment of a packed file, without a network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from conda_multiplat.actions.install.choose_prefix import folder_of, named, require_own
from conda_multiplat.actions.install.summary import activation, changed_packages, locked_packages
from conda_multiplat.actions.say_changes import say_changes
from conda_multiplat.cli.options import destination_options, dry_run_option
from conda_multiplat.lockfile.change_table import as_differences
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import shown
from conda_multiplat.vocabulary.errors import UsageError

if TYPE_CHECKING:
    from conda_multiplat.actions.pack.unpack import Unpacked

EXAMPLES = """\
examples:
  conda multiplat unpack robot.linux-64.tar            # into the conda environment robot
  conda multiplat unpack robot.linux-64.tar -p ./env
  conda multiplat unpack robot.linux-64.tar --dry-run  # verify, show what would change
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    summary = "an archive that `pack` wrote, or a folder that it was extracted into"
    parser.add_argument("archive", metavar="FILE", help=summary)
    destination_options(parser, "the conda environment (default: the one that was packed)")
    dry_run_option(parser, "verify, and show what would change, but change nothing")


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Make the environment that was packed."""
    from conda_multiplat.actions.pack.unpack import (
        make_unpacked,
        require_platform,
        unpacked,
    )  # late: slow

    where = named(args.env_name, args.env_prefix, settings)
    with unpacked(Path(args.archive).expanduser().absolute(), settings, console) as what:
        require_platform(what, settings)  # before the prefix: no other one would help
        place = where or _own(what, settings)
        work = make_unpacked(what, place, settings, console, dry_run=args.dry)
        left_out = what.left_out
    changes = work.changed
    say_changes(as_differences(changes), console)
    for line in left_out:
        console.say(f"warning: not packed: {line}")
    locked = work.choice.locked
    count = locked_packages(locked)
    if args.dry:
        console.say(f" {shown(what.file)} is as it was packed: {count}")
        console.say(f" would change {changed_packages(changes)} in {place}")
    elif not changes:
        console.say(f" {place} is as packed: {count}")
    else:
        console.say(f" {place} has the {count} of {work.choice.environment}{console.took}")
        console.hint(activation(place, settings))
    console.result(
        {
            "dry_run": args.dry,
            "prefix": str(place),
            "environment": work.choice.environment,
            "packages": len(locked.every),
            "changes": [change.to_dict() for change in changes],
            "left_out": left_out,
        }
    )
    return 0


def _own(what: Unpacked, settings: Settings) -> Path:
    """Return the prefix for the name of the packed environment.

    Raises:
        UsageError: it has no name.
        UnmetError: an environment of that name exists that ``unpack`` did not make.
    """
    name = what.project.manifest.conda_name(what.packed.environment)
    if name is None:
        hint = "say which: -n NAME or -p PREFIX"
        raise UsageError("the packed environment has no name", hints=[hint])
    where = folder_of(name, settings)
    kept = what.project._replace(folder=what.kept_in(where))
    hints = ["choose another with -n NAME or -p PREFIX"]
    require_own(kept, where, hints, source="by `conda multiplat unpack`")
    return where
