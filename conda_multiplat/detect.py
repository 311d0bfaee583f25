"""What this machine has: its virtual packages (CEP 30)."""

from __future__ import annotations

from conda_multiplat.config import Settings
from conda_multiplat.names import VirtualPackage


def virtual_packages(settings: Settings) -> tuple[VirtualPackage, ...]:
    """The virtual packages of this machine; inside conda, what conda says."""
    if settings.detect is not None:
        return settings.detect()
    from conda_multiplat.engines.rattler import detect_virtual_packages

    return detect_virtual_packages()
