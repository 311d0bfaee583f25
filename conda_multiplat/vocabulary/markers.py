"""Markers of PyPI requirements (PEP 508), evaluated for a target platform, not for this machine."""

from __future__ import annotations

from functools import lru_cache

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement

from conda_multiplat.vocabulary.pip_options import EDITABLE, split_option
from conda_multiplat.vocabulary.pip_places import editable_place, place_of

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
#: For each minor version that a marker may compare with, its first and a last patch version.
_PYTHONS = ("2.7.18", *(f"3.{minor}.{micro}" for minor in range(40) for micro in (0, 99)))
#: Marker variables that are unknown for every target.
_UNKNOWN = ("platform_release", "platform_version")


def holds_for(text: str, subdir: str, python: str) -> bool:
    """Return whether a requirement, a path or a URL applies to a target, according to its marker.

    If the Python version is not known (``""``), every marker counts as true.
    """
    marker = _marker(text)
    return marker is None or not python or holds(marker, subdir, python)


@lru_cache(maxsize=4096)  # an edit asks this about each line several times
def may_hold(text: str, subdir: str) -> bool:
    """Return whether a requirement, path or URL applies to a platform with any Python version."""
    marker = _marker(text) if ";" in text else None
    if marker is None or any(name in text for name in _UNKNOWN):
        return True
    return any(holds(marker, subdir, python) for python in _PYTHONS)


def _marker(text: str) -> Marker | None:
    option, value = split_option(text)
    place = editable_place(value) if option in EDITABLE else place_of(text)
    try:
        if place and not place.name:
            return Marker(place.marker) if place.marker else None
        return Requirement(text).marker
    except (InvalidRequirement, InvalidMarker):
        return None


def platform_marker(subdir: str) -> str:
    """Return the marker that is true on a platform and on no other."""
    _, system, _, machine = _platform(subdir)
    return f"sys_platform == '{system}' and platform_machine == '{machine}'"


def _platform(subdir: str) -> tuple[str, str, str, str]:
    """Return ``os_name``, ``sys_platform``, ``platform_system`` and ``platform_machine``."""
    family, _, part = subdir.partition("-")
    system = _SYSTEMS.get(family, ("posix", family, family))
    return (*system, _MACHINES.get((family, part), part))


def holds(marker: Marker, subdir: str, python: str, extra: str = "") -> bool:
    """Return whether a marker is true on a platform with a version of Python such as ``3.12.5``."""
    os_name, platform, system, machine = _platform(subdir)
    environment = {
        "os_name": os_name,
        "sys_platform": platform,
        "platform_system": system,
        "platform_machine": machine,
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
