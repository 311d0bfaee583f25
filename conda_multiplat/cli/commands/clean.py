"""``conda multiplat clean``: remove what we keep of channels and packages between runs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from conda_multiplat.cli.show.columns import columns
from conda_multiplat.engines.cache import IN_USE, KINDS, Tally, clean
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.settings import Settings
from conda_multiplat.vocabulary.errors import OutsideError, UnmetError

EXAMPLES = """\
examples:
  conda multiplat clean --dry-run           how much there is, and where
  conda multiplat clean                     all that we keep; environments stay whole
  conda multiplat clean --repodata          only what channels have
conda's own packages (`conda clean`) and uv's cache (`uv cache clean`) are not touched.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--repodata",
        dest="kinds",
        action="append_const",
        const="repodata",
        default=[],
        help="what channels have",
    )
    parser.add_argument(
        "--packages",
        dest="kinds",
        action="append_const",
        const="packages",
        help="extracted packages",
    )
    parser.add_argument(
        "--dry-run", dest="dry", action="store_true", help="show what there is, remove nothing"
    )


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    return clean_cache(kinds=args.kinds, dry_run=args.dry, settings=settings, console=console)


_UNITS = ("B", "kB", "MB", "GB", "TB")
_STEP = 1000
#: So many files that could not be removed are named.
_SHOWN = 5


def clean_cache(
    *, kinds: Sequence[str] = (), dry_run: bool = False, settings: Settings, console: Console
) -> int:
    """Empty our cache; see ``conda multiplat clean --help``.

    Returns:
        0.

    Raises:
        OutsideError: something could not be removed.
        UnmetError: some of it is in use; the rest is gone.
    """
    found = clean(settings.pkgs_dirs, tuple(kinds) or KINDS, dry_run=dry_run)
    _show(found, console, dry_run=dry_run)
    data = {
        "dry_run": dry_run,
        "freed": sum(each.freed for each in found.values()),
        "linked": sum(each.linked for each in found.values()),
        "folders": [_document(path, each) for path, each in found.items()],
    }
    wrong = [line for each in found.values() for line in each.errors]
    if wrong:
        more = [f"and {len(wrong) - _SHOWN} more"] if len(wrong) > _SHOWN else []
        raise OutsideError("not all could be removed", details=[*wrong[:_SHOWN], *more], data=data)
    busy = [str(path) for path, each in found.items() if each.left == IN_USE]
    if busy and not dry_run:
        raise UnmetError(
            "some of it is in use: another conda-multiplat is at work",
            details=busy,
            hints=["run `conda multiplat clean` again when it is done"],
            data=data,
        )
    console.result(data)
    return 0


def _show(found: Mapping[Path, Tally], console: Console, *, dry_run: bool) -> None:
    rows = [
        (str(path), f"{each.files} files", size(each.freed + each.linked), each.left)
        for path, each in found.items()
    ]
    if rows:
        console.show("\n".join(columns(rows)))
    freed = sum(each.freed for each in found.values())
    linked = sum(each.linked for each in found.values())
    if not rows:
        console.say(" nothing is cached")
        return
    console.say(f" {'would free' if dry_run else 'freed'} {size(freed)}")
    if linked:
        console.say(f" {size(linked)} more are in environments too, by hard links, and stay there")


def _document(path: Path, found: Tally) -> dict[str, object]:
    return {
        "folder": str(path),
        "files": found.files,
        "freed": found.freed,
        "linked": found.linked,
        "left": found.left or None,
        "errors": list(found.errors),
    }


def size(count: int) -> str:
    """A number of bytes in words: ``12.3 MB``, units of a thousand, as disks are sold."""
    value, unit = float(count), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value, unit = value / _STEP, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{count} B"
