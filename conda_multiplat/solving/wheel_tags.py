"""Wheel tags of a target (PEP 425, 600).

They follow from the locked Python, the platform and its promised ``__glibc`` or ``__osx``; the
machine that locks has no influence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms

from conda_multiplat.vocabulary.names import VirtualPackage

_LINUX = {
    "linux-32": "i686",
    "linux-64": "x86_64",
    "linux-aarch64": "aarch64",
    "linux-armv7l": "armv7l",
    "linux-ppc64le": "ppc64le",
    "linux-riscv64": "riscv64",
    "linux-s390x": "s390x",
}
_OSX = {"osx-64": "x86_64", "osx-arm64": "arm64"}
_WIN = {"win-32": "win32", "win-64": "win_amd64", "win-arm64": "win_arm64"}
#: Older names of manylinux tags, by glibc 2's minor version.
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
#: The oldest glibc that manylinux tags of an architecture exist for.
_OLDEST = {"x86_64": 5, "i686": 5}
#: Newer than any system, to find out which wheels exist at all.
NEWEST = {"__glibc": "2.99", "__osx": "99.0"}


def platform_tags(subdir: str, packages: Iterable[VirtualPackage]) -> list[str]:
    """Return the platform tags of a target, best first; none if wheels don't support it."""
    versions = {package.name: package.version for package in packages}
    if subdir in _LINUX:
        return list(_linux(_LINUX[subdir], versions.get("__glibc", "2.17")))
    if subdir in _OSX:
        major, minor = _two(versions.get("__osx", "11.0"))
        return list(mac_platforms((major, minor), _OSX[subdir]))
    return [_WIN[subdir]] if subdir in _WIN else []


def _linux(machine: str, glibc: str) -> Iterator[str]:
    _, newest = _two(glibc)
    for minor in range(newest, _OLDEST.get(machine, 17) - 1, -1):
        yield f"manylinux_2_{minor}_{machine}"
        if minor in _LEGACY:
            yield f"{_LEGACY[minor]}_{machine}"
    yield f"linux_{machine}"


def _two(version: str) -> tuple[int, int]:
    major, _, rest = version.partition(".")
    minor = rest.partition(".")[0]
    return int(major), int(minor) if minor.isdigit() else 0


def tags(
    python: str,
    subdir: str,
    packages: Iterable[VirtualPackage],
    *,
    free_threaded: bool = False,
) -> list[Tag]:
    """Return the tags that a wheel for CPython ``python`` (``3.12.4``) may have, best first."""
    version = _two(python)
    interpreter = f"cp{version[0]}{version[1]}"
    platforms = platform_tags(subdir, packages)
    abi = f"{interpreter}t" if free_threaded else interpreter
    return [
        *cpython_tags(version, [abi], platforms),
        *compatible_tags(version, interpreter, platforms),
    ]


def promise_for(platform: str) -> str:
    """Return the promise that a platform tag needs: ``manylinux_2_34_x86_64`` -> ``glibc: "2.34"``.

    Return ``""`` if no promise helps.
    """
    family, *parts = platform.split("_")
    if family == "manylinux" and len(parts) > 1:
        return f'glibc: "{parts[0]}.{parts[1]}"'
    if family == "macosx" and len(parts) > 1:
        return f'osx: "{parts[0]}.{parts[1]}"'
    return ""


def least(platforms: Sequence[str]) -> str:
    """Return the least demanding of several platform tags."""
    return min(platforms, key=_order)


def newest(platforms: Sequence[str]) -> str:
    """Return the most demanding of several platform tags."""
    return max(platforms, key=_order)


def _order(platform: str) -> tuple[int, ...]:
    return tuple(int(part) for part in platform.split("_")[1:3] if part.isdigit())
