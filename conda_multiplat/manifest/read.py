"""Read manifests: ``environment.yml`` text -> :class:`Manifest`, or all of its problems at once.

A file is read in this order:

1. The parts that no selector changes (``head``): ``platforms`` and the ``multiplat:`` key.
2. For each platform that is named anywhere, lines whose comment selector is false are blanked, and
   the rest, which must be YAML (CEP 24), is read (``platform_lines``): the platform's dependencies,
   channels and variables. Files without comment selectors are parsed once.
3. Several files are combined (``combine``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import yaml

from conda_multiplat.manifest import exclude_newer
from conda_multiplat.manifest.combine import (
    combine,
    lonely_groups,
    nowhere_problems,
    relation_problems,
    shared_name_problems,
)
from conda_multiplat.manifest.head import Head, read_head
from conda_multiplat.manifest.license_rules import LicenseCheck, combine_rules, license_problems
from conda_multiplat.manifest.model import Manifest
from conda_multiplat.manifest.platform_lines import EntryName, LineReader, Lines, SpecCheck
from conda_multiplat.manifest.pypi_options import combine_options
from conda_multiplat.vocabulary.errors import Location, ManifestError, Problem
from conda_multiplat.vocabulary.names import unique
from conda_multiplat.vocabulary.selectors import filter_lines, selector_lines
from conda_multiplat.vocabulary.yaml_nodes import Reader, Text

__all__ = ["EntryName", "Source", "SpecCheck", "read_manifest"]


class Source(NamedTuple):
    """A manifest's text and its file name as the user gave it."""

    file: str
    text: str


def read_manifest(
    sources: Sequence[Source],
    *,
    host_subdirs: Sequence[str],
    check_spec: SpecCheck | None = None,
    entry_name: EntryName | None = None,
    check_license: LicenseCheck | None = None,
    also: Sequence[str] = (),
) -> Manifest:
    """Read one or several files as one manifest.

    Args:
        sources: the files, in the order in which later ones take precedence.
        host_subdirs: the platforms to assume if no file names any (CEP 24).
        check_spec: checks a MatchSpec; without it, specs are not parsed.
        entry_name: reads an entry of ``pip:``; without it, entries are not checked.
        check_license: checks an entry of ``licenses:``; without it, entries are not checked.
        also: platforms to read in addition to those that the files name.

    Raises:
        ManifestError: the files have problems; the error has all of them.
    """
    readers = [_FileReader(source, check_spec, entry_name) for source in sources]
    heads = [reader.head() for reader in readers]
    platforms = unique(platform for head in heads for platform in head.platforms) or tuple(
        host_subdirs
    )
    named = [env.platforms for head in heads for env in head.environments.values()]
    subdirs = unique([*platforms, *also, *(subdir for group in named for subdir in group)])
    lines = [{subdir: reader.lines(subdir) for subdir in subdirs} for reader in readers]
    problems = {problem for reader in readers for problem in reader.problems}
    if check_license:
        rules = [head.licenses for head in heads]
        problems |= {problem for rule in rules for problem in license_problems(rule, check_license)}
    environments = combine(heads, lines, subdirs, problems)
    problems |= relation_problems(environments, heads)
    file_rules = [head.exclude_newer for head in heads]
    problems |= exclude_newer.channel_problems(file_rules, environments)
    files = ", ".join(source.file for source in sources)
    if problems:
        raise ManifestError(f"{files} can't be used", problems=sorted(problems))
    name = next((head.name.value for head in reversed(heads) if head.name), None)
    manifest = Manifest(
        files=tuple(source.file for source in sources),
        name=name,
        platforms=platforms,
        environments=environments,
        prefer=unique(text.value for head in heads for text in head.prefer),
        variables={subdir: _merge(line[subdir].variables for line in lines) for subdir in subdirs},
        pypi_names={k: v for head in heads for k, v in head.pypi_names.items()},
        pypi=combine_options([head.pypi for head in heads]),
        licenses=combine_rules([head.licenses for head in heads]),
        ignored=tuple(entry for head in heads for entry in head.ignored),
        warnings=(
            *(warning for head in heads for warning in head.warnings),
            *lonely_groups(environments.values()),
        ),
        platforms_given=any(head.platforms for head in heads),
        exclude_newer=exclude_newer.combine_rules(file_rules),
    )
    if problems := nowhere_problems(manifest) | shared_name_problems(manifest):
        raise ManifestError(f"{files} can't be used", problems=sorted(problems))
    return manifest


class _FileReader:
    """Reads one file, once for all platforms and once for each platform."""

    def __init__(
        self, source: Source, check_spec: SpecCheck | None, entry_name: EntryName | None
    ) -> None:
        self._source = source
        self._reader = Reader(source.file)
        self._check_spec = cache(check_spec or (lambda _: None))
        self._entry_name = cache(entry_name or (lambda _: ""))
        self._selector_lines = selector_lines(source.text)
        self._compose = cache(self._reader.compose)

    @property
    def problems(self) -> set[Problem]:
        """The problems found so far."""
        return self._reader.problems

    def head(self) -> Head:
        """Read the part that is the same on every platform."""
        reader = Reader(
            self._source.file,
            self.problems,
            duplicates_allowed=bool(self._selector_lines),
            selector_lines=self._selector_lines,
        )
        return read_head(reader, self._root(self._source.text))

    def lines(self, subdir: str) -> Lines:
        """Read the part for one platform."""
        text = self._source.text
        if self._selector_lines:
            text, problems = filter_lines(text, subdir, self._source.file)
            self.problems.update(problems)
        reader = LineReader(
            self._reader,
            subdir,
            check_spec=self._check_spec,
            entry_name=self._entry_name,
            comment_line=min(self._selector_lines, default=0),
        )
        return reader.read(self._compose(text))

    def _root(self, text: str) -> list[tuple[Text, yaml.Node]]:
        node = self._compose(text)
        if node is None:
            if not self.problems:
                hint = "an environment.yml has at least `dependencies:`"
                self._reader.problem(Location(self._source.file), "the file is empty", hint)
            return []
        if not isinstance(node, yaml.MappingNode):
            hint = "an environment.yml has `name:`, `channels:`, `dependencies:`"
            self._reader.problem(node, "the file is not a mapping", hint)
            return []
        pairs = [(self._reader.text(key, "a key"), value) for key, value in node.value]
        return [(key, value) for key, value in pairs if key is not None]


def _merge(maps: Iterable[dict[str, str]]) -> dict[str, str]:
    return {key: value for mapping in maps for key, value in mapping.items()}
