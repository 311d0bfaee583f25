"""``conda multiplat upgrade``: let bounds of the manifest move to what is newest."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from conda_multiplat.actions.edit.edit_and_relock import (
    Original,
    conclude,
    environment_of,
    read_original,
)
from conda_multiplat.actions.edit.follow import followed
from conda_multiplat.actions.edit.upgrade import BoundLine, bound_lines, is_named, upgraded
from conda_multiplat.actions.invocation import Invocation
from conda_multiplat.actions.lock.plan import Update
from conda_multiplat.cli.options import (
    destination_options,
    drop_cuda_option,
    dry_run_option,
    flag,
    repeated,
    repeated_environment_option,
)
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.names import nearest

EXAMPLES = """\
examples:
  conda multiplat upgrade                   # all bounds of the manifest, to the newest
  conda multiplat upgrade numpy scipy       # only these
  conda multiplat upgrade --exclude python  # all others
  conda multiplat upgrade --dry-run         # show what would move, change nothing
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    summary = "packages that the manifest names, from conda or PyPI (default: all)"
    parser.add_argument("packages", metavar="PKG", nargs="*", help=summary)
    summary = "keep the bounds of this package; can be repeated"
    repeated(parser, "--exclude", "excluded", "PKG", summary)
    repeated_environment_option(parser)
    drop_cuda_option(parser)
    destination_options(parser, "the conda environment to update, which determines the manifest")
    dry_run_option(parser, "solve and show, but change nothing")
    summary = "leave the installed environment as it is"
    flag(parser, "--no-install", "install", summary, value=False)


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Move the bounds of a manifest."""
    named = next(iter(args.environments), None)
    follows = followed(
        Invocation(settings, console, args.files, named, args.env_name, args.env_prefix)
    )
    original = read_original(follows.files, settings, console)
    draft = original.draft
    names = [environment_of(draft, name) for name in args.environments]
    if follows.where and not names:
        names = [environment_of(draft, follows.environment)]
    environments = names or list(draft.manifest.environments)
    lines = _chosen(original, environments, args.packages, args.excluded)
    update = _update(original, lines) if args.packages else Update(everything=True)
    upgrade = upgraded(original, lines, update, drop_cuda=args.drop_cuda)
    return conclude(
        original,
        upgrade.draft,
        upgrade.locked,
        changes=upgrade.lines(),
        result={"upgraded": [move.to_dict() for move in upgrade.moves]},
        install=follows if args.install else None,
        dry_run=args.dry,
    )


def _update(original: Original, lines: Sequence[BoundLine]) -> Update:
    """Return the update that lets the locked packages of some lines change."""
    known = _locked_names(original)
    return Update.of(line.line.name for line in lines if line.line.name in known)


def _locked_names(original: Original) -> set[str]:
    """Return the names of all packages in the manifest's locks."""
    project = original.project(original.draft)
    locks = [lock for name in project.manifest.environments if (lock := project.lock(name))]
    return {
        record.name
        for lock in locks
        for platform in lock.platforms.values()
        for record in platform.every
    }


def _chosen(
    original: Original, environments: Sequence[str], names: Sequence[str], excluded: Sequence[str]
) -> list[BoundLine]:
    """Return the lines whose bounds may change.

    Raises:
        UsageError: no line has one of the names.
    """
    lines = bound_lines(original.draft, environments)
    wanted, kept = ([name.lower() for name in given] for given in (names, excluded))
    missing = [
        name for name in (*wanted, *kept) if not any(is_named(line, [name]) for line in lines)
    ]
    if missing:
        known = sorted({line.line.name for line in lines})
        hints = [f"did you mean {near[0]!r}?" for name in missing if (near := nearest(name, known))]
        locked = _locked_names(original)
        if others := [name for name in missing if name in locked]:
            command = f"conda multiplat update {' '.join(others)}"
            hints.append(f"to move packages that are only locked: {command}")
        raise UsageError(f"no line of the manifest asks for {', '.join(missing)}", hints=hints)
    return [
        line
        for line in lines
        if (not wanted or is_named(line, wanted)) and not is_named(line, kept)
    ]
