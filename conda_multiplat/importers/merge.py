"""Merge several sources into one manifest: environments by name, with all their platforms.

The result never changes what a platform gets: if platforms ask for different versions of a package,
each keeps its own line. ``importers.platform_differences`` finds and resolves such differences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from conda_multiplat.importers.values import Imported, Lost, conda_meaning, pypi_meaning
from conda_multiplat.importers.write_manifest import common_order
from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.manifest.license_rules import combine_rules
from conda_multiplat.manifest.model import Environment, Manifest, Requirement, View
from conda_multiplat.manifest.pypi_options import PypiOptions
from conda_multiplat.vocabulary.errors import Location, Problem
from conda_multiplat.vocabulary.exclude_newer import ExcludeNewer
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, unique
from conda_multiplat.vocabulary.virtual_packages import Promises, stated
from conda_multiplat.vocabulary.yaml_nodes import Text


class BroughtLock(NamedTuple):
    """The lock of a source.

    Attributes:
        lock: the lock.
        path: its file.
        text: of a ``conda-lock.yml``; ``""`` for other formats.
        whole: whether all of the file's packages and platforms are taken.
    """

    lock: LockFile
    path: Path
    text: str = ""
    whole: bool = True


@dataclass(frozen=True)
class Part:
    """A source, and the environment that its ``default`` becomes.

    Attributes:
        imported: its content.
        environment: the new name of its ``default`` environment.
        locks: its locks.
    """

    imported: Imported
    environment: str = DEFAULT_ENVIRONMENT
    locks: tuple[BroughtLock, ...] = ()


def double_platforms(parts: Sequence[Part]) -> list[Problem]:
    """Return the platforms of an environment that come from two sources."""
    seen: dict[tuple[str, str], Part] = {}
    problems: list[Problem] = []
    for part in parts:
        file = part.imported.manifest.files[0]
        for subdir in part.imported.manifest.platforms:
            other = seen.setdefault((part.environment, subdir), part)
            if other is not part:
                first = other.imported.manifest.files[0]
                hint = _hint(file, locks=bool(part.locks and other.locks))
                problems.append(Problem(Location(file), f"{first} is for {subdir} too", hint))
    return problems


def _hint(file: str, *, locks: bool) -> str:
    """Return how to state the platform of the second of two files for one platform."""
    if locks:
        return (
            "import only one of the two; or choose its platforms with FILE@PLATFORM; or rename it "
            "to ENV.conda-lock.yml, to make it an environment of its own"
        )
    return f"write the platform after the file: {file}@PLATFORM"


def merge(parts: Sequence[Part]) -> Imported:
    """Merge all parts into one manifest, in their order.

    1. Views, promises and variables of the parts are placed side by side, since each platform of an
       environment is in one part only.
    2. An environment other than ``default`` extends it if it has all of its lines on all of its own
       platforms, and keeps the rest; otherwise it extends nothing.
    3. Of different names and solve-groups, the first counts.
    """
    if len(parts) == 1:
        only = parts[0].imported
        return replace(only, manifest=_with_views(only.manifest))
    manifests = [part.imported.manifest for part in parts]
    lost = [loss for part in parts for loss in part.imported.lost]
    files = {manifest.name: manifest.files[0] for manifest in reversed(manifests) if manifest.name}
    names = unique(manifest.name for manifest in manifests if manifest.name)
    name = names[0] if names else None
    lost += [Lost(Location(files[n]), f"name: {n}", f"the name is {name} now") for n in names[1:]]
    environments = _environments(parts, lost)
    variables = _variables(parts, lost)
    of_default = [
        part.imported.manifest for part in parts if part.environment == DEFAULT_ENVIRONMENT
    ]
    separate = {part.environment for part in parts} - {DEFAULT_ENVIRONMENT}
    manifest = Manifest(
        files=tuple(file for manifest in manifests for file in manifest.files),
        name=name,
        platforms=unique(subdir for manifest in of_default for subdir in manifest.platforms),
        environments=_relate(environments, separate),
        prefer=unique(name for manifest in manifests for name in manifest.prefer),
        variables=variables,
        pypi_names={k: v for manifest in manifests for k, v in manifest.pypi_names.items()},
        pypi=next(
            (manifest.pypi for manifest in reversed(manifests) if any(manifest.pypi)),
            PypiOptions(),
        ),
        licenses=combine_rules([manifest.licenses for manifest in manifests]),
        ignored=tuple(
            {entry[:3]: entry for manifest in manifests for entry in manifest.ignored}.values()
        ),
        exclude_newer=next(
            (
                manifest.exclude_newer
                for manifest in reversed(manifests)
                if manifest.exclude_newer.is_stated
            ),
            ExcludeNewer(),
        ),
    )
    comments = {at: words for part in parts for at, words in part.imported.comments.items()}
    notes = [note for part in parts for note in part.imported.notes]
    reasons = {
        (part.environment if name == DEFAULT_ENVIRONMENT else name, subdir): words
        for part in parts
        for (name, subdir), words in part.imported.reasons.items()
    }
    return Imported(_with_views(manifest), tuple(lost), tuple(notes), comments, reasons)


def _environments(parts: Sequence[Part], lost: list[Lost]) -> dict[str, Environment]:
    environments: dict[str, Environment] = {}
    covered = {subdir for part in parts for subdir in part.imported.manifest.platforms}
    for part in parts:
        manifest = part.imported.manifest
        for name, environment in manifest.environments.items():
            new_name = part.environment if name == DEFAULT_ENVIRONMENT else name
            platforms = manifest.platforms_of(name)
            # Environments may extend `default` on platforms that it lacks: its views count there.
            free = set(environment.views) - covered if new_name == DEFAULT_ENVIRONMENT else set()
            views = {s: v for s, v in environment.views.items() if s in platforms or s in free}
            new = environment._replace(
                name=new_name,
                views=views,
                platforms=() if new_name == DEFAULT_ENVIRONMENT else platforms,
                promises=_own_promises(environment.promises, platforms),
            )
            at = environment.at if environment.at.file else Location(manifest.files[0])
            environments[new_name] = (
                _joined(environments[new_name], new, at, lost) if new_name in environments else new
            )
    return environments


def _own_promises(promises: Promises, platforms: Sequence[str]) -> dict[str, dict[str, str | None]]:
    """Replace promises for families by promises for platforms, to leave other files' alone."""
    promised: dict[str, dict[str, str | None]] = {}
    for subdir in platforms:
        if values := stated(subdir, promises):
            promised[subdir] = values
    return promised


def _joined(one: Environment, other: Environment, at: Location, lost: list[Lost]) -> Environment:
    """Join two files' parts of an environment."""
    if one.extends != other.extends:
        lost.append(Lost(at, f"extends: {', '.join(other.extends)} of {other.name}"))
    if other.solve_group not in ("", one.solve_group):
        lost.append(Lost(at, f"solve-group: {other.solve_group} of {other.name}"))
    if other.own_name not in ("", one.own_name):
        lost.append(Lost(at, f"name: {other.own_name} of {other.name}"))
    return one._replace(
        platforms=unique([*one.platforms, *other.platforms]),
        views={**one.views, **other.views},
        promises={**one.promises, **other.promises},
    )


def _variables(parts: Sequence[Part], lost: list[Lost]) -> dict[str, dict[str, str]]:
    """Return each platform's variables, which all environments of a manifest share."""
    variables: dict[str, dict[str, str]] = {}
    for part in sorted(parts, key=lambda part: part.environment != DEFAULT_ENVIRONMENT):
        manifest = part.imported.manifest
        for subdir, values in manifest.variables.items():
            chosen = variables.setdefault(subdir, dict(values))
            at = Location(manifest.files[0])
            lost += [
                Lost(at, f"variables: {name}={value}, for {part.environment} only")
                for name, value in values.items()
                if chosen.get(name) != value
            ]
    return variables


def _relate(environments: dict[str, Environment], separate: set[str]) -> dict[str, Environment]:
    """Express each environment that had its own file as ``default`` plus the rest."""
    default = environments[DEFAULT_ENVIRONMENT]
    related = {
        name: extending(default, environment) if name in separate else environment
        for name, environment in environments.items()
    }
    return without_top_channels(related)


def extending(base: Environment, environment: Environment) -> Environment:
    """Express an environment as ``base`` plus the rest, if it has all of it on all platforms.

    Neither view inherits anything. Otherwise the environment extends nothing.
    """
    platforms = tuple(environment.views)
    rest: dict[str, View] = {}
    for subdir, view in environment.views.items():
        inherited = base.views.get(subdir)
        more = _minus(view, inherited) if inherited else None
        if more is None:
            return environment._replace(extends=(), platforms=platforms)
        rest[subdir] = more
    return environment._replace(extends=(base.name,), platforms=platforms, views=rest)


def without_top_channels(environments: Mapping[str, Environment]) -> dict[str, Environment]:
    """Remove channels that the manifest has anyway from environments that extend nothing.

    Environments that others extend keep them: the heirs' channels would otherwise be used alone.
    """
    default = environments[DEFAULT_ENVIRONMENT]
    extended = {name for environment in environments.values() for name in environment.extends}
    environments_by_name: dict[str, Environment] = {}
    for name, entry in environments.items():
        top = {subdir: default.views.get(subdir, View()).channels for subdir in entry.views}
        same = all(_values(v.channels) == _values(top[s]) for s, v in entry.views.items())
        environments_by_name[name] = entry
        if same and not entry.extends and name not in extended and name != DEFAULT_ENVIRONMENT:
            views = {subdir: view._replace(channels=()) for subdir, view in entry.views.items()}
            environments_by_name[name] = entry._replace(views=views)
    return environments_by_name


def _values(channels: Sequence[Text]) -> list[str]:
    return [channel.value for channel in channels]


def _minus(view: View, base: View) -> View | None:
    """Return what ``view`` has beyond ``base``; ``None`` if it lacks some of it."""
    conda = _more(view.conda, base.conda, conda_meaning)
    pypi = _more(view.pypi, base.pypi, pypi_meaning)
    first = view.channels[: max(len(view.channels) - len(base.channels), 0)]
    inherited = _values(base.channels)
    if conda is None or pypi is None or _values(view.channels) != [*_values(first), *inherited]:
        return None
    return None if set(_values(first)) & set(inherited) else View(first, conda, pypi)


def _more(
    lines: Sequence[Requirement], base: Sequence[Requirement], meaning: Callable[[str], str]
) -> tuple[Requirement, ...] | None:
    """Return the lines that ``base`` lacks; ``None`` if not all lines of ``base`` are there.

    A bare name adds nothing to another line of that name.
    """
    inherited = {meaning(line.text) for line in base}
    names = {line.name for line in lines if line.name}
    missing = inherited - {meaning(line.text) for line in lines} - names
    if missing:
        return None
    return tuple(line for line in lines if meaning(line.text) not in inherited)


def _with_views(manifest: Manifest) -> Manifest:
    """Add a view of every platform to every environment."""
    viewed = (
        subdir for environment in manifest.environments.values() for subdir in environment.views
    )
    subdirs = unique([*manifest.platforms, *viewed])
    environments = {
        name: environment._replace(
            views={subdir: environment.views.get(subdir, View()) for subdir in subdirs}
        )
        for name, environment in manifest.environments.items()
    }
    return manifest._replace(environments=environments)


def channel_notes(manifest: Manifest) -> list[str]:
    """Name environments whose platforms order channels in ways that no common order satisfies."""
    return [
        f"{name}: the platforms' channels have no common order; each keeps its own"
        for name, environment in manifest.environments.items()
        if common_order([c.value for c in view.channels] for view in environment.views.values())
        is None
    ]
