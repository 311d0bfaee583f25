"""pixi's platforms: subdirs with virtual packages and a name, and ``[system-requirements]``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from conda_multiplat.vocabulary.names import SUBDIRS, families
from conda_multiplat.vocabulary.virtual_packages import DEFAULTS, promise_problem

#: pixi's names of virtual packages -> ours, in the order of pixi's derived names.
_FRIENDLY = {
    "cuda": "cuda",
    "archspec": "archspec",
    "glibc": "glibc",
    "linux": "linux",
    "macos": "osx",
    "osx": "osx",
    "windows": "win",
}


@dataclass(frozen=True)
class PixiPlatform:
    """An entry of ``workspace.platforms``.

    Attributes:
        name: the name that features use.
        subdir: conda's platform.
        promises: the virtual packages of its machines, without ``__``.
    """

    name: str
    subdir: str
    promises: Mapping[str, str] = field(default_factory=dict)

    def is_called(self, reference: str) -> bool:
        """Return whether a feature's ``platforms`` names it, directly or by its subdir alone."""
        return reference in (self.name, self.subdir)

    def matches(self, selector: str) -> bool:
        """Return whether ``[target.SELECTOR]`` matches: a family, a subdir, a name with ``*``."""
        if selector in (self.name, self.subdir, *families(self.subdir)):
            return True
        return "*" in selector and "?" not in selector and fnmatchcase(self.name, selector)


def read_platform(value: Any, lost: list[str]) -> PixiPlatform | None:
    """Read a string, or a table with a subdir and virtual packages; ``None`` for anything else."""
    if isinstance(value, str):
        return PixiPlatform(value, value) if value in SUBDIRS else None
    subdir = str(value.get("platform") or value.get("name") or "")
    if subdir not in SUBDIRS:
        return None
    promises: dict[str, str] = {}
    for key, table in value.items():
        if key not in ("name", "platform"):
            promises |= _promise(key, table, lost)
    name = value.get("name") or _derived_name(subdir, promises)
    return PixiPlatform(str(name), subdir, _possible(subdir, promises, lost))


def _promise(key: str, value: Any, lost: list[str]) -> dict[str, str]:
    name = _FRIENDLY.get(key) or key.removeprefix("__")
    if name == "cuda" and isinstance(value, Mapping):
        parts = {"cuda": value.get("driver"), "cuda_arch": value.get("arch")}
        return {part: str(text) for part, text in parts.items() if text}
    if key not in _FRIENDLY and not key.startswith("__"):
        lost.append(f"platforms: {key} = {value!r}")
        return {}
    version, _, build = str(value).partition("=")
    return {name: build if name == "archspec" and build else version}


def _derived_name(subdir: str, promises: Mapping[str, str]) -> str:
    """Return pixi's name for an entry without one: ``linux-64-cuda-12-0``."""
    defaults = {k: v for family in families(subdir) for k, v in DEFAULTS.get(family, {}).items()}
    order = list(dict.fromkeys(_FRIENDLY.values()))
    words = {"osx": "macos", "win": "windows"}
    named = [name for name in order if name in promises and promises[name] != defaults.get(name)]
    named += [name for name in promises if name not in order]
    texts = {name: re.sub(r"[^A-Za-z0-9]+", "-", promises[name]) for name in named}
    return "-".join([subdir, *(f"{words.get(name, name)}-{text}" for name, text in texts.items())])


def _possible(subdir: str, promises: Mapping[str, str], lost: list[str]) -> dict[str, str]:
    """Return the virtual packages that a manifest can promise."""
    possible: dict[str, str] = {}
    for name, value in promises.items():
        problem = promise_problem(subdir, name, value)
        if problem:
            lost.append(f"{name} {value}: {problem[0]}")
        else:
            possible[name] = value
    return possible


def system_requirements(table: Mapping[str, Any], lost: list[str]) -> dict[str, str]:
    """Convert ``[system-requirements]`` to virtual packages; ``macos`` and ``libc`` are renamed."""
    packages: dict[str, str] = {}
    for key, value in table.items():
        if key == "libc":
            family = value.get("family", "glibc") if isinstance(value, Mapping) else "glibc"
            version = value.get("version", "") if isinstance(value, Mapping) else value
            if family == "glibc":
                packages["glibc"] = str(version)
            else:
                lost.append(f"system-requirements: libc {family} {version}")
        elif key in _FRIENDLY:
            packages |= _promise(key, value, lost)
        else:
            lost.append(f"system-requirements: {key} = {value!r}")
    return packages


def fitting(subdir: str, requirements: Mapping[str, str]) -> dict[str, str]:
    """Return the requirements that machines of a platform can meet."""
    intel = subdir.endswith("-64")
    return {
        name: value
        for name, value in requirements.items()
        if promise_problem(subdir, name, value) is None
        and (name != "archspec" or value.startswith("x86_64") == intel)
    }


def highest(many: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the highest version of each virtual package, as pixi combines features."""
    best: dict[str, str] = {}
    for packages in many:
        for name, value in packages.items():
            if name not in best or _numbers(value) > _numbers(best[name]):
                best[name] = value
    return best


def _numbers(version: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", version)]


def supported(
    workspace: Sequence[PixiPlatform], platform_lists: Sequence[Sequence[str] | None]
) -> Iterator[PixiPlatform]:
    """Return the platforms of an environment, in the workspace's order.

    Args:
        workspace: the workspace's platforms.
        platform_lists: the ``platforms`` of each feature, ``None`` if it has none.

    A platform is supported if every feature names it or its subdir. If a feature names a platform
    of a subdir exactly, only exactly named ones of that subdir remain.
    """
    named = {name for names in platform_lists if names is not None for name in names}
    exact = {platform.subdir for platform in workspace if platform.name in named}
    for platform in workspace:
        all_have = all(
            names is None or any(platform.is_called(name) for name in names)
            for names in platform_lists
        )
        if all_have and (platform.name in named or platform.subdir not in exact):
            yield platform
