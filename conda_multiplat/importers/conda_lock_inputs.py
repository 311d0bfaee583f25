"""Convert inputs that only conda-lock reads, ``pyproject.toml`` and ``meta.yaml``, to a manifest.

conda-lock's own parsers have read the file; this module gets their results as plain values.
conda-lock locks all categories of a file at once, and ``install`` chooses among them; here ``main``
becomes ``default``, and every other category an environment that extends it. They are in one
solve-group, so that shared packages have one version, as in conda-lock's lock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508

from conda_multiplat.importers.values import Imported, Lost, lone_comments, trailing_comment
from conda_multiplat.manifest.model import Environment, Manifest, Requirement, View
from conda_multiplat.manifest.platform_lines import SpecCheck
from conda_multiplat.vocabulary.errors import Location
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, project_name, unique
from conda_multiplat.vocabulary.yaml_nodes import Text

MAIN = "main"
#: conda-lock's names of some extras.
_CATEGORIES = {"test": "dev"}
#: Characters that an environment's name can't have, since it is a file name.
_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]+")


class Dependency(NamedTuple):
    """A dependency read by conda-lock.

    Attributes:
        name: the package's name for its manager.
        pypi: whether it comes from PyPI.
        category: its category.
        version: constraints in conda's syntax; ``*`` or ``""`` for any.
        build: a build string.
        channel: the required channel.
        extras: the extras of a project.
        place: a URL, a repository's URL or a path, in pip's syntax.
        sha256: the file's hash.
        markers: its markers, if they are about more than platforms.
    """

    name: str
    pypi: bool
    category: str = MAIN
    version: str = ""
    build: str = ""
    channel: str = ""
    extras: tuple[str, ...] = ()
    place: str = ""
    sha256: str = ""
    markers: str = ""


class Parsed(NamedTuple):
    """A file read by conda-lock.

    Attributes:
        file: its name.
        text: its text.
        name: the project's name.
        dependencies: the dependencies by platform.
        channels: the channels' names.
        indexes: PyPI indexes in addition to PyPI.
        only_indexes: whether PyPI itself is excluded.
        lost: what conda-lock does not read.
        notes: conda-lock's warnings, and assumptions.
    """

    file: str
    text: str
    name: str
    dependencies: Mapping[str, Sequence[Dependency]]
    channels: Sequence[str] = ()
    indexes: Sequence[str] = ()
    only_indexes: bool = False
    lost: Sequence[Lost] = ()
    notes: Sequence[str] = ()


def read_conda_lock_input(parsed: Parsed, check_spec: SpecCheck) -> Imported:
    """Return a manifest with the requests that conda-lock would lock.

    Args:
        parsed: the file.
        check_spec: returns what is wrong with a MatchSpec.
    """
    parsed, of_itself = _without_itself(parsed)
    lines = parsed.text.splitlines()
    lost = [*parsed.lost, *lone_comments(parsed.file, parsed.text)]
    reader = _Lines(parsed, check_spec)
    categories = unique(
        dependency.category
        for dependencies in parsed.dependencies.values()
        for dependency in dependencies
    )
    others = [category for category in categories if category != MAIN]
    channels = tuple(Text(name, Location(parsed.file)) for name in parsed.channels)
    group = DEFAULT_ENVIRONMENT if others else ""
    default = Environment(
        DEFAULT_ENVIRONMENT,
        Location(parsed.file),
        views={s: reader.view(s, MAIN)._replace(channels=channels) for s in parsed.dependencies},
        solve_group=group,
    )
    environments = {DEFAULT_ENVIRONMENT: default}
    for category in others:
        name = _NO_NAME.sub("-", category)
        views = {subdir: reader.view(subdir, category) for subdir in parsed.dependencies}
        environments[name] = Environment(
            name, default.at, extends=(DEFAULT_ENVIRONMENT,), views=views, solve_group=group
        )
    manifest = Manifest(
        files=(parsed.file,),
        name=_NO_NAME.sub("-", parsed.name) or None,
        platforms=tuple(parsed.dependencies),
        environments=environments,
    )
    places = {line.at for line in reader.requirements if line.at.line}
    comments = {at: trailing_comment(lines[at.line - 1]) for at in sorted(places)}
    notes = [*parsed.notes, *of_itself, *_notes(parsed, others)]
    written = {at: words for at, words in comments.items() if words}
    return Imported(manifest, tuple(unique_lost([*lost, *reader.lost])), tuple(notes), written)


def unique_lost(lost: Sequence[Lost]) -> list[Lost]:
    """Return each loss once: a line is read for each platform."""
    return sorted(dict.fromkeys(lost))


def _without_itself(parsed: Parsed) -> tuple[Parsed, list[str]]:
    """Replace a project's dependency on itself, ``name[docs]``, by those of its extras.

    A note says so; conda-lock would look for the project in the channels.
    """
    by_platform = {
        subdir: [
            line
            for dependency in dependencies
            for line in _resolved(dependency, dependencies, parsed.name, ())
        ]
        for subdir, dependencies in parsed.dependencies.items()
    }
    if by_platform == parsed.dependencies:
        return parsed, []
    of_extras = "replaced by the requirements of its extras"
    note = f"{parsed.name} requests itself in {parsed.file}: {of_extras}"
    return parsed._replace(dependencies=by_platform), [note]


def _resolved(
    dependency: Dependency, dependencies: Sequence[Dependency], project: str, above: tuple[str, ...]
) -> Iterator[Dependency]:
    """Return a dependency; if it is the project itself, the dependencies of its extras."""
    if not project or project_name(dependency.name) != project_name(project):
        yield dependency
        return
    categories = [_CATEGORIES.get(extra, extra) for extra in dependency.extras]
    for category in categories:
        for category_named in dependencies if category not in above else ():
            if category_named.category == category:
                inherited = category_named._replace(category=dependency.category)
                yield from _resolved(inherited, dependencies, project, (*above, category))


def _notes(parsed: Parsed, others: Sequence[str]) -> Iterator[str]:
    if others:
        is_single = len(others) == 1
        names = f"{'category' if is_single else 'categories'} {', '.join(others)} of {parsed.file}"
        these = "an environment of that name" if is_single else "environments of these names"
        yield f"{names}: now {these}"
    if not parsed.channels:
        yield f"{parsed.file} names no channels: add them to the manifest"


class _Lines:
    """Converts dependencies to lines.

    Attributes:
        lost: what lines can't express.
        requirements: the lines so far.
    """

    def __init__(self, parsed: Parsed, check_spec: SpecCheck) -> None:
        self.parsed = parsed
        self.check_spec = check_spec
        self.lost: list[Lost] = []
        self.requirements: list[Requirement] = []

    def view(self, subdir: str, category: str) -> View:
        """Return the lines of a category on a platform."""
        selected = [
            dependency
            for dependency in self.parsed.dependencies[subdir]
            if dependency.category == category
        ]
        conda = [self._conda(dependency) for dependency in selected if not dependency.pypi]
        pypi = [self._pypi(dependency) for dependency in selected if dependency.pypi]
        self.requirements += [*conda, *pypi]
        return View((), _once(conda), (*(self._options() if pypi else ()), *_once(pypi)))

    def _options(self) -> list[Requirement]:
        first = "--index-url" if self.parsed.only_indexes else "--extra-index-url"
        options = [first, *["--extra-index-url"] * len(self.parsed.indexes)]
        at = Location(self.parsed.file)
        return [
            Requirement(f"{option} {url}", "", at)
            for option, url in zip(options, self.parsed.indexes, strict=False)
        ]

    def _conda(self, dependency: Dependency) -> Requirement:
        at = self._at(dependency.name)
        if dependency.extras:
            extras = ", ".join(dependency.extras)
            hint = f"the PyPI package has them: write {dependency.name}[{extras}] under pip:"
            self.lost.append(Lost(at, f"extras of {dependency.name}: {extras}", hint))
        if dependency.markers:
            what = f"the condition of {dependency.name}: {dependency.markers}"
            self.lost.append(Lost(at, what, "the line applies to every version of Python"))
        version = dependency.version or "*"
        build = f" {dependency.build}" if dependency.build not in ("", "*") else ""
        constraint = f" {version}{build}" if build or version != "*" else ""
        channel = f"{dependency.channel}::" if dependency.channel else ""
        spec = f"{channel}{dependency.name}{constraint}"
        if wrong := self.check_spec(spec):
            self.lost.append(Lost(at, f"{spec}: {wrong}", "only the name is in the manifest"))
            spec = dependency.name
        return Requirement(spec, dependency.name.lower(), at)

    def _pypi(self, dependency: Dependency) -> Requirement:
        at = self._at(dependency.name)
        if dependency.sha256:
            hint = "`lock` takes the hash of the file that it finds"
            self.lost.append(Lost(at, f"the hash of {dependency.name}", hint))
        if dependency.place.startswith((".", "/")):
            return Requirement(dependency.place, "", at)
        extras = f"[{','.join(dependency.extras)}]" if dependency.extras else ""
        where = f" @ {dependency.place}" if dependency.place else _pep440(dependency.version)
        markers = f" ; {dependency.markers}" if dependency.markers else ""
        entry = f"{dependency.name}{extras}{where}{markers}"
        try:
            Pep508(entry)
        except InvalidRequirement as error:
            wrong = str(error).splitlines()[0]
            self.lost.append(Lost(at, f"{entry}: {wrong}", "only the name is in the manifest"))
            entry = f"{dependency.name}{extras}"
        return Requirement(entry, project_name(dependency.name), at)

    def _at(self, name: str) -> Location:
        """Return the place of a package: the first line that may name it."""
        words = re.split(r"[-_.]+", name)
        pattern = re.compile(
            rf"(?<![\w.-]){'[-_.]+'.join(map(re.escape, words))}(?![\w-])", re.IGNORECASE
        )
        for number, line in enumerate(self.parsed.text.splitlines(), start=1):
            if re.match(r"\s*([-\"']|[\w.-]+\s*=)|.*\[", line) and pattern.search(line):
                return Location(self.parsed.file, number)
        return Location(self.parsed.file)


def _once(lines: Sequence[Requirement]) -> tuple[Requirement, ...]:
    """Return each line once; drop a bare name if another line has it."""
    constrained = {line.name for line in lines if line.text != line.name}
    kept = [line for line in lines if line.text != line.name or line.name not in constrained]
    return tuple({line.text: line for line in reversed(kept)}.values())[::-1]


def _pep440(version: str) -> str:
    """Convert a version from conda's syntax to PEP 440."""
    if version in ("", "*"):
        return ""
    parts = [part.strip() for part in version.split(",")]
    return " " + ",".join(f"=={part}" if part[:1].isdigit() else part for part in parts)
