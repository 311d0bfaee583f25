"""Advice if PyPI's side has no solution with the version of a project that conda provides."""

from __future__ import annotations

from collections.abc import Callable

from conda_multiplat.engines.conda.specs import spec_allows
from conda_multiplat.manifest.targets import Target
from conda_multiplat.solving.pypi import Provided, PypiConflict


def version_hint(
    conflict: PypiConflict,
    package: Provided,
    version: str,
    *,
    fits: Callable[[Target, str, str], bool],
) -> str:
    """Return what to write so that both sides fit.

    Args:
        conflict: the conflict.
        package: a package that conda provides.
        version: the version that PyPI's side would choose for it.
        fits: returns whether a target has a solution with a MatchSpec for a conda package of that
            name: conda may not have the version, or other lines may rule it out.
    """
    target, name = conflict.request.target, package.record.name
    minor = ".".join(version.split(".")[:2])
    lines = [line for line in target.view.conda if line.name == name]
    if fits(target, name, f"{name} {minor}.*"):
        if excluding := [line for line in lines if not spec_allows(line.text, version)]:
            return f"{excluding[0].at} does not allow {name} {version} from conda, which would fit"
        return f"conda can use another version: add `{name} {minor}.*` to dependencies"
    asking = [line for line in conflict.requirements if line.name == package.name]
    none = f"conda has no {name} {minor} that fits"
    if asking and lines:
        return f"{none}: keep only one line, {asking[0].at} (PyPI) or {lines[0].at} (conda)"
    if asking:
        return f"{none}, and packages of conda need {name}: change {asking[0].at}"
    return f"{none}, which PyPI's packages need"
