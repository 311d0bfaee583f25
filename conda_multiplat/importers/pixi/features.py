"""pixi's features: their requirements on a platform, and parts that a manifest can't express.

A feature is a table; the top-level tables form one, and so do the keys of an environment itself. As
in pixi, later targets take precedence, and build dependencies over host over run dependencies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conda_multiplat.importers.pixi.platforms import PixiPlatform
from conda_multiplat.importers.pixi.specs import Translated, conda_spec, pypi_entries, pypi_options
from conda_multiplat.importers.toml_lines import Places
from conda_multiplat.importers.values import Lost, trailing_comment
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.manifest.platform_lines import SpecCheck
from conda_multiplat.manifest.pypi_options import PypiOptions, is_index
from conda_multiplat.vocabulary.channels import public_name
from conda_multiplat.vocabulary.errors import Location, WordingError
from conda_multiplat.vocabulary.names import project_name, spec_name
from conda_multiplat.vocabulary.pip_entries import entry_name

_CONDA = ("dependencies", "host-dependencies", "build-dependencies")
_PYPI = ("pypi-dependencies",)
#: The keys of a feature's table that are read, here or elsewhere.
_READ = (
    *_CONDA,
    *_PYPI,
    *("activation", "channels", "platforms", "pypi-options", "system-requirements", "target"),
    *("features", "solve-group", "no-default-feature"),
)
#: The keys that are read only at the top level.
_READ_AT_THE_TOP = ("exclude-newer",)
_INSTEAD = {
    "constraints": "write it as a dependency if it must apply",
    "tasks": "run a command in the environment with `conda multiplat run -- COMMAND`",
    "scripts": "source them yourself, or put them into the environment's etc/conda/activate.d",
    "env": "conda sets the value literally: other variables in it are not expanded",
    "channel-priority": "`conda multiplat lock --channel-priority` sets one for all environments",
}


@dataclass(frozen=True)
class Feature:
    """A feature.

    Attributes:
        name: ``default`` for the top-level tables.
        table: its content.
        path: its path in the file.
        extra: PyPI requirements from other tables of a ``pyproject.toml``.
    """

    name: str
    table: Mapping[str, Any]
    path: tuple[str, ...]
    extra: tuple[Requirement, ...] = ()


@dataclass
class FeatureReader:
    """Reads features of one file; what a manifest can't express is collected in ``lost``.

    Attributes:
        places: positions in the file.
        check_spec: returns what is wrong with a MatchSpec.
        pool: ``[workspace.dependencies]``.
        sources: projects that always come from the same index -> its URL.
        lost: each once, though a line is read for each platform.
        comments: the comments of requirements.
    """

    places: Places
    check_spec: SpecCheck
    pool: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    lost: dict[Lost, None] = field(default_factory=dict)
    comments: dict[Location, str] = field(default_factory=dict)

    def lose(self, at: Location | tuple[str, ...], what: str, instead: str = "") -> None:
        """Record that something at a place, or at a key's path, was not converted."""
        place = at if isinstance(at, Location) else self.places.at(*at)
        self.lost.setdefault(Lost(place, what, instead))

    def conda(self, feature: Feature, platform: PixiPlatform) -> Iterator[Requirement]:
        """Return a feature's MatchSpecs on a platform."""
        for name, (value, path) in _combined(feature, platform, _CONDA).items():
            for text in self._entries(conda_spec(name, value, self.pool), path):
                wrong = self.check_spec(text)
                if wrong:
                    self.lose(path, f"{text}: {wrong}", "only the name is in the manifest")
                yield Requirement(name if wrong else text, spec_name(text), self._place(path))

    def pypi(self, feature: Feature, platform: PixiPlatform) -> Iterator[Requirement]:
        """Return its entries of ``pip:``, options first."""
        yield from self.options(feature.table.get("pypi-options", {}), *feature.path)
        for name, (value, path) in _combined(feature, platform, _PYPI).items():
            has_source = project_name(name) in self.sources
            for text in self._entries(pypi_entries(name, value, has_source=has_source), path):
                yield from self.entry(text, self._place(path))
        yield from feature.extra

    def options(self, table: Mapping[str, Any], *path: str) -> Iterator[Requirement]:
        """Return ``pypi-options`` as entries of ``pip:``."""
        path = (*path, "pypi-options")
        for text in self._entries(pypi_options(table), path):
            yield from self.entry(text, self.places.at(*path))

    def entry(self, text: str, at: Location) -> Iterator[Requirement]:
        """Return an entry of ``pip:``, if we can lock it."""
        try:
            yield Requirement(text, entry_name(text), at)
        except WordingError as error:
            self.lose(at, str(error), error.hint)

    def variables(self, feature: Feature, platform: PixiPlatform) -> dict[str, str]:
        """Return the environment variables of its activation."""
        texts: dict[str, str] = {}
        for table, path in _tables(feature, platform):
            for name, value in table_of(table_of(table, "activation"), "env").items():
                text = str(value)
                if "$" in text or "%" in text:
                    place = (*path, "activation", "env", name)
                    self.lose(place, f"activation: {name} = {text!r}", _INSTEAD["env"])
                else:
                    texts[name] = text
        return texts

    def leave(self, feature: Feature, platforms: Sequence[PixiPlatform]) -> None:
        """Record everything in a feature that a manifest can't express."""
        self._leave(feature.table, feature.path, _words(feature))
        for selector, table in table_of(feature.table, "target").items():
            path = (*feature.path, "target", selector)
            if not any(platform.matches(selector) for platform in platforms):
                self.lose(path, f"target {selector!r}: no platform matches it")
            self._leave(table, path, _words(feature))

    def _leave(self, table: Mapping[str, Any], path: tuple[str, ...], words: str) -> None:
        if scripts := table_of(table, "activation").get("scripts"):
            what = f"activation scripts{words}: {_shown(scripts)}"
            self.lose((*path, "activation", "scripts"), what, _INSTEAD["scripts"])
        for key, value in table.items():
            if key not in _READ and (words or key not in _READ_AT_THE_TOP):
                what = f"{key}{words}: {_shown(value)}"
                self.lose((*path, key), what, _INSTEAD.get(key, ""))

    def _entries(self, translated: Translated, path: tuple[str, ...]) -> Sequence[str]:
        for what, instead in translated.lost:
            self.lose(path, what, instead)
        return translated.entries

    def _place(self, path: tuple[str, ...]) -> Location:
        at = self.places.at(*path)
        line = self.places.lines[at.line - 1] if at.line else ""
        if words := trailing_comment(line) if path[-1] in line else "":
            self.comments[at] = words
        return at


def sources_of(features: Iterable[Feature]) -> dict[str, str]:
    """Return projects whose lines all use the same index -> its URL.

    A manifest's ``sources`` apply to all environments.
    """
    indexes: dict[str, set[str]] = {}
    for feature in features:
        targets = table_of(feature.table, "target").values()
        for table in (feature.table, *targets):
            for name, value in table_of(table, "pypi-dependencies").items():
                index = value.get("index", "") if isinstance(value, Mapping) else ""
                indexes.setdefault(project_name(name), set()).add(str(index))
        for requirement in feature.extra:
            indexes.setdefault(requirement.name, set()).add("")
    return {
        name: next(iter(urls))
        for name, urls in indexes.items()
        if len(urls) == 1 and all(map(is_index, urls))
    }


def pypi_options_of(sources: Mapping[str, str]) -> PypiOptions:
    """Return ``multiplat: pypi:`` with ``indexes``, named after their URLs, and ``sources``."""
    names: dict[str, str] = {}
    for url in sources.values():
        words = re.findall("[a-z0-9]+", public_name(url).partition("://")[2].lower())
        name = "-".join(word for word in words if word != "simple")
        taken = url not in names and name in names.values()
        names.setdefault(url, f"{name}-{len(names) + 1}" if taken else name)
    indexes = sorted((name, url) for url, name in names.items())
    return PypiOptions(
        indexes=tuple(indexes),
        sources=tuple(sorted((project, names[url]) for project, url in sources.items())),
    )


def _words(feature: Feature) -> str:
    return "" if feature.name == "default" else f" of {feature.name}"


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, Mapping | list) else str(value)


def table_of(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the table of a key; an empty one if there is none."""
    value = table.get(key)
    return value if isinstance(value, Mapping) else {}


def _tables(
    feature: Feature, platform: PixiPlatform
) -> Iterator[tuple[Mapping[str, Any], tuple[str, ...]]]:
    """Return the feature's own table, then its target tables that match the platform, in order."""
    yield feature.table, feature.path
    for selector, table in table_of(feature.table, "target").items():
        if platform.matches(selector):
            yield table, (*feature.path, "target", selector)


def _combined(
    feature: Feature, platform: PixiPlatform, kinds: Sequence[str]
) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """Return each requirement's value and path; for equal names, the last one counts."""
    values: dict[str, tuple[Any, tuple[str, ...]]] = {}
    for kind in kinds:
        for table, path in _tables(feature, platform):
            for name, value in table_of(table, kind).items():
                values[name.lower()] = (value, (*path, kind, name))
    return values
