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
    is_version,
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
NAME = r"[a-z0-9][a-z0-9_]*"
#: A virtual package that follows from the platform.
_GIVEN = "unix"
#: Takes the place of a record's name in needs that come from promises.
PROMISE = "the manifest's promise"
_BUILD = r"[0-9A-Za-z_.+]+"
#: A compute capability (CEP 46).
_CAPABILITY = r"[0-9]{1,4}\.[0-9]{1,4}"
#: The start of the variables that override what a machine has (CEP 30).
_OVERRIDE = "CONDA_OVERRIDE_"
#: The names with another value than a version, and an example for each name but CUDA.
_NO_VERSIONS = {"archspec": "microarchitecture", "cuda_arch": "compute capability"}
_EXAMPLES = {
    "archspec": "x86_64_v3",
    "cuda_arch": "8.6",
    "glibc": "2.28",
    "linux": "4.18",
    "osx": "13.0",
    "win": "10.0",
}
#: The version that was probably meant by an invalid one.
_NUMBERS = r"[0-9]+(?:[.,][0-9]+)*"


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
        if not re.fullmatch(_BUILD, value):
            return f"{value!r} is not a microarchitecture", "for example x86_64_v3"
    elif not _is_version(value):
        return f"{name}: {value!r} is not a version", f'for example {name}: "12.4"'
    return None


def _name_problem(platform: str, name: str) -> tuple[str, str] | None:
    if name == _GIVEN:
        return f"{name!r} follows from the platform ({platform})", "leave it out"
    if re.fullmatch(NAME, name):
        return None
    bare = name.removeprefix("__").lower()
    named = name != bare and name == f"__{bare}" and re.fullmatch(NAME, bare)
    hint = f"write {bare!r}, without the underscores" if named else nearest_or_all(bare, NAMES)
    return f"{name!r} is not the name of a virtual package", hint


def _is_version(text: str) -> bool:
    """Return whether a machine can have a version; conda accepts words too, which meet no need."""
    return text[:1].isdigit() and is_version(text)


def override_problem(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Return what is wrong with a ``CONDA_OVERRIDE_…`` variable, as (message, hint); else ``None``.

    An empty value is right: it says that the machine does not have the virtual package (CEP 30).
    Variables for names that are not standard belong to whoever has defined them.
    """
    for name in NAMES:
        variable = f"{_OVERRIDE}{name.upper()}"
        value = environ.get(variable, "")
        if value and not _is_override(name, value):
            return _wrong_override(name, value)
    return None


def _is_override(name: str, value: str) -> bool:
    if name == "archspec":
        return re.fullmatch(_BUILD, value) is not None
    if name == "cuda_arch":
        return re.fullmatch(_CAPABILITY, value) is not None
    return _is_version(value)


def unknown_archspec(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Return (message, hint) for an override of ``__archspec`` that nobody knows, if there is one.

    Only the detection has a table of microarchitectures.
    """
    value = environ.get(f"{_OVERRIDE}ARCHSPEC", "")
    return _wrong_override("archspec", value) if value else None


def _wrong_override(name: str, value: str) -> tuple[str, str]:
    variable = f"{_OVERRIDE}{name.upper()}"
    numbers = None if name in _NO_VERSIONS else re.search(_NUMBERS, value)
    write = numbers[0].replace(",", ".") if numbers else _EXAMPLES.get(name, "12.4")
    kind = _NO_VERSIONS.get(name, "version")
    return (
        f"{variable} is {value!r}, which is not a {kind}",
        f"write {variable}={write}, or {variable}= for a machine without __{name}",
    )


def promise_warning(name: str) -> str:
    """Return a warning if an unknown name is similar to a standard one; otherwise ``""``."""
    hint = "" if name in NAMES else did_you_mean(name, NAMES)
    return f"unknown virtual package {name!r}: {hint}" if hint else ""


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
    named = {name for promises in chain for key in keys for name in promises.get(key, {})}
    silent = {f"{n} {v}" for n, v in assumed.items() if values.get(n) == v and n not in named}
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


def follows_from_platform(name: str) -> bool:
    """Return whether a virtual package, with its ``__``, is one that nobody promises."""
    return name == f"__{_GIVEN}"


def has_cuda(packages: Iterable[VirtualPackage]) -> bool:
    """Return whether CUDA is among virtual packages."""
    return any(package.name == "__cuda" for package in packages)


def needs_of(records: Iterable[tuple[str, Sequence[str], Sequence[str]]]) -> list[Need]:
    """Return the needs of records given as (name, depends, constrains), in their order."""
    return [
        Need(spec, name, binding)
        for name, depends, constrains in records
        for specs, binding in ((depends, True), (constrains, False))
        for spec in specs
        if "__" in spec and spec_name(spec).startswith("__")  # very few specs name one
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
