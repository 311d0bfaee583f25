"""``-r FILE`` and ``-c FILE`` among the entries of ``pip:``, replaced by the files' own lines.

Each line then is a requirement with its own place, is part of the request's digest, and is named
in errors. A line of a constraints file has ``pip_entries.CONSTRAINT`` before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from conda_multiplat.machine.files import ReadText, read_text, shown
from conda_multiplat.manifest.model import Environment, Manifest, Requirement, View
from conda_multiplat.vocabulary.errors import (
    Location,
    ManifestError,
    MultiplatError,
    Problem,
    WordingError,
)
from conda_multiplat.vocabulary.pip_entries import CONSTRAINT, entry_name, split_option

_REQUIREMENTS = ("-r", "--requirement")
_CONSTRAINTS = ("-c", "--constraint")


def expand(manifest: Manifest, folder: Path, read: ReadText = read_text) -> Manifest:
    """The manifest with the lines of requirements and constraints files in it.

    Raises:
        ManifestError: with every line that can't be read.
    """
    problems: set[Problem] = set()
    environments = {
        name: _expanded(each, folder, read, problems)
        for name, each in manifest.environments.items()
    }
    if problems:
        names = ", ".join(sorted({problem.location.file for problem in problems}))
        raise ManifestError(f"{names} can't be used", problems=sorted(problems))
    return manifest._replace(environments=environments)


def _expanded(
    environment: Environment, folder: Path, read: ReadText, problems: set[Problem]
) -> Environment:
    views: dict[str, View] = {}
    for subdir, view in environment.views.items():
        lines = [
            line
            for requirement in view.pypi
            for line in _lines(requirement, folder, read, problems, ())
        ]
        views[subdir] = view._replace(pypi=tuple(dict.fromkeys(lines)))
    return environment._replace(views=views)


def _lines(
    entry: Requirement,
    folder: Path,
    read: ReadText,
    problems: set[Problem],
    above: Sequence[Path],
) -> Iterator[Requirement]:
    """What an entry stands for; ``above`` are the files that it was read from."""
    option, value = split_option(entry.text)
    if option not in (*_REQUIREMENTS, *_CONSTRAINTS):
        yield entry
        return
    path = (folder / value).resolve()
    if path in above:
        problems.add(Problem(entry.at, f"{value} reads itself", "break the circle of -r and -c"))
        return
    try:
        text = read(path)
    except MultiplatError as error:
        problems.add(Problem(entry.at, f"{entry.text}: {error.message}"))
        return
    for number, line in _logical(text):
        at = Location(shown(path), number)
        constraint = option in _CONSTRAINTS or entry.text.startswith(CONSTRAINT)
        try:
            name = entry_name(line)
        except WordingError as error:
            problems.add(Problem(at, str(error), error.hint))
            continue
        inner = Requirement(line, name, at, entry.category)
        for each in _lines(inner, path.parent, read, problems, (*above, path)):
            told = constraint and not each.text.startswith(("-", CONSTRAINT))
            yield each._replace(text=CONSTRAINT + each.text) if told else each


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, comments out, continued ones joined; with their numbers."""
    held, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start if held else number
        bare = re.sub(r"(^|\s)#.*$", "", line).rstrip()
        if bare.endswith("\\"):
            held += bare[:-1] + " "
            continue
        whole = " ".join((held + bare).split())
        held = ""
        if whole:
            yield start, whole
