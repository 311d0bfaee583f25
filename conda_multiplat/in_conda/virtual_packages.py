"""This machine's virtual packages according to conda, and those that packages need but it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conda_multiplat.vocabulary.names import VirtualPackage
    from conda_multiplat.vocabulary.virtual_packages import Need, Unmet


def cuda_arch_packages() -> list[Any]:
    """Return ``__cuda_arch``, if conda itself has none.

    Since 25.11, conda asks for the version only when it is needed, and applies the override itself.
    """
    from conda.plugins import virtual_packages
    from conda.plugins.types import CondaVirtualPackage

    from conda_multiplat.machine.gpu_driver import cuda_arch

    if hasattr(virtual_packages, "cuda_arch"):
        return []
    if "override_entity" in getattr(CondaVirtualPackage, "__dataclass_fields__", {}):
        from conda.auxlib import NULL

        later = CondaVirtualPackage(
            name="cuda_arch",
            version=lambda: cuda_arch() or NULL,
            build=None,
            override_entity="version",
        )
        return [later]
    version = cuda_arch()
    return [CondaVirtualPackage("cuda_arch", version, None)] if version else []


def lacking(needs: Sequence[Need], subdir: str) -> list[Unmet]:
    """Return the needs that this machine does not meet, by conda's own detection and matching."""
    if not needs:
        return []
    from conda.models.match_spec import MatchSpec
    from conda.models.records import PackageRecord

    from conda_multiplat.machine.conda_settings import detect_with_conda
    from conda_multiplat.vocabulary.names import spec_name
    from conda_multiplat.vocabulary.virtual_packages import unmet

    def matches(spec: str, package: VirtualPackage) -> bool:
        record = PackageRecord(
            name=package.name,
            version=package.version,
            build=package.build,
            build_number=0,
            channel="@",
            subdir=subdir,
            fn=package.name,
        )
        return bool(MatchSpec(spec).match(record))

    return unmet(needs, detect_with_conda({spec_name(need.spec) for need in needs}), matches)
