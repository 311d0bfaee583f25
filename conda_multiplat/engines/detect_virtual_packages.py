"""Detect the virtual packages of this machine (CEP 30)."""

from __future__ import annotations

import os
from collections.abc import Collection

from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.names import VirtualPackage
from conda_multiplat.vocabulary.virtual_packages import override_problem


def virtual_packages(settings: Settings, names: Collection[str]) -> tuple[VirtualPackage, ...]:
    """Return the virtual packages of this machine, at least those of ``names``.

    Inside conda, conda detects them.

    Raises:
        UsageError: a ``CONDA_OVERRIDE_…`` variable has a value that can't be compared: conda would
            accept it, and rattler would refuse it without naming the variable.
    """
    if settings.detect is not None:
        if problem := override_problem(os.environ):
            raise UsageError(problem[0], hints=problem[1:])
        return settings.detect(names)
    from conda_multiplat.engines.conda.specs import detect_virtual_packages

    return detect_virtual_packages()
