"""Virtual packages (CEP 30): promised by a manifest, assumed by default, missing on a machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from conda_multiplat.vocabulary.names import (
    FAMILIES,
    SUBDIRS,
    VirtualPackage,
    did_you_mean,
    families,
    nearest_or_all,
    spec_name,
)

#: Promises of an environment: platform or family -> name without ``__`` -> version, or ``None`` to
#: remove what a broader key or an extended environment promises.
Promises = Mapping[str, Mapping[str, str | None]]

#: The defaults, assumed of a platform's machines where the manifest promises nothing. The machine
#: that locks has no influence.
DEFAULTS: dict[str, dict[str, str]] = {
    "linux": {"linux": "4.18", "glibc": "2.28"},
    "osx": {"osx": "13.0"},
    "win": {"win": "10.0"},
}

#: The generic microarchitecture for the second part of a subdir (CEP 30, appendix A).
_ARCHSPEC = {"32": "x86", "64": "x86_64", "arm64": "aarch64", "z": "z"}

#: Standard names, with the families that they exist on. Channels and plugins can define others,
#: which may exist on any platform.
NAMES: dict[str, tuple[str, ...]] = {
    "archspec": (),
    "cuda": ("linux", "win"),
    "cuda_arch": ("linux", "win"),
    "glibc": ("linux",),
    "linux": ("linux",),
    "osx": ("osx",),
    "win": ("win",),
}

#: The pattern of a promised name, without ``__``.
NAME = re.compile(r"[a-z0-9][a-z0-9_]*")
#: Virtual packages that follow from the platform.
_GIVEN = "unix"
#: Takes the place of a record's name in needs that come from promises.
PROMISE = "the manifest's promise"
_VERSION = re.compile(r"^[0-9][0-9A-Za-z.!+_]*$")
_BUILD = re.compile(r"^[0-9A-Za-z_.+]+$")


#: Virtual packages with a default.
_ASSUMED = {f"__{name}" for values in DEFAULTS.values() for name in values}
_ASSUMED |= {"__archspec", f"__{_GIVEN}"}


class Need(NamedTuple):
    """A locked record's requirement of a virtual package.

    Attributes:
        spec: the MatchSpec, ``__cuda >=12``.
        record: the name of the package that requires it.
        binding: False if it comes from ``constrains``, which applies only if the virtual package
            is present.
    """

    spec: str
    record: str
    binding: bool = True


class Unmet(NamedTuple):
    """A need and what the machine has instead; ``None`` if it has nothing of that name."""

    need: Need
    has: VirtualPackage | None


def promise_problem(platform: str, name: str, value: str | None) -> tuple[str, str] | None:
    """Return what is wrong with a line of ``virtual-packages``, as (message, hint)."""
    if problem := _name_problem(platform, name):
        return problem
    where = NAMES.get(name, ())
    if where and platform in (*SUBDIRS, *FAMILIES) and not _homes(platform) & set(where):
        return f"{platform} never has {name!r}", f"it exists on {' and '.join(where)}"
    if value is None:
        return None
    if name == "archspec":
        if not _BUILD.match(value):
            return f"{value!r} is not a microarchitecture", "for example x86_64_v3"
    elif not _VERSION.match(value):
        return f"{name}: {value!r} is not a version", f'for example {name}: "12.4"'
    return None


def _name_problem(platform: str, name: str) -> tuple[str, str] | None:
    if name == _GIVEN:
        return f"{platform} has {name!r} or not by what it is", "leave it out"
    if NAME.fullmatch(name):
        return None
    bare = name.removeprefix("__").lower()
    named = name != bare and name == f"__{bare}" and NAME.fullmatch(bare)
    hint = f"write {bare!r}, without the underscores" if named else nearest_or_all(bare, NAMES)
    return f"{name!r} is not the name of a virtual package", hint


def promise_warning(name: str) -> str:
    """Return a warning if an unknown name is similar to a standard one; otherwise ``""``."""
    hint = "" if name in NAMES else did_you_mean(name, NAMES)
    return f"nobody knows a virtual package {name!r}: {hint}" if hint else ""


def _homes(platform: str) -> set[str]:
    """Return the families that a platform or family belongs to; ``unix`` is linux or osx."""
    return {"linux", "osx"} if platform == "unix" else {platform, *families(platform)} - {"unix"}


def promised(subdir: str, chain: Sequence[Promises]) -> tuple[tuple[VirtualPackage, ...], set[str]]:
    """Return the virtual packages to solve ``subdir`` with.

    Args:
        subdir: the platform.
        chain: the promises of each environment, the most general first. In each, a subdir takes
            precedence over its family, and ``linux`` over ``unix``.

    Returns:
        The packages, sorted, and those that were assumed and not promised, as ``glibc 2.28``.
    """
    values: dict[str, str | None] = {}
    for family in families(subdir):
        values |= DEFAULTS.get(family, {})
    assumed = dict(values)
    for promises in chain:
        values |= stated(subdir, promises)
    if not values.get("cuda"):
        values.pop("cuda_arch", None)  # CEP 46: absent without __cuda
    machine = subdir.partition("-")[2]
    arch = values.pop("archspec", None) or _ARCHSPEC.get(machine, machine)
    packages = {VirtualPackage("__archspec", "1", arch)}
    if "unix" in families(subdir):
        packages.add(VirtualPackage("__unix", "0"))
    packages |= {VirtualPackage(f"__{name}", value) for name, value in values.items() if value}
    keys = (*families(subdir), subdir)
    said = {name for promises in chain for key in keys for name in promises.get(key, {})}
    silent = {f"{n} {v}" for n, v in assumed.items() if values.get(n) == v and n not in said}
    return tuple(sorted(packages)), silent


def stated(subdir: str, promises: Promises) -> dict[str, str | None]:
    """Return one environment's promises for a platform, including those for its families."""
    values: dict[str, str | None] = {}
    for key in (*families(subdir), subdir):
        values |= _fitting(subdir, promises.get(key, {}))
    return values


def _fitting(subdir: str, values: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return a family's promises that can apply to ``subdir``: osx has no glibc."""
    home = set(families(subdir))
    return {
        name: value
        for name, value in values.items()
        if not NAMES.get(name) or home & set(NAMES[name])
    }


def needs_of(records: Iterable[tuple[str, Sequence[str], Sequence[str]]]) -> list[Need]:
    """Return the needs of records given as (name, depends, constrains), in their order."""
    return [
        Need(spec, name, binding)
        for name, depends, constrains in records
        for specs, binding in ((depends, True), (constrains, False))
        for spec in specs
        if "__" in spec and spec_name(spec).startswith("__")  # few of very many have any
    ]


def promise_needs(packages: Iterable[VirtualPackage]) -> list[Need]:
    """Return the needs of promises that have no default, such as CUDA."""
    return [
        Need(f"{package.name} >={package.version}", PROMISE)
        for package in packages
        if package.name not in _ASSUMED
    ]


def unmet(
    needs: Iterable[Need],
    detected: Iterable[VirtualPackage],
    matches: Callable[[str, VirtualPackage], bool],
) -> list[Unmet]:
    """Return the needs that a machine with the ``detected`` packages does not meet.

    ``matches`` says whether a MatchSpec matches a virtual package. A need from ``constrains`` is
    unmet only if the machine has the virtual package in a version that it excludes.
    """
    has = {package.name: package for package in detected}
    lacking: list[Unmet] = []
    for need in needs:
        package = has.get(spec_name(need.spec))
        if package is None:
            if need.binding:
                lacking.append(Unmet(need, None))
        elif not matches(need.spec, package):
            lacking.append(Unmet(need, package))
    return lacking
