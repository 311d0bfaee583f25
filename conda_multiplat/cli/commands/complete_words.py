"""``conda multiplat complete-words``: print names for a shell's completion; not for people.

It is fast and reports no errors: a user who presses TAB expects nothing but names.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from conda_multiplat.cli.completion.model import flags_after
from conda_multiplat.lockfile.read import package_names
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import find_manifest, lock_files, read_lock_text
from conda_multiplat.machine.project import Project, load_project_as_locked
from conda_multiplat.vocabulary.errors import MultiplatError
from conda_multiplat.vocabulary.file_names import locked_environment
from conda_multiplat.vocabulary.names import SUBDIRS, unique

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


#: Names that no shell would expand or run: they come from files that anybody may have written.
_PLAIN = re.compile(r"[A-Za-z0-9_.+-]+")


def run(args: argparse.Namespace, _: None, console: Console) -> int:
    """Print the names of a kind, one per line; on any error, print none."""
    try:
        names = list(filter(_PLAIN.fullmatch, _words(args.word_kind, args.words)))
    except MultiplatError:
        names = []
    if names:
        console.show("\n".join(names))
    console.result({"words": names})
    return 0


def _words(kind: str, words: Sequence[str]) -> Iterable[str]:
    files = flags_after(words, "-f", "--file")
    match kind:
        case "environments":
            return _environments(files)
        case "platforms":
            return _platforms(files)
        case "platform-changes":
            return _platform_changes(files, words)
        case "packages":
            return _packages(files, flags_after(words, "-e", "--environment"))
        case "names":
            return _names()
        case _:
            return ()


def _environments(files: Sequence[str]) -> Iterable[str]:
    """Return the manifest's environments; if it can't be read, those with a lock."""
    try:
        return load_project_as_locked(files).manifest.environments
    except MultiplatError:
        return [locked_environment(path.name) for path in lock_files(_folder(files))]


def _platforms(files: Sequence[str]) -> Iterable[str]:
    """Return the manifest's platforms; without a readable manifest, all known ones."""
    try:
        project = load_project_as_locked(files)
    except MultiplatError:
        return SUBDIRS
    return _all_platforms(project)


def _platform_changes(files: Sequence[str], words: Sequence[str]) -> Iterable[str]:
    """Return ``add`` and ``remove`` or, after one of them, the platforms that it can take."""
    platforms = list(_platforms(files))
    if "remove" in words:
        return platforms
    return (
        [subdir for subdir in SUBDIRS if subdir not in platforms]
        if "add" in words
        else ("add", "remove")
    )


def _all_platforms(project: Project) -> Iterable[str]:
    manifest = project.manifest
    return unique(
        subdir for name in manifest.environments for subdir in manifest.platforms_of(name)
    )


def _packages(files: Sequence[str], environments: Sequence[str]) -> Iterable[str]:
    """Return the names of all packages in the locks."""
    names: set[str] = set()
    for path in lock_files(_folder(files)):
        if not environments or locked_environment(path.name) in environments:
            names |= package_names(read_lock_text(path))
    return sorted(names)


def _folder(files: Sequence[str]) -> Path:
    return Path(files[0]).absolute().parent if files else find_manifest(Path.cwd()).parent


def _names() -> Iterable[str]:
    """Return the names that ``-n`` accepts: environments in conda's ``envs_dirs``, and base."""
    from conda_multiplat.actions.install.choose_prefix import existing_names  # late: slow
    from conda_multiplat.machine.condarc import settings_from_condarc

    return existing_names(settings_from_condarc(subdir=""))  # names do not depend on the subdir
