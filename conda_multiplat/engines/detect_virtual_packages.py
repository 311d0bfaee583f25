"""Detect the virtual packages of this machine (CEP 30)."""

from __future__ import annotations

from collections.abc import Collection

from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.vocabulary.names import VirtualPackage


def virtual_packages(settings: Settings, names: Collection[str]) -> tuple[VirtualPackage, ...]:
    """Return the virtual packages of this machine, at least those of ``names``.

    Inside conda, conda detects them.
    """
    if settings.detect is not None:
        return settings.detect(names)
    from conda_multiplat.engines.conda.specs import detect_virtual_packages

    return detect_virtual_packages()
