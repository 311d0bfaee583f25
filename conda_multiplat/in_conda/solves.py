"""Around conda's solves: drift from a lock, and CPU builds on a machine that has CUDA."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from conda_multiplat.in_conda.settings import verdict
from conda_multiplat.machine.hook_settings import CPU_BUILDS, DRIFT


def before_solve(specs_to_add: Iterable[Any], specs_to_remove: Iterable[Any]) -> None:
    """Say that a prefix of ours will no longer be as locked, and how to keep the change.

    Raises:
        CondaError: the setting ``plugins.multiplat_drift`` wants it refused.
    """
    from conda.base.context import context

    def find() -> str:
        added, removed = (tuple(sorted(map(str, each))) for each in (specs_to_add, specs_to_remove))
        return _drift(str(context.target_prefix), added, removed)

    found = verdict(DRIFT, "look at the environment", find)
    if found is not None:
        raise found


@cache  # conda solves again where the first repodata gave no solution
def _drift(prefix: str, added: tuple[str, ...], removed: tuple[str, ...]) -> str:
    from conda_multiplat.machine.prefix import read_marker

    marker = read_marker(Path(prefix))
    if not marker:
        return ""
    manifest = ", ".join(marker.get("manifest", ())) or "its manifest"
    lines = [f"{prefix} is locked: `conda multiplat install` will undo this"]
    lines += [f"  to keep it: add `- {each}` to dependencies in {manifest}" for each in added]
    lines += [f"  to keep it: take {each} out of {manifest}" for each in removed]
    return "\n".join([*lines, "  then: conda multiplat lock, conda multiplat install"])


def after_solve(_repodata: str, _unlinked: Iterable[Any], linked: Iterable[Any]) -> None:
    """Say where conda chose a CPU build although this machine has CUDA.

    By the build string, which says ``cpu`` and ``cuda`` in the common channels: to look for CUDA
    builds in the repodata would take longer than the solve.

    Raises:
        CondaError: the setting ``plugins.multiplat_cpu_builds`` wants it refused.
    """
    found = verdict(CPU_BUILDS, "look at the builds", lambda: _cpu_builds(linked))
    if found is not None:
        raise found


def _cpu_builds(linked: Iterable[Any]) -> str:
    records = [each for each in linked if "cpu" in each.build]
    if not records:
        return ""
    from conda_multiplat.machine.settings import detect_with_conda

    cuda = next((each for each in detect_with_conda({"__cuda"}) if each.name == "__cuda"), None)
    if cuda is None:
        return ""
    found = [f"this machine has {cuda}, and these are CPU builds:"]
    found += [
        f"  {each.name} {each.version} {each.build}; "
        f"for a CUDA build, if there is one: {each.name}=*=*cuda*"
        for each in records
    ]
    return "\n".join(found)
