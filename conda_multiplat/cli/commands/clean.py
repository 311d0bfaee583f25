"""``conda multiplat clean``: remove our caches of repodata and packages."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conda_multiplat.cli.options import dry_run_option
from conda_multiplat.engines.cache import IN_USE, KINDS, Tally, clean
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.vocabulary.byte_sizes import size
from conda_multiplat.vocabulary.columns import columns
from conda_multiplat.vocabulary.errors import OutsideError, UnmetError
from conda_multiplat.vocabulary.styled import Line, Span

EXAMPLES = """\
examples:
  conda multiplat clean --dry-run           # how much would be removed, and from where
  conda multiplat clean                     # all our caches; environments are not affected
  conda multiplat clean --repodata          # only repodata
conda's own packages (`conda clean`) and uv's cache (`uv cache clean`) are not touched.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    for name, meaning in (("repodata", "repodata of channels"), ("packages", "extracted packages")):
        parser.add_argument(
            f"--{name}", dest="kinds", action="append_const", const=name, help=meaning
        )
    dry_run_option(parser, "show what would be removed, remove nothing")


#: The number of files to name that could not be removed.
_SHOWN = 5


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Empty our cache.

    Raises:
        OutsideError: something could not be removed.
        UnmetError: some of it is in use; the rest is gone.
    """
    tallies = clean(settings.pkgs_dirs, args.kinds or KINDS, dry_run=args.dry)
    freed = sum(tally.freed for tally in tallies.values())
    linked = sum(tally.linked for tally in tallies.values())
    if tallies:
        for line in columns([_row(*tally) for tally in tallies.items()]):
            console.say([Span(" "), *line])
        console.say(f" {'would free' if args.dry else 'freed'} {size(freed)}")
    else:
        console.say(" nothing is cached")
    if linked:
        console.say(f" {size(linked)} more is hard-linked into environments, and stays there")
    folders = [_document(*tally) for tally in tallies.items()]
    data = {"dry_run": args.dry, "freed": freed, "linked": linked, "folders": folders}
    _refuse_rest(tallies, data, dry_run=args.dry)
    console.result(data)
    return 0


def _refuse_rest(tallies: Mapping[Path, Tally], data: dict[str, Any], *, dry_run: bool) -> None:
    """Raise an error if something was not removed."""
    wrong = [line for tally in tallies.values() for line in tally.errors]
    if wrong:
        more = [f"and {len(wrong) - _SHOWN} more"] if len(wrong) > _SHOWN else []
        raise OutsideError(
            "some files could not be removed", details=[*wrong[:_SHOWN], *more], data=data
        )
    busy = [str(path) for path, tally in tallies.items() if tally.left == IN_USE]
    if busy and not dry_run:
        raise UnmetError(
            "some caches are in use: another conda-multiplat is running",
            details=busy,
            hints=["run `conda multiplat clean` again when it is done"],
            data=data,
        )


def _row(path: Path, tally: Tally) -> Line:
    files = "1 file" if tally.files == 1 else f"{tally.files} files"
    words = (str(path), files, size(tally.freed + tally.linked), tally.left)
    return tuple(map(Span, words))


def _document(path: Path, tally: Tally) -> dict[str, Any]:
    return {
        "folder": str(path),
        "files": tally.files,
        "freed": tally.freed,
        "linked": tally.linked,
        "left": tally.left or None,
        "errors": list(tally.errors),
    }
