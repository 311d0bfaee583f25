"""Manifest -> targets: environments by platforms, with their virtual packages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from conda_multiplat.manifest.model import Manifest, View
from conda_multiplat.manifest.pypi_options import PypiOptions
from conda_multiplat.vocabulary.errors import Location, UsageError
from conda_multiplat.vocabulary.exclude_newer import ExcludeNewer
from conda_multiplat.vocabulary.names import VirtualPackage, families, nearest_or_all
from conda_multiplat.vocabulary.virtual_packages import promised, stated


class Target(NamedTuple):
    """The unit of one solve.

    Attributes:
        environment: the environment's name.
        subdir: the platform.
        virtual_packages: the promised and assumed virtual packages, sorted.
        assumed: the assumed ones, which the manifest does not state, as ``glibc 2.28``.
        view: the dependencies and channels of this target.
        pypi_names: conda package -> the PyPI projects that it provides, from the manifest.
        pypi_options: how versions of PyPI packages are chosen.
        solve_group: the group whose environments agree on versions; ``""`` if there is none.
        peers: the targets of the group's other environments on this platform.
        exclude_newer: which packages are ignored as too new.
    """

    environment: str
    subdir: str
    virtual_packages: tuple[VirtualPackage, ...]
    assumed: frozenset[str]
    view: View
    pypi_names: tuple[tuple[str, tuple[str, ...]], ...] = ()
    pypi_options: PypiOptions = PypiOptions()
    solve_group: str = ""
    peers: tuple[Target, ...] = ()
    exclude_newer: ExcludeNewer = ExcludeNewer()

    @property
    def group(self) -> tuple[str, str]:
        """Its solve-group and platform; the same empty key for all targets without peers."""
        return (self.solve_group, self.subdir) if self.peers else ("", "")

    def excluding(self, exclude_newer: ExcludeNewer) -> Target:
        """Return a copy, with copies of its peers, that has another ``exclude_newer``."""
        peers = tuple(peer._replace(exclude_newer=exclude_newer) for peer in self.peers)
        return self._replace(exclude_newer=exclude_newer, peers=peers)

    @property
    def members(self) -> tuple[str, ...]:
        """The environments of its solve-group on this platform, the target's first."""
        return (self.environment, *(peer.environment for peer in self.peers))

    def __str__(self) -> str:
        return f"{self.environment}/{self.subdir}"


def targets(
    manifest: Manifest, environments: Sequence[str] = (), platforms: Sequence[str] = ()
) -> list[Target]:
    """Return all targets of a manifest, or those of some environments and platforms.

    Raises:
        UsageError: the manifest does not have one of the environments or platforms.
    """
    names = select_environments(manifest, environments)
    available = {subdir for name in names for subdir in manifest.platforms_of(name)}
    for subdir in platforms:
        if subdir not in available:
            hint = nearest_or_all(subdir, sorted(available), "available")
            have = "the requested environments have" if environments else "the manifest has"
            raise UsageError(f"{have} no platform {subdir!r}", hints=[hint])
    return [
        target(manifest, name, subdir)
        for name in names
        for subdir in manifest.platforms_of(name)
        if not platforms or subdir in platforms
    ]


def target(manifest: Manifest, environment: str, subdir: str) -> Target:
    """Return the target of one environment on one platform."""
    single = _without_peers(manifest, environment, subdir)
    peers = manifest.peers_of(environment, subdir)
    if not peers:
        return single
    return single._replace(
        solve_group=manifest.environments[environment].solve_group,
        peers=tuple(_without_peers(manifest, peer, subdir) for peer in peers),
    )


def _without_peers(manifest: Manifest, environment: str, subdir: str) -> Target:
    chain = [ancestor.promises for ancestor in manifest.lineage(environment)]
    packages, assumed = promised(subdir, chain)
    view = manifest.view(environment, subdir)
    names = tuple(sorted(manifest.pypi_names.items()))
    return Target(
        environment,
        subdir,
        packages,
        frozenset(assumed),
        view,
        names,
        manifest.pypi,
        exclude_newer=manifest.exclude_newer,
    )


def stated_promises(manifest: Manifest, environment: str, subdir: str) -> set[str]:
    """Return the virtual packages that a manifest states for a target, including ``null``."""
    return set(promises_for(manifest, environment, subdir))


def promises_for(manifest: Manifest, environment: str, subdir: str) -> dict[str, str | None]:
    """Return a manifest's promises for a target, by name without ``__``."""
    values: dict[str, str | None] = {}
    for ancestor in manifest.lineage(environment):
        values |= stated(subdir, ancestor.promises)
    return values


class Promise(NamedTuple):
    """A promise as the manifest states it for a target; the value is ``None`` for ``null``."""

    name: str
    value: str | None
    at: Location


def stated_promise(manifest: Manifest, target: Target, name: str) -> Promise | None:
    """Return the promise that applies to a target; ``None`` if the manifest states none.

    Args:
        manifest: the manifest.
        target: the target.
        name: the virtual package, without ``__``.
    """
    found = None
    for ancestor in manifest.lineage(target.environment):
        for key in (*families(target.subdir), target.subdir):
            values = stated(target.subdir, {key: ancestor.promises.get(key, {})})
            if name in values:
                found = Promise(name, values[name], ancestor.promise_places[key][name])
    return found


def with_peers(manifest: Manifest, selected: Sequence[Target]) -> list[Target]:
    """Return targets together with their peers, in the manifest's order."""
    if not any(target.peers for target in selected):
        return list(selected)
    names = {(target.environment, target.subdir) for target in selected}
    names |= {(peer.environment, peer.subdir) for target in selected for peer in target.peers}
    return [target for target in targets(manifest) if (target.environment, target.subdir) in names]


def select_environments(manifest: Manifest, requested: Sequence[str]) -> list[str]:
    """Return the requested environments in the manifest's order; all if none is named.

    Raises:
        UsageError: the manifest does not have one of the environments.
    """
    for name in requested:
        if name not in manifest.environments:
            names = list(manifest.environments)
            hint = nearest_or_all(name, names, "available")
            raise UsageError(f"the manifest has no environment {name!r}", hints=[hint])
    return [name for name in manifest.environments if not requested or name in requested]
