"""Messages about virtual packages that a machine lacks, and hints about drivers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from conda_multiplat.vocabulary.names import VirtualPackage, spec_name
from conda_multiplat.vocabulary.virtual_packages import Unmet

#: CUDA version -> the first driver that reports it as supported, on Linux and on Windows: NVIDIA's
#: "CUDA Toolkit and Corresponding Driver Versions", the first release of each.
DRIVERS: dict[str, tuple[str, str]] = {
    "10.0": ("410.48", "411.31"),
    "10.1": ("418.39", "418.96"),
    "10.2": ("440.33", "441.22"),
    "11.0": ("450.36.06", "451.22"),
    "11.1": ("455.23", "456.38"),
    "11.2": ("460.27.03", "460.82"),
    "11.3": ("465.19.01", "465.89"),
    "11.4": ("470.42.01", "471.11"),
    "11.5": ("495.29.05", "496.04"),
    "11.6": ("510.39.01", "511.23"),
    "11.7": ("515.43.04", "516.01"),
    "11.8": ("520.61.05", "520.06"),
    "12.0": ("525.60.13", "527.41"),
    "12.1": ("530.30.02", "531.14"),
    "12.2": ("535.54.03", "536.25"),
    "12.3": ("545.23.06", "545.84"),
    "12.4": ("550.54.14", "551.61"),
    "12.5": ("555.42.02", "555.85"),
    "12.6": ("560.28.03", "560.76"),
    "12.8": ("570.26", "570.65"),
    "12.9": ("575.51.03", "576.02"),
    "13.0": ("580.65.06", "580.88"),
}
_LOWER_BOUND = re.compile(r"(?:>=|==|=)?\s*([0-9]+)(?:\.([0-9]+))?")


def least_cuda(spec: str) -> str:
    """Return the lower bound of a MatchSpec on ``__cuda``: ``__cuda >=12`` -> ``12.0``.

    ``""`` if it has no lower bound.
    """
    _, _, constraint = spec.partition(" ")
    match = _LOWER_BOUND.match(constraint.strip())
    return f"{match.group(1)}.{match.group(2) or 0}" if match else ""


def least_driver(cuda: str, subdir: str) -> str:
    """Return the first driver that supports a CUDA version; ``""`` if it is not in the table."""
    minimum = tuple(map(int, cuda.split(".")))
    newer = [version for version in DRIVERS if tuple(map(int, version.split("."))) >= minimum]
    if not newer:
        return ""
    linux, windows = DRIVERS[newer[0]]
    return windows if subdir.startswith("win-") else linux


#: A need and what the machine has instead -> the records that have the need.
Grouped = Mapping[tuple[str, VirtualPackage | None], Sequence[str]]


def grouped(lacking: Sequence[Unmet], versions: Mapping[str, str]) -> Grouped:
    """Group needs by the records that share them; ``versions`` are the records' versions."""
    needs: dict[tuple[str, VirtualPackage | None], list[str]] = {}
    for unmet in sorted(lacking, key=lambda unmet: (unmet.need.spec, unmet.need.record)):
        record = f"{unmet.need.record} {versions.get(unmet.need.record, '')}".strip()
        needs.setdefault((unmet.need.spec, unmet.has), []).append(record)
    return needs


def lines(groups: Grouped, owner: str = "this machine") -> list[str]:
    """Return a line for each need, with what the machine has instead."""
    rows = [(_several(records), spec, has) for (spec, has), records in groups.items()]
    width = max((len(subject) for subject, _, _ in rows), default=0)
    wide = max((len(spec) for _, spec, _ in rows), default=0)
    return [
        f"{subject:{width}} {spec:{wide}}   {owner}: {has or 'none'}" for subject, spec, has in rows
    ]


def _several(records: Sequence[str]) -> str:
    if len(records) == 1:
        return f"{records[0]} needs"
    return f"{records[0]} and {len(records) - 1} more need"


def hints_for(lacking: Sequence[Unmet], subdir: str) -> list[str]:
    """Return hints: the driver that would suffice, and how to override the detection."""
    specs = [unmet.need.spec for unmet in lacking]
    versions = [least_cuda(spec) for spec in specs if spec_name(spec) == "__cuda"]
    cuda = max(filter(None, versions), key=lambda v: tuple(map(int, v.split("."))), default="")
    driver = least_driver(cuda, subdir) if cuda else ""
    names = sorted({spec_name(spec).removeprefix("__").upper() for spec in specs})
    values = {"CUDA": cuda or "VERSION"}
    overrides = ", ".join(f"CONDA_OVERRIDE_{name}={values.get(name, 'VERSION')}" for name in names)
    hints = [f"driver {driver} or newer supports CUDA {cuda}"] if driver else []
    return [*hints, f"if you know that it works, set {overrides}"]
