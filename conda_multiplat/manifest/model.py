"""The manifest as frozen values: what the files say, before any platform is chosen.

``environment.yml`` is CEP 24's; the ``multiplat:`` key adds virtual packages and environments.
A line may apply to some platforms only, so dependencies and channels are in one :class:`View` for
each platform. ``read`` makes these values from text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from conda_multiplat.manifest.audit_options import Ignored
from conda_multiplat.manifest.license_rules import LicenseRules
from conda_multiplat.manifest.pypi_options import PypiOptions
from conda_multiplat.vocabulary.errors import Location
from conda_multiplat.vocabulary.exclude_newer import ExcludeNewer
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT
from conda_multiplat.vocabulary.pip_index import index_url
from conda_multiplat.vocabulary.virtual_packages import Promises
from conda_multiplat.vocabulary.yaml_nodes import Text

if TYPE_CHECKING:
    from conda_multiplat.vocabulary.project_metadata import ProjectMetadata


#: Names of conda's base environment.
BASE_NAMES = ("base", "root")


class Requirement(NamedTuple):
    """A line of ``dependencies``: a MatchSpec or, under ``pip:``, a PyPI requirement."""

    text: str
    name: str
    at: Location
    category: str = "main"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form: ``spec``, ``file``, ``line``."""
        return {"spec": self.text, "file": self.at.file, "line": self.at.line}


class LocalProject(NamedTuple):
    """A local project that a line of ``pip:`` requires, with its metadata.

    Attributes:
        line: the line.
        metadata: its metadata, as far as it decides what is locked.
        extras: the requested extras.
        needed_by: the local project that requires it; ``""`` if the line names it.
        markers: the PEP 508 markers under which it is required; all must be true.
        folder: its path.
    """

    line: Requirement
    metadata: ProjectMetadata
    extras: tuple[str, ...] = ()
    needed_by: str = ""
    markers: tuple[str, ...] = ()
    folder: str = ""


class View(NamedTuple):
    """The content of one environment's own lines for one platform.

    ``projects`` are the local projects among ``pypi``; empty until their metadata has been read.
    """

    channels: tuple[Text, ...] = ()
    conda: tuple[Requirement, ...] = ()
    pypi: tuple[Requirement, ...] = ()
    projects: tuple[LocalProject, ...] = ()


class Environment(NamedTuple):
    """A named set of dependencies, platforms and promises, as declared, without inheritance.

    ``promise_places`` has the location of each of its ``promises``, by platform or family and name.
    ``solve_group`` is never inherited. ``own_name`` is the value of its ``name:``, which replaces
    the default name ``NAME-ENV`` of its conda environment.
    """

    name: str
    at: Location
    extends: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    promises: Promises = MappingProxyType({})
    views: Mapping[str, View] = MappingProxyType({})
    solve_group: str = ""
    own_name: str = ""
    promise_places: Mapping[str, Mapping[str, Location]] = MappingProxyType({})


class Manifest(NamedTuple):
    """One or several files of one project.

    Attributes:
        files: the files' names as the user gave them, in order.
        name: the conda environment's name, if the manifest has one (see ``prefix_name``).
        platforms: the top-level ``platforms``.
        environments: by name, ``default`` first, then as declared.
        prefer: the order in which ``install`` tries the environments; may be empty.
        variables: platform -> environment variables to set on activation.
        warnings: a line for each ignored key.
        pypi_names: conda package -> the PyPI projects that it provides, in addition to our table.
        pypi: how versions of PyPI packages are chosen.
        licenses: which licences locked packages may have.
        ignored: the ignored vulnerabilities.
        platforms_given: False if the platforms are the caller's, since no file names any.
        exclude_newer: which packages are ignored as too new.
    """

    files: tuple[str, ...]
    name: str | None
    platforms: tuple[str, ...]
    environments: Mapping[str, Environment]
    prefer: tuple[str, ...] = ()
    variables: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    warnings: tuple[str, ...] = ()
    pypi_names: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    pypi: PypiOptions = PypiOptions()
    licenses: LicenseRules = LicenseRules()
    ignored: tuple[Ignored, ...] = ()
    platforms_given: bool = True
    exclude_newer: ExcludeNewer = ExcludeNewer()

    @property
    def prefix_name(self) -> str | None:
        """The name of the conda environment to create; ``None`` for conda's base environment."""
        return None if self.name in BASE_NAMES else self.name

    def conda_name(self, name: str) -> str | None:
        """Return the name of an environment's conda environment: its ``name:`` or ``NAME-ENV``.

        ``default`` is ``NAME``. ``None`` if the manifest has no name.
        """
        if own_name := self.environments[name].own_name:
            return own_name
        first = self.prefix_name
        return first if first is None or name == DEFAULT_ENVIRONMENT else f"{first}-{name}"

    def lineage(self, name: str) -> list[Environment]:
        """Return ``name`` and all environments that it extends, the most general first."""
        ancestors: dict[str, Environment] = {}

        def visit(environment: Environment) -> None:
            for parent in environment.extends:
                if parent not in ancestors:
                    visit(self.environments[parent])
            ancestors.setdefault(environment.name, environment)

        visit(self.environments[name])
        return list(ancestors.values())

    def heirs(self, name: str) -> list[str]:
        """Return the environments that its own lines apply to: itself and those extending it."""
        declared = self.environments[name]
        return [
            environment
            for environment in self.environments
            if declared in self.lineage(environment)
        ]

    def platforms_of(self, name: str) -> tuple[str, ...]:
        """Return an environment's platforms: its own, or those common to all that it extends."""
        if self.environments[name].platforms:
            return self.environments[name].platforms
        platforms: dict[str, tuple[str, ...]] = {}
        for environment in self.lineage(name):  # environments come after those that they extend
            parents = [platforms[parent] for parent in environment.extends]
            first = parents[0] if parents else self.platforms
            inherited = tuple(subdir for subdir in first if all(subdir in p for p in parents))
            platforms[environment.name] = environment.platforms or inherited
        return platforms[name]

    def peers_of(self, name: str, subdir: str) -> list[str]:
        """Return the other environments of its solve-group that have the platform."""
        group = self.environments[name].solve_group
        return [
            other.name
            for other in self.environments.values()
            if group
            and other.solve_group == group
            and other.name != name
            and subdir in self.platforms_of(other.name)
        ]

    def with_views(self, changed: Callable[[View], View]) -> Manifest:
        """Return a copy in which ``changed`` has been applied to each view of each environment."""
        return self._replace(
            environments={
                name: environment._replace(
                    views={at: changed(view) for at, view in environment.views.items()}
                )
                for name, environment in self.environments.items()
            }
        )

    def view(self, name: str, subdir: str) -> View:
        """Return the merged view of an environment on a platform, including what it extends.

        Channels of the more specific environment come first, and have the higher priority. An index
        that replaces PyPI is in it once, however often it is named.
        """
        views = [ancestor.views.get(subdir, View()) for ancestor in self.lineage(name)]
        channels: dict[str, Text] = {}
        for view in reversed(views):
            for channel in view.channels:
                channels.setdefault(channel.value, channel)
        if not channels:  # one that extends nothing uses the manifest's channels
            top = self.environments[DEFAULT_ENVIRONMENT].views.get(subdir, View())
            channels = {channel.value: channel for channel in top.channels}
        return View(
            channels=tuple(channels.values()),
            conda=tuple(requirement for view in views for requirement in view.conda),
            pypi=tuple(_with_an_index_once(line for view in views for line in view.pypi)),
            projects=tuple(project for view in views for project in view.projects),
        )


def _with_an_index_once(lines: Iterable[Requirement]) -> Iterator[Requirement]:
    """Yield the lines but those that name an index again which replaces PyPI already."""
    urls: set[str] = set()
    for line in lines:
        url = index_url(line.text)
        if url not in urls:
            yield line
        if url:
            urls.add(url)
