"""Report CPU builds that conda has chosen on a machine that has CUDA."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from conda_multiplat.in_conda.plugin_settings import verdict
from conda_multiplat.machine.hook_settings import CPU_BUILDS


def after_solve(_repodata: str, _unlinked: Iterable[Any], linked: Iterable[Any]) -> None:
    """Report CPU builds that conda chose although this machine has CUDA.

    They are recognised by the build string, which contains ``cpu`` or ``cuda`` in the common
    channels: looking for CUDA builds in the repodata would take longer than the solve.

    Raises:
        CondaError: ``plugins.multiplat_cpu_builds`` is ``error``.
    """
    problem = verdict(CPU_BUILDS, "look at the builds", lambda: _cpu_builds(linked))
    if problem is not None:
        raise problem


def _cpu_builds(linked: Iterable[Any]) -> str:
    records = [record for record in linked if "cpu" in record.build]
    if not records:
        return ""
    from conda_multiplat.machine.conda_settings import detect_with_conda

    cuda = next(
        (package for package in detect_with_conda({"__cuda"}) if package.name == "__cuda"), None
    )
    if cuda is None:
        return ""
    lines = [f"this machine has {cuda}, and these are CPU builds:"]
    lines += [
        f"  {record.name} {record.version} {record.build}; "
        f"for a CUDA build, if there is one: {record.name}=*=*cuda*"
        for record in records
    ]
    return "\n".join(lines)
