"""The manifest as frozen values: what the files say, before any platform is chosen.

``environment.yml`` is CEP 24's; the ``multiplat:`` key adds virtual packages and environments.
A line can hold for some platforms only, so that dependencies and channels come as one
:class:`View` for each platform. ``read`` makes these values from text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from conda_multiplat.manifest.audit_options import Ignored
from conda_multiplat.manifest.license_rules import LicenseRules
from conda_multiplat.manifest.pypi_options import PypiOptions
from conda_multiplat.vocabulary.errors import Location
from conda_multiplat.vocabulary.exclude_newer import ExcludeNewer
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT
from conda_multiplat.vocabulary.virtual_packages import Promises
from conda_multiplat.vocabulary.yaml_nodes import Text

if TYPE_CHECKING:
    from conda_multiplat.vocabulary.project_metadata import ProjectMetadata


#: The names of conda's own environment.
CONDAS_OWN = ("base", "root")


class Requirement(NamedTuple):
    """A line of ``dependencies``: a MatchSpec or, under ``pip:``, a PyPI requirement."""

    text: str
    name: str
    at: Location
    category: str = "main"

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: ``spec``, ``file``, ``line``."""
        return {"spec": self.text, "file": self.at.file, "line": self.at.line}


class LocalProject(NamedTuple):
    """A project on this disk that a line of ``pip:`` brings, and what it says of itself.

    Attributes:
        line: the line.
        metadata: what counts of it.
        extras: those that are asked for.
        needed_by: the local project that needs it from there; ``""`` where the line names it.
        markers: for which targets it is needed; all must hold.
        folder: where it is.
    """

    line: Requirement
    metadata: ProjectMetadata
    extras: tuple[str, ...] = ()
    needed_by: str = ""
    markers: tuple[str, ...] = ()
    folder: str = ""


class View(NamedTuple):
    """What one environment's own lines say for one platform.

    ``projects`` are the local ones among ``pypi``; they are known where the metadata was read.
    """

    channels: tuple[Text, ...] = ()
    conda: tuple[Requirement, ...] = ()
    pypi: tuple[Requirement, ...] = ()
    projects: tuple[LocalProject, ...] = ()


class Environment(NamedTuple):
    """A named set of dependencies, platforms and promises, as declared: nothing inherited yet.

    ``solve_group`` is not inherited: each environment says its own. ``own_name`` is the conda
    environment that it is to be, where the manifest's name and its own don't make that.
    """

    name: str
    at: Location
    extends: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    promises: Promises = MappingProxyType({})
    views: Mapping[str, View] = MappingProxyType({})
    solve_group: str = ""
    own_name: str = ""


class Manifest(NamedTuple):
    """One or several files of one project.

    Attributes:
        files: the files' names as the user gave them, in order.
        name: the conda environment's name, if the manifest has one (see ``prefix_name``).
        platforms: the top-level ``platforms``.
        environments: by name, ``default`` first, then as declared.
        prefer: the order in which ``install`` tries the environments; empty where not said.
        variables: for each platform, the environment variables to set on activation.
        warnings: what is ignored, a line each.
        pypi_names: conda package -> the PyPI projects that it provides, beyond what is known.
        pypi: how versions of PyPI packages are chosen.
        licenses: which licences locked packages may have.
        ignored: vulnerabilities that are not to count.
        platforms_given: False where the platforms are the caller's, since no file names any.
        exclude_newer: what is not to be seen since it is too new.
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
        """The name of the conda environment to make: conda's own one is not the manifest's."""
        return None if self.name in CONDAS_OWN else self.name

    def conda_name(self, name: str) -> str | None:
        """The conda environment that an environment is: its own ``name``, else ``NAME-ENV``.

        ``default`` is ``NAME``. ``None`` where the manifest has no name to begin with.
        """
        if own := self.environments[name].own_name:
            return own
        first = self.prefix_name
        return first if first is None or name == DEFAULT_ENVIRONMENT else f"{first}-{name}"

    def lineage(self, name: str) -> list[Environment]:
        """``name`` and all that it extends, the most general first, each once."""
        ancestors: dict[str, Environment] = {}

        def visit(environment: Environment) -> None:
            for parent in environment.extends:
                if parent not in ancestors:
                    visit(self.environments[parent])
            ancestors.setdefault(environment.name, environment)

        visit(self.environments[name])
        return list(ancestors.values())

    def heirs(self, name: str) -> list[str]:
        """The environments that an environment's own lines count for: it, and who extends it."""
        declared = self.environments[name]
        return [
            environment
            for environment in self.environments
            if declared in self.lineage(environment)
        ]

    def platforms_of(self, name: str) -> tuple[str, ...]:
        """The platforms of an environment: its own, or those that all it extends have."""
        if self.environments[name].platforms:
            return self.environments[name].platforms
        known: dict[str, tuple[str, ...]] = {}
        for environment in self.lineage(name):  # what it extends comes first
            parents = [known[parent] for parent in environment.extends]
            first = parents[0] if parents else self.platforms
            inherited = tuple(subdir for subdir in first if all(subdir in p for p in parents))
            known[environment.name] = environment.platforms or inherited
        return known[name]

    def peers_of(self, name: str, subdir: str) -> list[str]:
        """The other environments of an environment's solve-group that have a platform."""
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
        """The same with each view of each environment as ``changed`` makes it."""
        return self._replace(
            environments={
                name: each._replace(views={at: changed(view) for at, view in each.views.items()})
                for name, each in self.environments.items()
            }
        )

    def view(self, name: str, subdir: str) -> View:
        """All that holds for an environment on a platform, what it extends included.

        Channels of the more special environment come first: there they are preferred.
        """
        views = [ancestor.views.get(subdir, View()) for ancestor in self.lineage(name)]
        channels: dict[str, Text] = {}
        for view in reversed(views):
            for channel in view.channels:
                channels.setdefault(channel.value, channel)
        if not channels:  # one that extends nothing is still of this manifest
            top = self.environments[DEFAULT_ENVIRONMENT].views.get(subdir, View())
            channels = {channel.value: channel for channel in top.channels}
        return View(
            channels=tuple(channels.values()),
            conda=tuple(requirement for view in views for requirement in view.conda),
            pypi=tuple(requirement for view in views for requirement in view.pypi),
            projects=tuple(project for view in views for project in view.projects),
        )
