r"""``conda multiplat diff``: show what differs between two states of a project's locks.

A side is the work tree, a git revision, or one lock file::

    side -> {environment: LockFile}  --\
    side -> {environment: LockFile} ----> EnvironmentDiff of each -> text, Markdown or JSON
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conda_multiplat.cli.options import (
    environments_option,
    flag,
    git_setup_options,
    platforms_option,
    run_git_setup,
)
from conda_multiplat.cli.show import diff as show
from conda_multiplat.cli.show import record_lines
from conda_multiplat.lockfile.diff import EnvironmentDiff, environment_diff
from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.lockfile.read import read_lock
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import (
    find_manifest,
    lock_files,
    read_blocks,
    read_lock_text,
    shown,
)
from conda_multiplat.machine.git import commands as git
from conda_multiplat.machine.git.setup import DIFF
from conda_multiplat.machine.project import load_project_as_locked
from conda_multiplat.vocabulary.errors import LockFileError, MultiplatError, UsageError
from conda_multiplat.vocabulary.file_names import locked_environment
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, unique

EXAMPLES = """\
examples:
  conda multiplat diff                      # the working tree against HEAD
  conda multiplat diff main --markdown      # for a pull request's comment
  conda multiplat diff old-lock.yml conda-lock.yml
  conda multiplat diff --setup              # git diff, log -p and show: a line for each package
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    for name, meaning in (
        ("old", "a git revision or a lock file (default: HEAD)"),
        ("new", "the other revision or lock file (default: the working tree)"),
    ):
        parser.add_argument(f"{name}_side", metavar=name.upper(), nargs="?", help=meaning)
    environments_option(parser)
    platforms_option(parser, "only these platforms")
    flag(parser, "--markdown", "as_markdown", "tables for a pull request")
    flag(parser, "--exit-code", "tell_by_code", "exit code 1 if something differs")
    summary = "print a lock in the form that git diff compares"
    parser.add_argument("--textconv", dest="textconv_file", metavar="FILE", help=summary)
    git_setup_options(parser)
    parser.set_defaults(needs_settings=False)


@dataclass(frozen=True)
class _Side:
    """The locks of one side, by environment; ``single`` if the user named one file."""

    locks: Mapping[str, LockFile]
    single: bool = False


def run(args: argparse.Namespace, _: None, console: Console) -> int:
    """Show what differs between two states of the locks, or run a mode for git.

    Returns:
        0; with ``--exit-code`` 1 if something differs.
    """
    if args.git_setup:
        return run_git_setup(DIFF, args, console)
    if args.textconv_file is not None:
        return _textconv(args.textconv_file, console)
    old = _side("HEAD" if args.old_side is None else args.old_side, args.files)
    new = _side(args.new_side, args.files)
    environments = _differences(old, new, args.files, args.environments, args.platforms)
    differing = [environment for environment in environments if environment]
    width = console.answer_width
    for line in show.markdown(differing) if args.as_markdown else show.text(differing, width):
        console.show(line)
    console.result(
        {
            "environments": {
                environment.environment: environment.to_dict() for environment in environments
            }
        }
    )
    return 1 if args.tell_by_code and differing else 0


def _textconv(file: str, console: Console) -> int:
    """Show a lock as lines that git compares (gitattributes: ``textconv``).

    A file that is not a readable lock is shown unchanged: an error would end all of
    ``git log -p``.
    """
    content = b"".join(read_blocks(Path(file)))
    text = content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
    try:
        lines = record_lines.lines(read_lock(text, file), hashlib.sha256(text.encode()).hexdigest())
    except LockFileError:
        lines = text.splitlines()
    for line in lines:
        console.show(line)
    console.result({"lines": lines})
    return 0


def _differences(
    old: _Side,
    new: _Side,
    files: Sequence[str],
    environments: Sequence[str],
    platforms: Sequence[str],
) -> list[EnvironmentDiff]:
    """Return the differences of the selected environments, in the manifest's order."""
    from conda_multiplat.engines.conda.specs import is_newer

    old, new = _paired(old, new)
    names = _ordered(old.locks.keys() | new.locks.keys(), files)
    for name in environments:
        if name not in names:
            hints = [f"locked environments: {', '.join(names)}"]
            raise UsageError(f"neither side has a lock of environment {name!r}", hints=hints)
    return [
        environment_diff(
            name,
            _only(old.locks.get(name), platforms),
            _only(new.locks.get(name), platforms),
            is_newer,
        )
        for name in names
        if not environments or name in environments
    ]


def _ordered(names: Collection[str], files: Sequence[str]) -> list[str]:
    """Sort environments as in the manifest, unknown ones after them by name.

    A lock can be older than the manifest. If the manifest can't be read, all are sorted by name;
    ``lock`` reports the reason.
    """
    by_name = sorted(names, key=_default_first)
    if len(by_name) == 1:
        return by_name
    try:
        known = tuple(load_project_as_locked(files).manifest.environments)
    except MultiplatError:
        known = ()
    return [name for name in unique((*known, *by_name)) if name in names]


def _default_first(name: str) -> tuple[bool, str]:
    return name != DEFAULT_ENVIRONMENT, name


def _side(named: str | None, files: Sequence[str]) -> _Side:
    """Return the locks of an argument: a file, or a commit; without one, those in the work tree."""
    if named is not None and (Path(named).is_file() or _is_path(named)):
        lock = read_lock(read_lock_text(Path(named)), named)
        return _Side({lock.environment: lock}, single=True)
    if named is not None and ":" in named:
        lock = read_lock(git.show(Path.cwd(), named), named)
        return _Side({lock.environment: lock}, single=True)
    folder = Path(files[0]).absolute().parent if files else find_manifest(Path.cwd()).parent
    if named is None:
        texts = {path.name: (read_lock_text(path), shown(path)) for path in lock_files(folder)}
    else:
        names = [name for name in git.names_at(folder, named) if locked_environment(name)]
        texts = {name: (git.text_at(folder, named, name), f"{named}:{name}") for name in names}
    return _Side({locked_environment(name): read_lock(*pair) for name, pair in texts.items()})


def _is_path(named: str) -> bool:
    return ":" not in named and named.endswith((".yml", ".yaml"))


def _paired(first: _Side, second: _Side) -> tuple[_Side, _Side]:
    """Limit both sides to the environment of a single file; two files are always compared."""
    if first.single and second.single:
        (name,) = second.locks
        return _Side({name: next(iter(first.locks.values()))}), second
    if first.single or second.single:
        (name,) = (first if first.single else second).locks
        return _limited(first, name), _limited(second, name)
    return first, second


def _limited(side: _Side, environment: str) -> _Side:
    return _Side({name: lock for name, lock in side.locks.items() if name == environment})


def _only(lock: LockFile | None, platforms: Sequence[str]) -> LockFile | None:
    return lock.only(platforms) if lock and platforms else lock
