"""Normalise the entries of ``pip:``: one requirement or option a line, paths from one folder.

``-r FILE`` and ``-c FILE`` are replaced by the files' own lines. Each line is then a requirement
with its own place, is part of the request's digest, and is named in errors. A line of a constraints
file gets the prefix ``pip_entries.CONSTRAINT``. A line with several options is split. Relative
paths start at the folder of their file; they are converted to paths from the locks' folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from conda_multiplat.machine.files import (
    NOT_SHOWN,
    ReadText,
    is_foreign,
    read_text,
    repository_of,
    shown,
)
from conda_multiplat.machine.pip_paths import file_path, placed, project_place
from conda_multiplat.manifest.model import Environment, LocalProject, Manifest, Requirement, View
from conda_multiplat.vocabulary.errors import (
    Location,
    ManifestError,
    MultiplatError,
    Problem,
    WordingError,
)
from conda_multiplat.vocabulary.pip_entries import entry_name, single_entries, single_name
from conda_multiplat.vocabulary.pip_index import index_url
from conda_multiplat.vocabulary.pip_options import (
    CONSTRAINT,
    EDITABLE,
    FILES,
    HASH,
    split_option,
)

_CONSTRAINTS = ("-c", "--constraint")


def expand(
    manifest: Manifest, folders: Mapping[str, Path], base: Path, read: ReadText = read_text
) -> Manifest:
    """Return the manifest with the lines of requirements and constraints files.

    Args:
        manifest: the manifest.
        folders: the folder of each of its files, the base of the file's paths.
        base: the locks' folder.
        read: returns the text of a file.

    Raises:
        ManifestError: with every line that can't be read.
    """
    work = _Expansion(folders, base, read)
    environments = {
        name: work.environment(environment) for name, environment in manifest.environments.items()
    }
    expanded = manifest._replace(environments=environments)
    work.require_one_index(expanded)
    if work.problems:
        names = ", ".join(sorted({problem.location.file for problem in work.problems}))
        raise ManifestError(f"{names} can't be used", problems=sorted(work.problems))
    warnings = (*manifest.warnings, *sorted(work.notes))
    return expanded._replace(warnings=warnings)


class _From(NamedTuple):
    """The context of an entry: the base folders of its paths, and the files that include it."""

    homes: tuple[Path, ...]
    above: tuple[Path, ...] = ()


@dataclass
class _Expansion:
    folders: Mapping[str, Path]
    base: Path
    read: ReadText
    problems: set[Problem] = field(default_factory=set)
    notes: set[str] = field(default_factory=set)

    def environment(self, environment: Environment) -> Environment:
        views: dict[str, View] = {}
        for subdir, view in environment.views.items():
            lines = [
                line
                for entry in view.pypi
                for line in self._lines(entry, _From((self.folders.get(entry.at.file, self.base),)))
            ]
            unique = tuple(dict.fromkeys(lines))
            views[subdir] = view._replace(pypi=unique, projects=self._projects(unique))
        return environment._replace(views=views)

    def require_one_index(self, manifest: Manifest) -> None:
        """Note each second index that would replace PyPI, for an environment with all it extends.

        Of two, pip takes the last and uv none: neither is what both lines say.
        """
        for name in manifest.environments:
            for subdir in manifest.platforms_of(name):
                lines = manifest.view(name, subdir).pypi
                indexes = [line for line in lines if index_url(line.text)]
                for line in indexes[1:]:
                    option, _ = split_option(line.text)
                    message = f"a second {option}: there is another one in {indexes[0].at}"
                    hint = "write the URLs of further indexes with --extra-index-url"
                    self.problems.add(Problem(line.at, message, hint))

    def _lines(self, entry: Requirement, origin: _From) -> Iterator[Requirement]:
        """Return the lines that an entry stands for."""
        singles = single_entries(entry.text)
        for single in singles:
            is_whole = single == entry.text.strip()
            line = entry if is_whole else entry._replace(text=single, name=single_name(single))
            if split_option(single)[0] in FILES:
                yield from self._file(line, origin)
                continue
            line, note = placed(line, origin.homes, self.base)
            if note:
                self.notes.add(f"{entry.at}: {note}")
            yield line

    def _projects(self, lines: Iterable[Requirement]) -> tuple[LocalProject, ...]:
        """Return the local projects among lines, with their metadata."""
        named = [(line, place) for line in lines if (place := project_place(line))]
        if not named:
            return ()
        # late: packages from an index need no readers of TOML and setup.cfg
        from conda_multiplat.machine.local_projects import local_projects

        projects: list[LocalProject] = []
        for line, place in named:
            try:
                projects += local_projects(line, place, self.base, self.read)
            except WordingError as error:  # noqa: PERF203 - each line has problems of its own
                self.problems.add(Problem(line.at, f"{line.text}: {error}", error.hint))
        self.notes |= {_note(project) for project in projects if project.metadata.dynamic}
        return tuple(projects)

    def _file(self, entry: Requirement, origin: _From) -> Iterator[Requirement]:
        """Return the lines of the file that an entry names."""
        option, value = split_option(entry.text)
        path = file_path(value, origin.homes[0])
        if path in origin.above:
            hint = "break the cycle of -r and -c"
            self.problems.add(Problem(entry.at, f"{value} includes itself", hint))
            return
        foreign = is_foreign(path, self.base)
        if foreign and (repository := repository_of(self.base / "x")):
            hint = (
                f"a manifest can name files of its repository, {shown(repository)}: copy it there"
            )
            self.problems.add(
                Problem(entry.at, f"{entry.text}: it is outside this repository", hint)
            )
            return
        try:
            text = self.read(path)
        except MultiplatError as error:
            hint = f"it is relative to {shown(origin.homes[0])}"
            self.problems.add(Problem(entry.at, f"{entry.text}: {error.message}", hint))
            return
        homes = (path.parent, *origin.homes[-1:])
        inner = _From(homes, (*origin.above, path))
        for number, column, line in _logical(text):
            at = Location(shown(path), number, column)
            try:
                requirement = Requirement(line, entry_name(line), at, entry.category)
            except WordingError as error:
                shown_problem = Problem(at, str(error), error.hint)
                self.problems.add(Problem(at, NOT_SHOWN) if foreign else shown_problem)
                continue
            for inner_line in self._lines(requirement, inner):
                yield self._constraint(inner_line) if option in _CONSTRAINTS else inner_line

    def _constraint(self, line: Requirement) -> Requirement:
        """Return a line of a constraints file, which must have a name (as in pip)."""
        option = split_option(line.text)[0]
        if line.text.startswith((CONSTRAINT, HASH)) or (option and option not in EDITABLE):
            return line
        if not line.name:
            hint = "write `NAME==VERSION` or `NAME @ URL`"
            self.problems.add(Problem(line.at, f"a constraint has no name: {line.text!r}", hint))
        return line._replace(text=CONSTRAINT + line.text)


def _note(project: LocalProject) -> str:
    whose = f"{project.metadata.name}'s" if project.needed_by else "its"
    return (
        f"{project.line.at}: {project.line.text}: only a build determines {whose} "
        f"{', '.join(project.metadata.dynamic)}, so changes of that are not noticed"
    )


def _logical(text: str) -> Iterator[tuple[int, int, str]]:
    """Return the logical lines with their places: without comments, continued ones joined."""
    held, start, column = "", 0, 1
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if not held:
            start, column = number, len(line) - len(line.lstrip()) + 1
        bare = re.sub(r"(^|\s)#.*$", "", line).rstrip()
        if bare.endswith("\\"):
            held += bare[:-1] + " "
            continue
        whole = " ".join((held + bare).split())
        held = ""
        if whole:
            yield start, column, whole
