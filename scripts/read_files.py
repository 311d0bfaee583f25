"""Try our readers on a folder of other people's files, and print how many they take.

Usage: python scripts/read_files.py FOLDER [--show N]

Each file is imported as by ``conda multiplat import FILE --dry-run``: environment.yml files,
``conda-lock.yml``, pixi's and other ``.toml``, recipes; ``pixi.lock`` and conda-lock's
``virtual-packages.yml`` are read by themselves. What is written must read as what was read. A file
is taken, refused with a word for its user, or failed: then it is a mistake of ours, and the exit
code is 1. Nothing is fetched, and nothing is written.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from conda_multiplat.actions.import_.conda_lock_parsers import META_YAML
from conda_multiplat.actions.import_.pixi_lock import NAME as PIXI_LOCK
from conda_multiplat.actions.import_.sources import File, read_files, read_parts
from conda_multiplat.actions.import_.verified_text import verified_text
from conda_multiplat.importers.environment_yml import stated_platforms
from conda_multiplat.importers.merge import merge
from conda_multiplat.importers.platform_names import guess
from conda_multiplat.importers.virtual_packages_yml import read_virtual_packages
from conda_multiplat.lockfile.read_pixi_lock import read_pixi_lock
from conda_multiplat.machine.files import read_lock_text
from conda_multiplat.manifest.read import Source
from conda_multiplat.vocabulary.errors import InternalError, MultiplatError

VIRTUAL_PACKAGES = "virtual-packages"
SUFFIXES = (".yml", ".yaml", ".toml")
TAKEN, REFUSED, FAILED = "taken", "refused", "failed"
#: What a file is taken for that says nothing of its platform.
ANY = ("linux-64",)
_VALUES = re.compile(r"'[^']*'|`[^`]*`|\(.*\)|\d+")


class Outcome(NamedTuple):
    """What became of one file: ``taken``, ``refused`` or ``failed``, and why."""

    path: Path
    kind: str
    state: str
    reason: str = ""


def files_in(folder: Path) -> list[Path]:
    """The files that a reader of ours could take."""
    paths = (path for path in folder.rglob("*") if path.suffix in SUFFIXES or _is_pixi_lock(path))
    return sorted(path for path in paths if path.is_file())


def _is_pixi_lock(path: Path) -> bool:
    return path.name.endswith(PIXI_LOCK)


def tried(path: Path) -> Outcome:
    """One file, read, written as a manifest, and read again."""
    kind = PIXI_LOCK if _is_pixi_lock(path) else path.suffix.lstrip(".")
    try:
        if _is_pixi_lock(path):
            _read_pixi_lock(path)
            return Outcome(path, kind, TAKEN)
        (file,) = read_files([str(path)])
        kind = _kind(file)
        if kind == VIRTUAL_PACKAGES:
            read_virtual_packages(Source(file.name, file.text))
            return Outcome(path, kind, TAKEN)
        file = _with_platform(file) if kind == "environment" else file
        imported = merge(read_parts([file], path.parent / "environment.yml", keep_builds=True))
        verified_text(imported, [file.name], path.parent / "environment.yml")
    except InternalError as error:
        return Outcome(path, kind, FAILED, "\n".join(error.lines()))
    except MultiplatError as error:
        problem = error.problems[0].message if error.problems else error.message
        return Outcome(path, kind, REFUSED, problem)
    except Exception as error:
        return Outcome(path, kind, FAILED, f"{type(error).__name__}: {error}")
    return Outcome(path, kind, TAKEN)


def _read_pixi_lock(path: Path) -> None:
    for (_, platform), target in read_pixi_lock(read_lock_text(path), path.name).items():
        target.locked(platform)


def _kind(file: File) -> str:
    if file.path.name == META_YAML:
        return META_YAML
    if file.is_toml:
        return file.path.name if file.path.name in ("pixi.toml", "pyproject.toml") else "toml"
    if file.is_virtual_packages:
        return VIRTUAL_PACKAGES
    return "conda-lock" if file.is_lock else "environment"


def _with_platform(file: File) -> File:
    known = stated_platforms(Source(file.name, file.text)) or guess(file.path.name).platforms
    return file if known else File(file.path, file.text, ANY)


def table(outcomes: Sequence[Outcome], seconds: float) -> Iterator[str]:
    """A line for each kind of file."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        kinds[outcome.kind][outcome.state] += 1
    yield f"{'kind':16} {'files':>6} {'taken':>6} {'refused':>8} {'failed':>7}  rate"
    for kind, states in sorted(kinds.items()):
        count = states.total()
        numbers = f"{count:6} {states[TAKEN]:6} {states[REFUSED]:8} {states[FAILED]:7}"
        yield f"{kind:16} {numbers}  {states[TAKEN] / count:.1%}"
    yield f"{len(outcomes)} files in {seconds:.1f} s"


def reasons(outcomes: Sequence[Outcome], shown: int) -> Iterator[str]:
    """What was refused most often, with an example, and all that failed.

    Reasons that differ in what they quote and in numbers are one.
    """
    examples: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.state == REFUSED:
            examples[_VALUES.sub("…", outcome.reason)].append(outcome)
    often = sorted(examples.items(), key=lambda item: (-len(item[1]), item[0]))
    for _, same in often[:shown]:
        yield f"{len(same):5} x {same[0].reason}  ({same[0].path})"
    for outcome in outcomes:
        if outcome.state == FAILED:
            yield f"failed: {outcome.path}: {outcome.reason}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print rates; 1 where a reader failed."""
    parser = argparse.ArgumentParser(description="how many files of a folder our readers take")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--show", type=int, default=10, metavar="N", help="reasons to name")
    args = parser.parse_args(arguments)
    start = time.perf_counter()
    paths = files_in(args.folder)
    if not paths:
        parser.error(f"{args.folder} has no file that a reader of ours could take")
    outcomes = [tried(path) for path in paths]
    for line in table(outcomes, time.perf_counter() - start):
        print(line)
    for line in reasons(outcomes, args.show):
        print(line)
    return int(any(outcome.state == FAILED for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
