"""Check that a lock's PyPI packages come from places that the manifest allows, on this machine."""

from __future__ import annotations

import os
from collections.abc import Sequence

from conda_multiplat.lockfile.places import Place
from conda_multiplat.lockfile.pypi_provenance import allowed_origins, pypi_strays
from conda_multiplat.machine.project import Project
from conda_multiplat.manifest.targets import Target


def pypi_strays_of(project: Project, target: Target, places: Sequence[Place]) -> list[str]:
    """Return what is wrong with the places of a target's PyPI packages, one line each.

    The configuration is read only if the manifest alone does not allow them.

    Raises:
        ManifestError: conda's configuration can't be read.
    """

    def wrong(mirror: str) -> list[str]:
        return pypi_strays(
            places, allowed_origins(target, mirror, os.path.expandvars, project.folder)
        )

    if not wrong(""):
        return []
    from conda_multiplat.machine.condarc import settings_from_condarc

    return wrong(os.path.expandvars(settings_from_condarc(target.subdir).pypi_index()))
