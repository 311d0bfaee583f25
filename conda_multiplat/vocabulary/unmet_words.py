"""What a machine lacks, in words: who needs what, what the machine has, what would help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conda_multiplat.vocabulary.cuda_drivers import least_cuda, least_driver
from conda_multiplat.vocabulary.names import VirtualPackage, spec_name
from conda_multiplat.vocabulary.virtual_packages import Unmet

#: A need and what the machine has of it -> the records that have the need.
Grouped = Mapping[tuple[str, VirtualPackage | None], Sequence[str]]


def grouped(lacking: Sequence[Unmet], versions: Mapping[str, str]) -> Grouped:
    """Needs with the records that share them; ``versions`` are the records' own."""
    found: dict[tuple[str, VirtualPackage | None], list[str]] = {}
    for each in sorted(lacking, key=lambda each: (each.need.spec, each.need.record)):
        record = f"{each.need.record} {versions.get(each.need.record, '')}".strip()
        found.setdefault((each.need.spec, each.has), []).append(record)
    return found


def lines(groups: Grouped) -> list[str]:
    """A line for each need."""
    rows = [(_several(records), spec, has) for (spec, has), records in groups.items()]
    width = max((len(who) for who, _, _ in rows), default=0)
    return [f"{who:{width}} {spec}   this machine: {has or 'none'}" for who, spec, has in rows]


def _several(records: Sequence[str]) -> str:
    if len(records) == 1:
        return f"{records[0]} needs"
    return f"{records[0]} and {len(records) - 1} more need"


def ways_out(lacking: Sequence[Unmet], subdir: str) -> list[str]:
    """The driver that would do, and what to say if the user knows better."""
    specs = [each.need.spec for each in lacking]
    versions = [least_cuda(spec) for spec in specs if spec_name(spec) == "__cuda"]
    cuda = max(filter(None, versions), key=lambda v: tuple(map(int, v.split("."))), default="")
    driver = least_driver(cuda, subdir) if cuda else ""
    names = sorted({spec_name(spec).removeprefix("__").upper() for spec in specs})
    values = {"CUDA": cuda or "VERSION"}
    overrides = ", ".join(f"CONDA_OVERRIDE_{each}={values.get(each, 'VERSION')}" for each in names)
    found = [f"a driver of {driver} or newer has CUDA {cuda}"] if driver else []
    return [*found, f"if you know that it works: {overrides}"]
