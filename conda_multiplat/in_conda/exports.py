"""``conda export --format multiplat``: write an environment as our manifest, as ``import`` does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conda_multiplat.importers.values import Imported

FORMAT = "multiplat"
_DESCRIPTION = "environment.yml of conda-multiplat: what was requested, for each platform named"


def exporter() -> Any | None:
    """Return our exporter with the fields that this conda supports; ``None`` if it has none.

    It claims no file names: ``environment.yml`` is conda's, and two exporters that claim the same
    name are an error in conda.
    """
    from conda.plugins import types

    kind = getattr(types, "CondaEnvironmentExporter", None)
    if kind is None:
        return None
    known = kind.__dataclass_fields__
    more: dict[str, Any] = {"description": _DESCRIPTION} if "description" in known else {}
    if "multiplatform_export" in known:  # 25.9
        more["multiplatform_export"] = manifest_of
    else:
        more["export"] = lambda environment: manifest_of([environment])
    return kind(name=FORMAT, aliases=(), default_filenames=(), **more)


def manifest_of(environments: Iterable[Any]) -> str:
    """Return the manifest of an environment for the platforms to export.

    Raises:
        CondaError: the environment can't be imported.
    """
    from conda.exceptions import CondaError

    from conda_multiplat.vocabulary.errors import MultiplatError

    every = list(environments)
    try:
        return _manifest(Path(every[0].prefix), [environment.platform for environment in every])
    except MultiplatError as error:
        raise CondaError("\n".join(error.lines())) from error


def _manifest(prefix: Path, platforms: list[str]) -> str:
    from conda_multiplat.actions.import_.prefix import read_prefix
    from conda_multiplat.actions.import_.verified_text import verified_text
    from conda_multiplat.importers.merge import Part, merge
    from conda_multiplat.machine.conda_settings import settings_from_conda
    from conda_multiplat.machine.console import Console

    settings = settings_from_conda()
    read = read_prefix(prefix, settings, settings.subdir)
    imported = merge([Part(_for_platforms(read, platforms))])
    console = Console()
    for line in (*imported.notes, *map(str, imported.lost)):
        console.say(line)
    return verified_text(imported, [f"the environment {prefix.name}"], Path("environment.yml"))


def _for_platforms(read: Imported, platforms: list[str]) -> Imported:
    """Request the same packages on each platform: conda's history does not distinguish them."""
    manifest = read.manifest
    (own,) = manifest.platforms
    environments = {
        name: environment._replace(views=dict.fromkeys(platforms, environment.views[own]))
        for name, environment in manifest.environments.items()
    }
    variables = {subdir: manifest.variables.get(own, {}) for subdir in platforms}
    now = manifest._replace(
        platforms=tuple(platforms), environments=environments, variables=variables
    )
    return replace(read, manifest=now)
