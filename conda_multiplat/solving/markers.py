"""The markers of PyPI requirements (PEP 508), for a target and not for the machine that asks."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508

from conda_multiplat.manifest.model import Requirement
from conda_multiplat.vocabulary.pip_entries import CONSTRAINT

_SYSTEMS = {
    "linux": ("posix", "linux", "Linux"),
    "osx": ("posix", "darwin", "Darwin"),
    "win": ("nt", "win32", "Windows"),
}
_MACHINES = {
    ("linux", "64"): "x86_64",
    ("osx", "64"): "x86_64",
    ("win", "64"): "AMD64",
    ("win", "32"): "x86",
    ("win", "arm64"): "ARM64",
    ("linux", "32"): "i686",
}


def asked_for(lines: Iterable[Requirement], subdir: str, python: str) -> list[str]:
    """The projects that lines of ``pip:`` ask for on a platform with a Python.

    A constraint asks for nothing. Where the Python is not known (``""``), every marker counts as
    true.
    """
    names = []
    for line in lines:
        if line.name and not line.text.startswith(CONSTRAINT):
            marker = _marker(line.text)
            if marker is None or not python or holds(marker, subdir, python):
                names.append(line.name)
    return names


def _marker(text: str) -> Marker | None:
    try:
        return Pep508(text).marker
    except InvalidRequirement:
        return None


def holds(marker: Marker, subdir: str, python: str, extra: str = "") -> bool:
    """Whether a marker holds on a platform with a Python, a version such as ``3.12.5``."""
    family, _, part = subdir.partition("-")
    os_name, platform, system = _SYSTEMS.get(family, ("posix", family, family))
    environment = {
        "os_name": os_name,
        "sys_platform": platform,
        "platform_system": system,
        "platform_machine": _MACHINES.get((family, part), part),
        "python_version": ".".join(python.split(".")[:2]),
        "python_full_version": python,
        "implementation_name": "cpython",
        "implementation_version": python,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_version": "",
        "extra": extra,
    }
    return marker.evaluate(environment)
