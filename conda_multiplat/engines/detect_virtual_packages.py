"""What this machine has: its virtual packages (CEP 30)."""

from __future__ import annotations

from collections.abc import Collection

from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.vocabulary.names import VirtualPackage


def virtual_packages(settings: Settings, names: Collection[str]) -> tuple[VirtualPackage, ...]:
    """The virtual packages of this machine, those of ``names`` at least.

    Inside conda, it is conda that says.
    """
    if settings.detect is not None:
        return settings.detect(names)
    from conda_multiplat.engines.conda.specs import detect_virtual_packages

    return detect_virtual_packages()
